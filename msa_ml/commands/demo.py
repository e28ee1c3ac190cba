"""``demo``: the main job on simulated mail or sign-ups, in a home of its own."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msa_ml.commands.options import Bars, common, finish, now, show
from msa_ml.settings import find_home, make_demo_home
from msa_ml.settings import read as read_settings
from msa_ml.simulation import DAYS, PER_DAY, SEED, SIGNUP_DAYS, SIGNUP_PATIENCE, SIGNUP_ROWS, START

if TYPE_CHECKING:
    from msa_ml.bundle.read import Bundle
    from msa_ml.settings import Settings

EXAMPLES = {"spam": ("personal", "phishing"), "signup_abuse": ("person", "bot_in_a_moment")}
"""Golden events of each task that the demo scores in the end."""


@click.command(
    "demo", epilog="Examples: msa-ml demo --home /tmp/demo; msa-ml demo signup_abuse --rows 1000000"
)
@click.argument("task", type=click.Choice(list(EXAMPLES)), default="spam")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: .msa/demo of the project, for another task .msa/demo-TASK.",
)
@click.option(
    "--rows",
    type=click.IntRange(5_000, 100_000_000),
    default=SIGNUP_ROWS,
    show_default=True,
    help="Sign-ups.",
)
@click.option(
    "--per-day", type=click.IntRange(100, 100_000), default=PER_DAY, show_default=True, help="Mails a day."
)
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.option("--keep", is_flag=True, help="Go on with the demo's home as it is instead of beginning anew.")
@common
def demo_command(
    task: str, *, home: Path | None, rows: int, per_day: int, seed: int, keep: bool, as_json: bool
) -> None:
    """Simulate ten days of mail, train, evaluate, register, export, verify and score: everything SYNTHETIC.

    With signup_abuse: four weeks of sign-ups.
    """
    from msa_ml.bundle.read import load as load_bundle
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import train
    from msa_ml.registry.tracking import Tracking

    begin = time.monotonic()
    place = home or find_home(Path.cwd()) / ("demo" if task == "spam" else f"demo-{task}")
    make_demo_home(place, anew=not keep)
    settings = read_settings(home=place, isolated=True)
    bars = Bars()
    as_of = _simulated(settings, task, rows, per_day, seed, bars, as_json=as_json)
    published = train(settings, Experiment.of(task, name="demo"), as_of, progress=bars)
    show("", as_json=as_json)
    show(published.trained.evaluation.table(), as_json=as_json)
    if published.trained.worth is not None:
        show(f"\n{published.trained.worth}", as_json=as_json)
    report = settings.home / "report.html"
    from msa_ml.publishing import report_of

    report.write_text(report_of(published.trained), encoding="utf-8")
    tracking = Tracking(settings)
    task, version = tracking.resolve(f"{task}@champion")
    exported = settings.home / "export" / f"{task}-{version}"
    if exported.exists():
        shutil.rmtree(exported)
    tracking.download(task, version, exported)
    bundle = load_bundle(exported, replay=False)
    cases = bundle.verify()
    show(f"registered {task} version {version} as {', '.join(published.aliases)}", as_json=as_json)
    show(f"exported to {_near(exported)}; {cases} golden cases agree", as_json=as_json)
    _score_examples(bundle, task, as_json=as_json)
    took = time.monotonic() - begin
    words = _where_next(settings.tracking_uri, exported, report, took)
    if task == "spam":
        words += _OWN_MAIL.format(program=_program())
    show(words, as_json=as_json)
    finish(
        {**published.to_json(), "exported": str(exported), "golden_cases": cases, "seconds": took},
        as_json=as_json,
    )


def _simulated(
    settings: Settings, task: str, rows: int, per_day: int, seed: int, bars: Bars, *, as_json: bool
) -> datetime:
    """Fill the home and return the moment of training."""
    from msa_ml.simulation import simulate_into, simulate_signups_into

    if task == "spam":
        summary = simulate_into(
            settings, days=DAYS, per_day=per_day, seed=seed, start=START, stored_at=now(), progress=bars
        )
        said, as_of = f"{summary['mails']} mails", START + timedelta(days=DAYS + 3)
    else:
        summary, _ = simulate_signups_into(
            settings, rows=rows, days=SIGNUP_DAYS, seed=seed, start=START, stored_at=now(), progress=bars
        )
        said, as_of = f"{summary['signups']} sign-ups", START + timedelta(days=SIGNUP_DAYS + SIGNUP_PATIENCE)
    show(f"simulated {said}, {summary['labels']} labels, in {_near(settings.home)}", as_json=as_json)
    return as_of


def _score_examples(bundle: Bundle, task: str, *, as_json: bool) -> None:
    from msa_ml.bundle.golden_events import golden_events

    kind = bundle.manifest.kind
    for name in EXAMPLES[task]:
        score = bundle.score(golden_events(kind)[name], reasons=5)
        verdict = task if score.decision else f"not {task}"
        show(
            f"\nan invented {kind} ({name}): {score.probability:.2%}, {verdict} by {score.policy}",
            as_json=as_json,
        )
        for reason in score.reasons:
            show(
                f"  {reason.contribution:+6.2f}  {reason.name}: {reason.words} ({reason.value:g})",
                as_json=as_json,
            )


def _where_next(tracking: str, exported: Path, report: Path, took: float) -> str:
    program = _program()
    beside = str(Path(program).parent / "mlflow") if "/" in program else "mlflow"
    return f"""
Everything above is SYNTHETIC: simulated events say nothing about yours. Done in {took:.0f} s.

Look closer
  the report with plots   {_near(report)}
  notebooks               {program} lab --demo
  runs and versions       MLFLOW_DISABLE_TELEMETRY=true {beside} ui --backend-store-uri {tracking}
  score an event          {program} score {_near(exported)} FILE --reasons 5
"""


_OWN_MAIL = """
Your own mail
  {program} import mail ~/Maildir --label '*Junk*=spam' --label '*=ham'
  {program} train spam
"""


def _program() -> str:
    return _near(Path(sys.argv[0])) if shutil.which("msa-ml") is None else "msa-ml"


def _near(path: Path) -> str:
    """Return a path as it is shortest to type from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
