"""``log-vectors`` and ``log-scores``: keep what training needs when raw mail goes, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from msa_ml.commands.options import (
    Bars,
    allowing,
    common,
    finish,
    now,
    settings_of,
    show,
    stored,
    trusting,
    windowed,
)
from msa_ml.errors import InputError
from msa_ml.experiment import Experiment
from msa_ml.settings import allowed_packages


@click.command(
    "log-vectors",
    epilog="Example: msa-ml log-vectors spam --since 2026-11-22, then, also without raw mail: "
    "msa-ml train spam --from vectors",
)
@click.argument("task")
@windowed
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False),
    help="Log the features of this bundle; default: those that the task trains on.",
)
@click.option(
    "--histories",
    is_flag=True,
    help="Log what was known of sender, network and content too: what `msa-ml train TASK --histories` reads.",
)
@click.option(
    "--workers", type=click.IntRange(0, 256), default=0, help="Processes for extraction; 0 = one a core."
)
@stored
@common
def log_vectors_command(
    task: str,
    *,
    since: str | None,
    until: str | None,
    sources: tuple[str, ...],
    bundle: Path | None,
    histories: bool,
    workers: int,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Extract the features of stored events and write them to feature_vectors; what is there is left alone."""
    from msa_ml.bundle.read import load as load_bundle
    from msa_ml.pipeline import features_of, load
    from msa_ml.vector_logging import log_vectors

    if bundle is not None and histories:
        raise InputError(
            "--bundle and --histories exclude each other.",
            hint="A bundle says itself which histories it has.",
        )
    experiment = Experiment.of(task)
    features = features_of(experiment.with_histories() if histories else experiment.without_histories())
    if bundle is not None:
        features = load_bundle(bundle, packages=("msa_ml", *allowed_packages())).features
    moment = now()
    settings = settings_of(home, no_wait=no_wait)
    dataset = load(task, since, until, source=sources, settings=settings)
    report = log_vectors(dataset, features, stored_at=moment, workers=workers, progress=Bars())
    show(report.text(), as_json=as_json)
    finish(asdict(report), as_json=as_json)


@click.command(
    "log-scores",
    epilog="Example: msa-ml score bundles/spam mails/ --log rows.jsonl --source mx, then: "
    "msa-ml log-scores bundles/spam rows.jsonl",
)
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@allowing
@trusting
@stored
@common
def log_scores_command(
    bundle: Path,
    files: tuple[Path, ...],
    allow: tuple[str, ...],
    *,
    key: Path | None,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Write logged scores and vectors of BUNDLE to scores and feature_vectors; a repeat converges."""
    from msa_ml.bundle.logged import Row
    from msa_ml.bundle.read import load
    from msa_ml.score_logging import store_rows

    def rows() -> Iterator[Row]:
        for path in files:
            with path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        yield Row.from_line(line)
                    except InputError as error:
                        raise InputError(
                            f"{path}, line {number}: {error.message}", hint=error.hint
                        ) from error

    loaded = load(bundle, packages=("msa_ml", *allow, *allowed_packages()), trusted_key=key)
    report = store_rows(rows(), loaded, settings_of(home, no_wait=no_wait), stored_at=now())
    show(f"{report.scores} scores and {report.vectors} vectors written.", as_json=as_json)
    finish({**asdict(report), "bundle_id": loaded.id}, as_json=as_json)
