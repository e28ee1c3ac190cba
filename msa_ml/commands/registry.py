"""``promote`` and ``export``."""

from __future__ import annotations

from pathlib import Path

import click

from msa_ml.commands.options import Bars, common, finish, now, settings_of, show
from msa_ml.errors import InputError

_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The home: embedded store, runs, bundles; default: MSA_HOME, else .msa of the project.",
)


@click.command(
    "promote",
    epilog="Example: msa-ml promote spam 7; back again: msa-ml promote spam 6 --force --reason 'too many false alarms'",
)
@click.argument("task")
@click.argument("version")
@click.option("--force", is_flag=True, help="Promote whatever the numbers say.")
@click.option("--reason", default="", help="Why; needed with --force, kept with the version.")
@_HOME
@common
def promote_command(
    task: str, version: str, *, force: bool, reason: str, home: Path | None, as_json: bool
) -> None:
    """Make a version the champion; also the way back to an older one."""
    from msa_ml.comparing import promote
    from msa_ml.registry.tracking import Tracking

    if force and not reason:
        raise InputError("--force needs --reason TEXT.", hint="Say why; it is kept with the version.")
    settings = settings_of(home)
    result = promote(
        Tracking(settings),
        settings,
        task,
        version,
        as_of=now(),
        forced=reason if force else "",
        progress=Bars(),
    )
    show(
        f"{task} version {result['champion']} is champion (was: {result['was'] or 'none'}).", as_json=as_json
    )
    for said in result["reasons"]:
        show(f"  {said}", as_json=as_json)
    finish({"task": task, **result}, as_json=as_json)


@click.command("export", epilog="Example: msa-ml export spam@champion bundles/spam")
@click.argument("model", metavar="TASK@ALIAS")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--allow", multiple=True, metavar="PACKAGE", help="Package whose extractors may be imported.")
@_HOME
@common
def export_command(
    model: str, folder: Path, allow: tuple[str, ...], *, home: Path | None, as_json: bool
) -> None:
    """Copy the bundle of a registered version to a folder, verified before it stands there."""
    from msa_ml.bundle.read import Bundle, load
    from msa_ml.registry.tracking import Tracking

    tracking = Tracking(settings_of(home))
    task, version = tracking.resolve(model)
    packages = ("msa_ml", *allow)
    loaded: list[Bundle] = []
    tracking.download(task, version, folder, check=lambda copy: loaded.append(load(copy, packages=packages)))
    bundle = loaded[0]
    show(f"{task} version {version} is in {folder}: bundle {bundle.id[:12]}, verified.", as_json=as_json)
    finish(
        {"task": task, "version": version, "bundle": str(folder), "bundle_id": bundle.id, "verified": True},
        as_json=as_json,
    )
