"""``diff`` and ``score-lines``: what can be said of bundles with the base install, besides verifying and scoring."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from msa_ml.commands.options import common, finish, show, trusting
from msa_ml.settings import allowed_packages

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("diff", epilog="Example: msa-ml diff bundles/spam-6 bundles/spam-7")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@trusting
@common
def diff_command(old: Path, new: Path, *, key: Path | None, as_json: bool) -> None:
    """Say what changed from one bundle to another: features, thresholds, test results, training, size, speed.

    Only files are read, so both may have been made by other versions of this package. Speed is of the graph alone.
    """
    from msa_ml.bundle.difference import difference

    found = difference(old, new, trusted_key=key)
    show(found.text(), as_json=as_json)
    finish(found.to_json(), as_json=as_json)


@click.command(
    "score-lines",
    epilog="""\b
Example: echo '{"id": "a", "raw": "U3ViamVjdDogeA=="}' | msa-ml score-lines bundles/spam""",
)
@click.argument("bundle", type=_FOLDER)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    help="Read so many lines before they are answered together, which is faster.",
)
@trusting
@click.option("--debug", is_flag=True, expose_value=False, help="Print the traceback of an error.")
def score_lines_command(bundle: Path, *, batch: int, key: Path | None) -> None:
    """Score events from standard input, one JSON object a line, and write one a line.

    In: {"id": ..., "raw": base64 of a mail} or {"id": ..., "event": {fields}, "history": {name: value}}.
    Out: first {"bundle_id", "task", "package_version"}, then for each event {"id", "logit", "probability", "decisions"}.
    """
    from msa_ml.bundle.lines import score_lines
    from msa_ml.bundle.read import load

    loaded = load(bundle, packages=("msa_ml", *allowed_packages()), replay=False, trusted_key=key)
    for line in score_lines(loaded, sys.stdin.buffer, batch=batch):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
