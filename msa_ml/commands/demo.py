"""``demo``: the main job on simulated mail, in a home of its own."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msa_ml.commands.options import Bars, common, finish, now, show
from msa_ml.settings import find_home, make_demo_home
from msa_ml.settings import read as read_settings
from msa_ml.simulation import DAYS, PER_DAY, SEED, START

if TYPE_CHECKING:
    from msa_ml.bundle.read import Bundle


@click.command("demo", epilog="Example: msa-ml demo --home /tmp/demo")
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), help="Default: .msa/demo of the project."
)
@click.option(
    "--per-day", type=click.IntRange(100, 100_000), default=PER_DAY, show_default=True, help="Mails a day."
)
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.option("--keep", is_flag=True, help="Go on with the demo's home as it is instead of beginning anew.")
@common
def demo_command(*, home: Path | None, per_day: int, seed: int, keep: bool, as_json: bool) -> None:
    """Simulate ten days of mail, train, evaluate, register, export, verify and score: everything SYNTHETIC."""
    from msa_ml.bundle.read import load as load_bundle
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import train
    from msa_ml.registry.tracking import Tracking
    from msa_ml.simulation import simulate_into

    begin = time.monotonic()
    place = home or find_home(Path.cwd()) / "demo"
    make_demo_home(place, anew=not keep)
    settings = read_settings(home=place, isolated=True)
    bars = Bars()
    summary = simulate_into(
        settings,
        days=DAYS,
        per_day=per_day,
        seed=seed,
        start=START,
        stored_at=now(),
        progress=bars,
    )
    show(
        f"simulated {summary['mails']} mails, {summary['labels']} labels, in {_near(settings.home)}",
        as_json=as_json,
    )
    published = train(
        settings, Experiment(task="spam", name="demo"), START + timedelta(days=DAYS + 3), progress=bars
    )
    show("", as_json=as_json)
    show(published.trained.evaluation.table(), as_json=as_json)
    report = settings.home / "report.html"
    from msa_ml.publishing import report_of

    report.write_text(report_of(published.trained), encoding="utf-8")
    tracking = Tracking(settings)
    task, version = tracking.resolve("spam@champion")
    exported = settings.home / "export" / f"spam-{version}"
    if exported.exists():
        shutil.rmtree(exported)
    tracking.download(task, version, exported)
    bundle = load_bundle(exported, replay=False)
    cases = bundle.verify()
    show(f"registered spam version {version} as {', '.join(published.aliases)}", as_json=as_json)
    show(f"exported to {_near(exported)}; {cases} golden cases agree", as_json=as_json)
    _score_examples(bundle, as_json=as_json)
    took = time.monotonic() - begin
    show(_where_next(settings.tracking_uri, exported, report, took), as_json=as_json)
    finish(
        {**published.to_json(), "exported": str(exported), "golden_cases": cases, "seconds": took},
        as_json=as_json,
    )


def _score_examples(bundle: Bundle, *, as_json: bool) -> None:
    from msa_ml.bundle.golden_mail import golden_mail

    for name in ("personal", "phishing"):
        score = bundle.score(golden_mail()[name], reasons=5)
        verdict = "spam" if score.decision else "not spam"
        show(
            f"\nan invented mail ({name}): {score.probability:.2%}, {verdict} by {score.policy}",
            as_json=as_json,
        )
        for reason in score.reasons:
            show(
                f"  {reason.contribution:+6.2f}  {reason.name}: {reason.words} ({reason.value:g})",
                as_json=as_json,
            )


def _where_next(tracking: str, exported: Path, report: Path, took: float) -> str:
    program = _near(Path(sys.argv[0])) if shutil.which("msa-ml") is None else "msa-ml"
    beside = str(Path(program).parent / "mlflow") if "/" in program else "mlflow"
    return f"""
Everything above is SYNTHETIC: simulated mail says nothing about yours. Done in {took:.0f} s.

Look closer
  the report with plots   {_near(report)}
  notebooks               {program} lab --demo
  runs and versions       MLFLOW_DISABLE_TELEMETRY=true {beside} ui --backend-store-uri {tracking}
  score a mail            {program} score {_near(exported)} FILE.eml --reasons 5

Your own mail
  {program} import mail ~/Maildir --label '*Junk*=spam' --label '*=ham'
  {program} train spam
"""


def _near(path: Path) -> str:
    """Return a path as it is shortest to type from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
