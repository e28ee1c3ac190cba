"""``features``: every feature of a task, and what each is worth to a model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msa_ml.commands.options import common, finish, settings_of, show
from msa_ml.errors import InputError

if TYPE_CHECKING:
    from msa_ml.bundle.manifest import Manifest
    from msa_ml.features.catalogue import Catalogue

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(
    "features",
    epilog="Examples: msa-ml features spam; msa-ml features spam --bundle bundles/spam --markdown features.md",
)
@click.argument("task")
@click.option(
    "--bundle", type=_FOLDER, help="Whose importances to show; default: the registered champion's, if any."
)
@click.option(
    "--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a page of Markdown here."
)
@click.option("--note", default="", metavar="TEXT", help="How the page was made, for its head; Markdown.")
@click.option(
    "--home",
    type=_FOLDER,
    help="The home whose champion is asked; default: MSA_HOME, else .msa of the project.",
)
@common
def features_command(
    task: str, bundle: Path | None, markdown: Path | None, note: str, home: Path | None, *, as_json: bool
) -> None:
    """List every feature of a task: unit, range, missing value, source, and importance in a model."""
    from msa_ml.features.catalogue import Catalogue
    from msa_ml.features.catalogue_page import counted, page
    from msa_ml.tasks import get

    features = get(task).features()
    manifest, version = (_manifest(bundle), "") if bundle is not None else _champion(task, home)
    if manifest is not None and manifest.task != task:
        raise InputError(
            f"{bundle} is a bundle of '{manifest.task}', not of '{task}'.", hint="Name another bundle."
        )
    importance = manifest.importance if manifest is not None else {}
    catalogue = Catalogue.of(features, importance)
    if markdown is not None:
        text = page(task, catalogue, model=_described(manifest, version, catalogue), note=note)
        markdown.parent.mkdir(parents=True, exist_ok=True)
        markdown.write_text(text, encoding="utf-8")
        show(f"{markdown}: {counted(catalogue)}.", as_json=as_json)
    elif not as_json:
        _print(catalogue)
    if manifest is None:
        show("No importances: name a bundle with --bundle, or train and register a model.", as_json=True)
    elif not importance:
        show("No importances: the bundle was made before bundles had them. Train again.", as_json=True)
    finish(
        {"task": task, "count": catalogue.count, "model": _model(manifest, version), **catalogue.to_json()},
        as_json=as_json,
    )


def _manifest(folder: Path) -> Manifest:
    """Read the manifest alone: a page may be wanted of features that an older bundle does not compute as we do."""
    from msa_ml.bundle.manifest import FILE, Manifest

    if not (folder / FILE).is_file():
        raise InputError(
            f"{folder} is no bundle: it holds no {FILE}.", hint="Name the folder that export wrote."
        )
    return Manifest.parse((folder / FILE).read_bytes())


def _champion(task: str, home: Path | None) -> tuple[Manifest | None, str]:
    """Return manifest and version of the champion; nothing where none is registered or MLflow is not installed."""
    from msa_ml.registry.tracking import Tracking

    settings = settings_of(home)
    store = settings.tracking_uri.removeprefix("sqlite:///")
    if store != settings.tracking_uri and not Path(store).is_file():
        return None, ""
    tracking = Tracking(settings)
    try:
        version = tracking.champion(task)
    except ModuleNotFoundError:
        return None, ""
    if version is None:
        return None, ""
    with tempfile.TemporaryDirectory() as place:
        return _manifest(tracking.download(task, version, Path(place) / "bundle")), version


def _model(manifest: Manifest | None, version: str) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        "version": version,
        "bundle_id": manifest.id,
        "spec_digest": manifest.spec_digest,
        "synthetic": manifest.synthetic,
        "dataset": dict(manifest.dataset),
    }


def _described(manifest: Manifest | None, version: str, catalogue: Catalogue) -> str:
    """Say in Markdown which model the importances come from."""
    if manifest is None or not manifest.importance:
        return ""
    name = (
        f"version {version} of `{manifest.task}`, bundle"
        if version
        else f"a model of `{manifest.task}`, bundle"
    )
    data, training = manifest.dataset, manifest.training
    said = [f"From {name} `{manifest.id[:12]}` (package {manifest.package_version})."]
    if manifest.synthetic:
        said.insert(
            0, "**SYNTHETIC: from simulated events, so the importances say nothing about real mail.**"
        )
    if {"rows", "abuse", "sources", "first", "last"} <= data.keys():
        said.append(
            f"Trained and measured on {data['rows']:,} labelled events, {data['abuse']:,} of them abuse, of the source "
            f"{', '.join(f'`{source}`' for source in data['sources'])}, {str(data['first'])[:10]} to {str(data['last'])[:10]} (UTC)."
        )
    if "split" in training:
        said.append(f"Split {training['split']}.")
    counts = training.get("counts")
    if isinstance(counts, dict) and isinstance(counts.get("train"), dict):
        said.append(
            "Importances are those of the training part: "
            + ", ".join(f"{count:,} {word}" for word, count in counts["train"].items())
            + "."
        )
    if manifest.spec_digest != catalogue.digest:
        said.append(
            f"The model was trained on another specification, `{manifest.spec_digest[:12]}`: a feature of the same name may have "
            "computed another number, and one that is new shows 0."
        )
    return "\n".join(said)


def _print(catalogue: Catalogue) -> None:
    """Print the table for a terminal, family by family, to standard output."""
    from msa_ml.features.catalogue_page import counted, share

    known = bool(catalogue.families) and catalogue.families[0].importance is not None
    width = max((len(entry.column) for family in catalogue.families for entry in family.entries), default=0)
    units = max(
        (len(entry.feature.unit) for family in catalogue.families for entry in family.entries), default=0
    )
    spans = max((len(entry.range) for family in catalogue.families for entry in family.entries), default=0)
    for family in catalogue.families:
        worth = f" ({share(family.importance)})" if known else ""
        click.echo(f"{family.name}{worth}: {family.about.partition(chr(10))[0]}")
        for entry in family.entries:
            worth = f"{share(entry.importance):>8}  " if known else ""
            click.echo(
                f"  {entry.column:<{width}}  {worth}{entry.feature.unit:<{units}}  {entry.range:<{spans}}  "
                f"{entry.feature.description}"
            )
    for name, value in catalogue.other.items():
        click.echo(f"{name} ({share(value)}): given to the trees beside the features")
    for view in catalogue.views:
        click.echo(
            f"content view {view.name}: at most {view.limit:,} bytes. {view.about.partition(chr(10))[0]}"
        )
    for found in catalogue.lists:
        click.echo(
            f"list {found.name}: {found.count:,} entries, {found.licence}, SHA-256 {found.sha256[:12]}"
        )
    click.echo(f"{counted(catalogue)}.")
