"""``promote``, ``export`` and ``pull``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from msa_ml.commands.options import Bars, allowing, common, finish, now, settings_of, show, trusting
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
@allowing
@trusting
@_HOME
@common
def export_command(
    model: str, folder: Path, allow: tuple[str, ...], *, key: Path | None, home: Path | None, as_json: bool
) -> None:
    """Copy the bundle of a registered version to a folder, verified before it stands there."""
    from msa_ml.registry.pulling import fetch
    from msa_ml.registry.tracking import Tracking

    tracking = Tracking(settings_of(home))
    task, version = tracking.resolve(model)
    bundle = fetch(tracking, task, version, folder, packages=("msa_ml", *allow), trusted_key=key)
    show(f"{task} version {version} is in {folder}: bundle {bundle.id[:12]}, verified.", as_json=as_json)
    finish(
        {"task": task, "version": version, "bundle": str(folder), "bundle_id": bundle.id, "verified": True},
        as_json=as_json,
    )


@click.command(
    "pull",
    epilog="Example, every minute on a serving machine: msa-ml pull spam@champion /srv/bundles/spam --if-changed",
)
@click.argument("model", metavar="TASK@ALIAS")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--if-changed", is_flag=True, help="Fetch nothing when FOLDER/current is this version already.")
@click.option(
    "--keep", type=click.IntRange(1, 1000), default=3, show_default=True, help="Versions that stay in FOLDER."
)
@allowing
@trusting
@_HOME
@common
def pull_command(
    model: str,
    folder: Path,
    allow: tuple[str, ...],
    *,
    if_changed: bool,
    keep: int,
    key: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Let FOLDER/current name the bundle of a version: fetched to FOLDER/VERSION, verified, then switched at once."""
    from msa_ml.registry.pulling import pull
    from msa_ml.registry.tracking import Tracking

    done = pull(
        Tracking(settings_of(home)),
        model,
        folder,
        if_changed=if_changed,
        keep=keep,
        packages=("msa_ml", *allow),
        trusted_key=key,
    )
    said = (
        f"pulled {done.task} version {done.version}, bundle {done.bundle_id[:12]}, verified (was: {done.was or 'none'})"
        if done.changed
        else f"unchanged: {done.task} version {done.version}, bundle {done.bundle_id[:12]}"
    )
    show(f"{said}.", as_json=as_json)
    if done.removed:
        show(f"  removed: version {', '.join(done.removed)}", as_json=as_json)
    finish({**asdict(done), "unchanged": not done.changed}, as_json=as_json)
