"""What every command shares: options, progress on standard error, one JSON object on standard output."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from tqdm import tqdm

from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings

Function = TypeVar("Function", bound=Callable[..., Any])


def common(function: Function) -> Function:
    """Add ``--json`` and ``--debug``."""
    json_option = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object on the last line of standard output."
    )
    debug_option = click.option(
        "--debug", is_flag=True, expose_value=False, help="Print the traceback of an error."
    )
    return json_option(debug_option(function))


def stored(function: Function) -> Function:
    """Add the options of commands that open a store."""
    home = click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        help="The home: embedded store, runs, bundles; default: MSA_HOME, else .msa of the project.",
    )
    wait = click.option(
        "--no-wait", is_flag=True, help="Fail at once when another process holds the embedded store."
    )
    return home(wait(function))


def trusting(function: Function) -> Function:
    """Add ``--key``."""
    return click.option(
        "--key",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Refuse a bundle that none of these public keys signed; default: the file of MSA_TRUSTED_KEY, if it is set.",
    )(function)


def allowing(function: Function) -> Function:
    """Add ``--allow``."""
    return click.option(
        "--allow", multiple=True, metavar="PACKAGE", help="Package whose extractors may be imported."
    )(function)


def windowed(function: Function) -> Function:
    """Add ``--since``, ``--until`` and ``--source``: which stored events."""
    since = click.option("--since", help="First day of the window, UTC.")
    until = click.option("--until", help="End of the window (not in it), UTC.")
    source = click.option(
        "--source", "sources", multiple=True, help="Only events of this source; may be repeated."
    )
    return since(until(source(function)))


def known_by(function: Function) -> Function:
    """Add ``--as-of``."""
    return click.option("--as-of", metavar="MOMENT", help="Use only what was known before; default: now.")(
        function
    )


def settings_of(home: Path | None, *, no_wait: bool = False) -> Settings:
    """Return the settings that the options name."""
    from dataclasses import replace

    settings = read_settings(home=home)
    return replace(settings, lock_wait=0.0) if no_wait else settings


def now() -> datetime:
    """Return the time, UTC; only the command line reads the clock."""
    return datetime.now(UTC)


def show(text: str, *, as_json: bool) -> None:
    """Print for people: to standard output, or to standard error when that is kept for JSON."""
    click.echo(text, err=as_json)


def log_to_standard_error(name: str) -> None:
    """Let a logger write lines with their time, UTC, to standard error; only a command that stays says what it does so."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    handler.formatter.converter = time.gmtime  # type: ignore[union-attr]  # set above
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def finish(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the JSON result if it was asked for; a number that is not known is ``null``."""
    if as_json:
        click.echo(json.dumps(_finite(result), default=str, allow_nan=False))


def _finite(value: object) -> object:
    """Replace the numbers that JSON has no word for.

    Examples
    --------
    >>> _finite({"value": float("nan"), "reasons": ({"value": 0.5}, {"value": float("inf")})})
    {'value': None, 'reasons': [{'value': 0.5}, {'value': None}]}
    """
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Bars:
    """Progress on standard error: bars on a terminal, a line a step elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()

    @contextmanager
    def step(self, name: str, total: int = 0) -> Iterator[Callable[[int], None]]:
        """Show one step."""
        begin = time.monotonic()
        if self.terminal and total:
            with tqdm(
                total=total, desc=name, unit="", file=sys.stderr, leave=False, dynamic_ncols=True
            ) as bar:
                yield bar.update
        else:
            if self.terminal:
                click.echo(f"{name} ...", err=True, nl=False)
            yield lambda _done: None
        took = time.monotonic() - begin
        start = "\r" if self.terminal else ""
        click.echo(f"{start}{name}: {took:.1f} s{' ' * 10 if self.terminal else ''}", err=True)

    @contextmanager
    def of_bytes(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Show how many bytes of how many are done."""
        if not self.terminal:
            yield lambda _done, _total: None
            return
        with tqdm(
            desc=name, unit="B", unit_scale=True, file=sys.stderr, leave=False, dynamic_ncols=True
        ) as bar:

            def update(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield update
