"""``compare-scores``."""

from __future__ import annotations

from pathlib import Path

import click

from msa_ml.commands.options import Bars, common, finish, known_by, now, settings_of, show, stored, windowed
from msa_ml.experiment import parse_moment

_FOLDER = click.Path(path_type=Path, file_okay=False)
_PYTHON = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "compare-scores",
    epilog="Example: msa-ml compare-scores bundles/spam-6 bundles/spam-7 --since 2026-11-20 "
    "--old-python /opt/msa-ml-0.1/bin/python",
)
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@windowed
@known_by
@click.option("--policy", metavar="NAME", help="Whose thresholds decide; default: the new bundle's default.")
@click.option(
    "--from",
    "read",
    type=click.Choice(["events", "vectors"]),
    default="events",
    help="Score the raw events (default), or vectors that were logged; these need no code of either bundle.",
)
@click.option(
    "--most",
    type=click.IntRange(1),
    default=50_000,
    show_default=True,
    help="Events; of more a sample is taken, and volumes are scaled up.",
)
@click.option("--old-python", type=_PYTHON, help="Python of an environment with the code that made OLD.")
@click.option("--new-python", type=_PYTHON, help="The same for NEW.")
@click.option(
    "--workers", type=click.IntRange(0, 256), default=0, help="Processes for extraction; 0 = one a core."
)
@stored
@common
def compare_scores_command(
    old: Path,
    new: Path,
    *,
    since: str | None,
    until: str | None,
    as_of: str | None,
    sources: tuple[str, ...],
    policy: str | None,
    read: str,
    most: int,
    old_python: Path | None,
    new_python: Path | None,
    workers: int,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Say what would change if NEW decided instead of OLD, on stored events, labelled or not.

    Agreement, flips by slice, blocked volume a day; exit code 1 when that is beyond the limits of NEW's roll-out.
    """
    from msa_ml.bundle.files import open_files
    from msa_ml.pipeline import load
    from msa_ml.shadowing import Side, compare_scores

    manifest, _, _ = open_files(new)
    dataset = load(
        manifest.task,
        since,
        until,
        as_of=parse_moment(as_of) if as_of else now(),
        source=sources,
        settings=settings_of(home, no_wait=no_wait),
    )
    found = compare_scores(
        Side(old, old_python),
        Side(new, new_python),
        dataset.at_most(most),
        policy=policy,
        vectors=read == "vectors",
        workers=workers,
        progress=Bars(),
    )
    show(found.text(), as_json=as_json)
    finish(found.to_json(), as_json=as_json)
    return 0 if found.within else 1
