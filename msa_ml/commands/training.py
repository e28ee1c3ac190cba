"""``train`` and ``evaluate``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msa_ml.commands.options import (
    Bars,
    common,
    finish,
    known_by,
    now,
    settings_of,
    show,
    stored,
    windowed,
)
from msa_ml.errors import InputError
from msa_ml.experiment import Experiment, parse_length, parse_moment
from msa_ml.settings import Settings, allowed_packages

if TYPE_CHECKING:
    from msa_ml.evaluation.backtest import Backtest
    from msa_ml.measuring import Measured


@click.command(
    "train",
    epilog="Examples: msa-ml train spam; msa-ml train spam --window 90d --as-of 2026-11-23; "
    "msa-ml train experiments/spam/baseline.toml; msa-ml train spam --from vectors",
)
@click.argument("what", metavar="TASK|EXPERIMENT.toml")
@windowed
@click.option("--window", metavar="LENGTH", help="Length of the window that ends at --as-of, such as 90d.")
@known_by
@click.option(
    "--from",
    "read",
    type=click.Choice(["events", "vectors"]),
    help="Read the raw events (default), or vectors that were logged; these need no raw mail.",
)
@click.option(
    "--portable-only",
    is_flag=True,
    help="Use the features that can be ported from the specification, and say what doing without the others costs.",
)
@click.option(
    "--histories/--no-histories",
    default=None,
    help="Use what was known of sender, network, links and content, or do not; default: if it is worth it on the calibration window.",
)
@click.option("--seed", type=int, help="Seed of everything drawn.")
@click.option(
    "--workers", type=click.IntRange(0, 256), default=0, help="Processes for extraction; 0 = one a core."
)
@click.option("--no-track", is_flag=True, help="Write the bundle, but log no run and register no version.")
@stored
@common
def train_command(
    what: str,
    *,
    since: str | None,
    until: str | None,
    window: str | None,
    as_of: str | None,
    sources: tuple[str, ...],
    read: str | None,
    portable_only: bool,
    histories: bool | None,
    seed: int | None,
    workers: int,
    no_track: bool,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Train, calibrate, evaluate, register and bundle a model."""
    experiment = _experiment(what)
    changes = {"since": since, "until": until, "window": window, "sources": sources or None, "read": read}
    experiment = experiment.with_data(**{key: value for key, value in changes.items() if value is not None})
    if window:
        parse_length(window)
    if seed is not None:
        experiment = replace(experiment, seed=seed)
    if portable_only:
        experiment = experiment.portable()
    if histories is not None:
        experiment = experiment.with_histories() if histories else experiment.without_histories()
    moment = parse_moment(as_of) if as_of else now()
    from msa_ml.pipeline import train

    published = train(
        settings_of(home, no_wait=no_wait),
        experiment,
        moment,
        workers=workers,
        progress=Bars(),
        track=not no_track,
    )
    show(published.trained.evaluation.table(), as_json=as_json)
    if published.trained.worth is not None:
        show(f"\n{published.trained.worth}", as_json=as_json)
    if published.cost is not None:
        show("\nwith every feature, and with the portable ones:", as_json=as_json)
        show(published.cost.table(), as_json=as_json)
    for said in (*published.trained.prepared.notes, *published.bundle.manifest.warnings):
        show(f"warning: {said}", as_json=as_json)
    if published.version:
        roles = ", ".join(published.aliases)
        show(f"registered: {experiment.task} version {published.version} ({roles})", as_json=as_json)
    show(f"bundle:     {published.bundle.path}", as_json=as_json)
    finish(published.to_json(), as_json=as_json)


def _experiment(what: str) -> Experiment:
    from msa_ml.tasks import get

    if what.endswith(".toml"):
        experiment = Experiment.read(Path(what))
        get(experiment.task)
        return experiment
    if "/" in what:
        raise InputError(f"'{what}' is neither a task nor a .toml file.", hint="Write: msa-ml train spam")
    return Experiment.of(get(what).name)


@click.command(
    "evaluate",
    epilog="Examples: msa-ml evaluate bundles/spam --since 2026-11-01 --html report.html; "
    "msa-ml evaluate spam --backtest --start 2026-11-01",
)
@click.argument("what", metavar="BUNDLE|TASK|EXPERIMENT.toml")
@windowed
@known_by
@click.option(
    "--with-training", is_flag=True, help="Keep events that taught the bundle; by default they are left out."
)
@click.option(
    "--obfuscation",
    is_flag=True,
    help="Also hide 300 of the spam mails by every trick of the obfuscation suite; about a minute.",
)
@click.option(
    "--per-day",
    type=click.IntRange(1),
    metavar="K",
    help="Events that your analysts can review in a day, for precision at K per day; default: 50.",
)
@click.option(
    "--backtest",
    is_flag=True,
    help="Train a task or an experiment on the first part of the window, then score and learn the rest day by day.",
)
@click.option(
    "--start",
    metavar="SHARE|DATE",
    help="First day that a backtest scores; default: 0.5 of the labelled mail.",
)
@click.option(
    "--retrain-every",
    type=click.IntRange(0, 10_000),
    metavar="DAYS",
    help="Let a backtest also train from scratch so often.",
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report with plots here."
)
@click.option(
    "--workers", type=click.IntRange(0, 256), default=0, help="Processes for extraction; 0 = one a core."
)
@stored
@common
def evaluate_command(
    what: str,
    *,
    since: str | None,
    until: str | None,
    as_of: str | None,
    sources: tuple[str, ...],
    with_training: bool,
    obfuscation: bool,
    per_day: int | None,
    backtest: bool,
    start: str | None,
    retrain_every: int | None,
    html: Path | None,
    workers: int,
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Score the stored events of a window with a bundle, and measure where they have labels; or backtest a task."""
    data = {"since": since, "until": until, "sources": sources or None}
    moment = parse_moment(as_of) if as_of else now()
    settings = settings_of(home, no_wait=no_wait)
    measured: Backtest | Measured
    if backtest:
        if with_training or obfuscation or per_day:
            raise InputError("--backtest excludes --with-training, --obfuscation and --per-day.")
        experiment = _experiment(what)
        experiment = experiment.with_data(**{key: value for key, value in data.items() if value is not None})
        measured = _backtest(settings, experiment, moment, start, retrain_every or 0, workers)
    else:
        if start is not None or retrain_every is not None:
            raise InputError("--start and --retrain-every belong to --backtest.")
        measured = _measure(
            settings, Path(what), since, until, moment, sources, workers,
            with_training=with_training, obfuscation=obfuscation, per_day=per_day,
        )  # fmt: skip
    show(measured.table(), as_json=as_json)
    if html is not None:
        html.write_text(measured.html(), encoding="utf-8")
        show(f"report: {html}", as_json=as_json)
    finish(measured.to_json(), as_json=as_json)


def _measure(
    settings: Settings,
    folder: Path,
    since: str | None,
    until: str | None,
    moment: datetime,
    sources: tuple[str, ...],
    workers: int,
    *,
    with_training: bool,
    obfuscation: bool,
    per_day: int | None,
) -> Measured:
    from msa_ml.bundle.read import load as load_bundle
    from msa_ml.evaluation.evaluation import REVIEWED
    from msa_ml.measuring import evaluate_bundle
    from msa_ml.pipeline import load

    loaded = load_bundle(folder, packages=("msa_ml", *allowed_packages()))
    dataset = load(loaded.manifest.task, since, until, as_of=moment, source=sources, settings=settings)
    return evaluate_bundle(
        loaded,
        dataset,
        with_training=with_training,
        obfuscation=obfuscation,
        per_day=per_day or REVIEWED,
        workers=workers,
        progress=Bars(),
    )


def _backtest(
    settings: Settings,
    experiment: Experiment,
    moment: datetime,
    start: str | None,
    retrain_every: int,
    workers: int,
) -> Backtest:
    from msa_ml.backtesting import backtest
    from msa_ml.pipeline import select

    return backtest(
        select(settings, experiment, moment),
        experiment,
        start=_start(start) if start else 0.5,
        retrain_every=retrain_every,
        workers=workers,
        progress=Bars(),
    )


def _start(text: str) -> float | datetime:
    """Read a share or a date."""
    try:
        return float(text)
    except ValueError:
        return parse_moment(text)


@click.command("compare", epilog="Example: msa-ml compare bundles/spam-6 bundles/spam-7 --since 2026-11-01")
@click.argument("champion", type=click.Path(path_type=Path, file_okay=False))
@click.argument("challenger", type=click.Path(path_type=Path, file_okay=False))
@windowed
@known_by
@stored
@common
def compare_command(
    champion: Path,
    challenger: Path,
    *,
    since: str | None,
    until: str | None,
    as_of: str | None,
    sources: tuple[str, ...],
    home: Path | None,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Score the labelled events of a window with two bundles; exit code 1 when the second should not replace the first."""
    from msa_ml.bundle.read import load as load_bundle
    from msa_ml.comparing import compare_bundles
    from msa_ml.pipeline import load

    packages = ("msa_ml", *allowed_packages())
    bundles = [load_bundle(champion, packages=packages), load_bundle(challenger, packages=packages)]
    dataset = load(
        bundles[0].manifest.task,
        since,
        until,
        as_of=parse_moment(as_of) if as_of else now(),
        source=sources,
        settings=settings_of(home, no_wait=no_wait),
    )
    found = compare_bundles(bundles[0], bundles[1], dataset, progress=Bars())
    show(found.text(), as_json=as_json)
    finish(found.to_json(), as_json=as_json)
    return 0 if found.verdict.promote else 1
