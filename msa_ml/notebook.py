"""What a notebook calls: the pipeline with bars, the clock and this machine's settings filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from tqdm.auto import tqdm

from msa_ml import exploring, markup, measuring, pipeline
from msa_ml.bundle.manifest import FILE
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.read import load as read_bundle
from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import InputError
from msa_ml.experiment import Experiment, parse_moment
from msa_ml.exploring import Extracted
from msa_ml.features.extractor import Extractor, FeatureSet
from msa_ml.measuring import Measured
from msa_ml.publishing import Published
from msa_ml.settings import Settings, allowed_packages, find_home, make_demo_home
from msa_ml.settings import read as read_settings
from msa_ml.simulation import (
    DAYS,
    PER_DAY,
    SEED,
    SIGNUP_DAYS,
    START,
    simulate_into,
    simulate_signups_into,
)
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init
from msa_ml.tasks import get as get_task
from msa_ml.trained import Prepared, Trained

NOTEBOOK_ROWS = 60_000
"""Sign-ups of the demo's home: a notebook trains on them in half a minute."""


class NotebookBars:
    """Progress as a notebook shows it."""

    @contextmanager
    def step(self, name: str, total: int = 0) -> Iterator[Callable[[int], None]]:
        """Show one step."""
        with tqdm(total=total or None, desc=name, unit="", leave=False) as bar:
            yield lambda done: bar.update(done) and None


def load_ipython_extension(shell: Any) -> None:
    """Show polars frames as plain tables in a notebook that says ``%load_ext msa_ml``: whole ids, no types, no quotes."""
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(pl.DataFrame, markup.frame)


def demo(task: str = "spam") -> Settings:
    """Return the settings of the demo's home, ``.msa/demo`` of the project; its events are simulated when they are missing.

    Everything in that home is SYNTHETIC, and nothing of it ever mixes with your own. Under ``msa-ml lab --demo`` and
    wherever ``MSA_HOME`` names a demo's home, it is that one.

    Parameters
    ----------
    task
        ``spam``: ten days of mail; ``signup_abuse``: four weeks of sign-ups, 60,000 of them.
    """
    kind = get_task(task).kind
    here = read_settings()
    home = here.home if here.is_demo else find_home(Path.cwd()) / "demo"
    make_demo_home(home, anew=False)
    settings = read_settings(home=home, isolated=True)
    store = connect(settings.results_url, settings=settings)
    with store.session():
        init(store, retention=settings.section("retention"))
        everything = replace(get_task(task).labels, delay=timedelta(0))
        dataset = replace(pipeline.load(task, simulated=True, settings=settings), rules=everything)
        newest = dataset.index["event_time"].max()
    days = DAYS if kind == "mail" else SIGNUP_DAYS
    # An interrupted simulation is begun again; rows that are there already change nothing.
    if isinstance(newest, datetime) and newest >= START + timedelta(days=days - 1):
        return settings
    stored_at, bars = datetime.now(UTC), NotebookBars()
    if kind == "mail":
        simulate_into(
            settings, days=days, per_day=PER_DAY, seed=SEED, start=START, stored_at=stored_at, progress=bars
        )
    else:
        simulate_signups_into(
            settings,
            rows=NOTEBOOK_ROWS,
            days=days,
            seed=SEED,
            start=START,
            stored_at=stored_at,
            progress=bars,
        )
    return settings


def extract(
    dataset: Dataset,
    features: FeatureSet | Extractor | Sequence[Extractor] | None = None,
    *,
    workers: int = 0,
) -> Extracted:
    """Compute features of every event of a dataset, with a bar; see :func:`msa_ml.exploring.extract`."""
    return exploring.extract(dataset, features, workers=workers, progress=NotebookBars())


def prepare(
    dataset: Dataset,
    experiment: Experiment | None = None,
    *,
    features: FeatureSet | None = None,
    workers: int = 0,
) -> Prepared:
    """Check the rows, extract their features and split them, with a bar; see :func:`msa_ml.pipeline.prepare`."""
    return pipeline.prepare(dataset, experiment, features=features, workers=workers, progress=NotebookBars())


def fit(prepared: Prepared, experiment: Experiment | None = None) -> Trained:
    """Train, calibrate and evaluate, with a bar; see :func:`msa_ml.pipeline.fit`."""
    return pipeline.fit(prepared, experiment, progress=NotebookBars())


def load_bundle(name: str | Path = "spam@champion", *, settings: Settings | None = None) -> Bundle:
    """Load and verify a bundle: a folder, or a registered version.

    Parameters
    ----------
    name
        A folder that ``export`` wrote, or ``spam@champion``, ``spam@challenger``, ``spam/7``. A registered version is kept
        in the home's ``bundles`` folder, so it is copied once.

    Raises
    ------
    InputError
        Nothing has this name; the message says what has.
    """
    packages = ("msa_ml", *allowed_packages())
    if (Path(name) / FILE).is_file() or isinstance(name, Path):
        return read_bundle(name, packages=packages)
    chosen = settings or read_settings()
    from msa_ml.registry.tracking import Tracking

    tracking = Tracking(chosen)
    task, version = tracking.resolve(name)
    kept = chosen.home / "bundles" / task / tracking.tags(task, version)["bundle_id"][:12]
    folder = kept if kept.is_dir() else tracking.download(task, version, kept)
    return read_bundle(folder, packages=packages)


def load_test(bundle: Bundle, *, settings: Settings | None = None) -> Dataset:
    """Return the events of a bundle's own test window, in which none of its training events lies.

    Raises
    ------
    InputError
        The bundle was not split by time, so there is no such window.
    """
    window = bundle.manifest.training.get("test_window")
    if not window:
        raise InputError(
            "this bundle was not split by time, so no window is free of its training events.",
            hint="Load another window: msa_ml.load(task, since=..., until=...).",
        )
    chosen = bundle.manifest.dataset["selection"]
    return pipeline.load(
        bundle.manifest.task,
        window[0],
        window[1],
        as_of=datetime.now(UTC),
        source=chosen["sources"],
        simulated=chosen["simulated"],
        settings=settings,
    )


def evaluate(bundle: Bundle, dataset: Dataset, *, workers: int = 0) -> Measured:
    """Score every event of a dataset with a bundle, with a bar; see :func:`msa_ml.measuring.evaluate_bundle`."""
    return measuring.evaluate_bundle(bundle, dataset, workers=workers, progress=NotebookBars())


def train(
    what: str | Path | Experiment = "spam",
    *,
    as_of: str | datetime | None = None,
    features: FeatureSet | None = None,
    workers: int = 0,
    track: bool = True,
    settings: Settings | None = None,
) -> Published:
    """Train a task or an experiment, as ``msa-ml train`` does.

    Parameters
    ----------
    what
        Name of a task, path of an experiment file, or an experiment.
    as_of
        Nothing that became known later is used; default: now.
    features
        Your own feature set; default: the task's.
    workers
        Processes for extraction, 0 = one a core.
    track
        Log the run and register the version.
    """
    if isinstance(what, Experiment):
        experiment = what
    elif str(what).endswith(".toml"):
        experiment = Experiment.read(Path(what))
    else:
        experiment = Experiment.of(get_task(str(what)).name)
    moment = parse_moment(as_of) if as_of else datetime.now(UTC)
    return pipeline.train(
        settings or read_settings(),
        experiment,
        moment,
        features=features,
        workers=workers,
        progress=NotebookBars(),
        track=track,
    )
