"""``init``, ``check-source``, ``import`` and ``simulate``: rows come in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from msa_ml.commands.options import Bars, common, finish, now, settings_of, show, stored
from msa_ml.errors import InputError
from msa_ml.experiment import parse_length, parse_moment


@click.command("init", epilog="Example: msa-ml init")
@stored
@common
def init_command(*, home: Path | None, no_wait: bool, as_json: bool) -> None:
    """Create or update our tables where results are written; safe to repeat."""
    from msa_ml.settings import pseudonym_key
    from msa_ml.source.clickhouse import connect
    from msa_ml.source.migrate import init

    settings = settings_of(home, no_wait=no_wait)
    store = connect(settings.results_url, settings=settings)
    pseudonym_key(settings)
    applied = init(store, retention=settings.section("retention"))
    said = f"applied {', '.join(applied)}" if applied else "nothing to do"
    show(f"{store.url_public}: {said}.", as_json=as_json)
    finish({"store": store.url_public, "applied": applied}, as_json=as_json)


@click.command("check-source", epilog="Example: msa-ml check-source")
@stored
@common
def check_source_command(*, home: Path | None, no_wait: bool, as_json: bool) -> int:
    """Hold the mapping of your own tables (msa.toml) against what is there, field by field."""
    from msa_ml.source.check import check_source
    from msa_ml.source.clickhouse import connect

    settings = settings_of(home, no_wait=no_wait)
    report = check_source(connect(settings.clickhouse_url, settings=settings), settings)
    show(report.text(), as_json=as_json)
    finish(report.to_dict(), as_json=as_json)
    return 0 if report.ok else 1


@click.group(
    "import", epilog="Example: msa-ml import mail corpus.tar.xz --label '*ham*=ham' --label 'spam*=spam'"
)
def import_command() -> None:
    """Bring in raw mail, or events from a table file."""


@import_command.command(
    "mail",
    epilog="Examples: msa-ml import mail ~/Maildir --label '*Junk*=spam' --label '*=ham'; "
    "msa-ml import mail trec07p/data --index trec07p/full/index",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="PATTERN=WORD",
    help="Label by the name of the folder that directly contains a message; the first that fits wins.",
)
@click.option(
    "--index",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Labels from a file: lines 'spam ../data/inmail.1', or CSV with path and label.",
)
@click.option("--source", help="Name of the source; default: the name of the first path.")
@click.option("--task", default="spam", show_default=True, help="Task that the labels belong to.")
@click.option(
    "--label-delay",
    metavar="LENGTH",
    help="A label without a time is known so long after its event; default: the task's.",
)
@stored
@common
def import_mail_command(
    paths: tuple[Path, ...],
    *,
    labels: tuple[str, ...],
    index: Path | None,
    source: str | None,
    task: str,
    label_delay: str | None,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Import .eml files, folders, Maildir, mbox, or .tar(.gz/.xz/.zst) of any of these."""
    from msa_ml.intake import import_mail_into
    from msa_ml.tasks import get

    if labels and index:
        raise InputError("--label and --index exclude each other.", hint="Use one of them.")
    settings = settings_of(home, no_wait=no_wait)
    delay = parse_length(label_delay) if label_delay else get(task).labels.delay
    with Bars().of_bytes("importing") as progress:
        summary = import_mail_into(
            settings,
            paths,
            source=source or _source_name(paths[0]),
            labels=labels,
            index=index,
            task=task,
            label_delay=delay,
            stored_at=now(),
            progress=progress,
        )
    _finish_import(summary.as_dict(), as_json=as_json)


def _finish_import(counts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the counts that are not zero, one a line."""
    for name, value in counts.items():
        words = (
            ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        )
        if value or name in ("imported", "duplicates", "damaged", "without_date", "unlabelled"):
            shown = f"{words:.1f}" if isinstance(words, float) else words
            show(f"{name.replace('_', ' '):>22}: {shown}", as_json=as_json)
    finish(counts, as_json=as_json)


def _source_name(path: Path) -> str:
    """Return the name without archive endings.

    Examples
    --------
    >>> _source_name(Path("data/spamassassin.tar.xz"))
    'spamassassin'
    """
    name = path.resolve().name
    for ending in (".xz", ".gz", ".zst", ".bz2", ".tar", ".tgz", ".mbox", ".eml"):
        name = name.removesuffix(ending)
    return name or "mail"


@import_command.command(
    "events",
    epilog="Example: msa-ml import events signup signups.csv --column user_name=name --column event_time=seen --column label=verdict --task signup_abuse",
)
@click.argument("kind", type=click.Choice(["signup", "login", "request"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column holds a field; may be repeated.",
)
@click.option("--source", help="Name of the source; default: the name of the file.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of times that do not say theirs.")
@click.option(
    "--label-word",
    "label_words",
    multiple=True,
    metavar="THEIRS=OURS",
    help="What a word of the label column means; without any, words are taken as they are.",
)
@click.option("--task", default="", help="Task that the labels belong to; needed with --column label=COLUMN.")
@click.option(
    "--label-delay",
    metavar="LENGTH",
    default="1d",
    show_default=True,
    help="A label is known so long after its event.",
)
@stored
@common
def import_events_command(
    kind: Any,
    file: Path,
    *,
    columns: tuple[str, ...],
    source: str | None,
    time_zone: str,
    label_words: tuple[str, ...],
    task: str,
    label_delay: str,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Import sign-ups, logins or requests from CSV, Parquet or JSON lines."""
    from msa_ml.intake import import_events_into

    with Bars().of_bytes("importing") as progress:
        summary = import_events_into(
            settings_of(home, no_wait=no_wait),
            kind,
            file,
            source=source or _source_name(file),
            columns=_pairs("--column", columns),
            time_zone=time_zone,
            label_words=_pairs("--label-word", label_words),
            task=task,
            label_delay=parse_length(label_delay),
            stored_at=now(),
            progress=progress,
        )
    _finish_import(summary.as_dict(), as_json=as_json)


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE of a repeated option."""
    found = {}
    for text in texts:
        name, sep, value = text.partition("=")
        if not (name and sep and value):
            raise InputError(f"{option} wants NAME=VALUE, found '{text}'.")
        found[name] = value
    return found


@click.group("simulate", epilog="Example: msa-ml simulate mail --days 10 --per-day 900 --seed 7")
def simulate_command() -> None:
    """Fill an empty store with a seeded, simulated world; everything it leads to is SYNTHETIC."""


@simulate_command.command("mail", epilog="Example: msa-ml simulate mail --days 10 --per-day 900 --seed 7")
@click.option("--days", type=click.FloatRange(0.1, 400), default=10.0, show_default=True)
@click.option(
    "--per-day",
    type=click.IntRange(10, 1_000_000),
    default=900,
    show_default=True,
    help="Mails a day on average.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--start", default="2026-03-02", show_default=True, help="First day, UTC.")
@stored
@common
def simulate_mail_command(
    *, days: float, per_day: int, seed: int, start: str, home: Path | None, no_wait: bool, as_json: bool
) -> None:
    """Simulate mail of several languages with campaigns of spam and phishing; refuses a store with real rows."""
    from msa_ml.simulation import simulate_into

    summary = simulate_into(
        settings_of(home, no_wait=no_wait),
        days=days,
        per_day=per_day,
        seed=seed,
        start=parse_moment(start),
        stored_at=now(),
        progress=Bars(),
    )
    show(f"SYNTHETIC: simulated {summary['mails']} mails and {summary['labels']} labels.", as_json=as_json)
    finish({"synthetic": True, **summary}, as_json=as_json)


@simulate_command.command(
    "signups", epilog="Example: msa-ml simulate signups --rows 1000000 --days 28 --seed 7"
)
@click.option("--rows", type=click.IntRange(1, 1_000_000_000), default=200_000, show_default=True)
@click.option("--days", type=click.FloatRange(0.1, 400), default=28.0, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--start", default="2026-03-02", show_default=True, help="First day, UTC.")
@stored
@common
def simulate_signups_command(
    *, rows: int, days: float, seed: int, start: str, home: Path | None, no_wait: bool, as_json: bool
) -> None:
    """Simulate sign-ups of people and attackers with late labels, and say what is planted; refuses a store with real rows."""
    from msa_ml.simulation import simulate_signups_into

    summary, planted = simulate_signups_into(
        settings_of(home, no_wait=no_wait),
        rows=rows,
        days=days,
        seed=seed,
        start=parse_moment(start),
        stored_at=now(),
        progress=Bars(),
    )
    show(planted, as_json=as_json)
    finish({"synthetic": True, **summary, "planted": planted.splitlines()}, as_json=as_json)
