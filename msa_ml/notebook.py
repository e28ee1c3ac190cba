"""What a notebook calls: the pipeline with bars, the clock and this machine's settings filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tqdm.auto import tqdm

from msa_ml.experiment import Experiment, parse_moment
from msa_ml.features.extractor import FeatureSet
from msa_ml.pipeline import train as walk
from msa_ml.publishing import Published
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings


class NotebookBars:
    """Progress as a notebook shows it."""

    @contextmanager
    def step(self, name: str, total: int = 0) -> Iterator[Callable[[int], None]]:
        """Show one step."""
        with tqdm(total=total or None, desc=name, unit="", leave=False) as bar:
            yield lambda done: bar.update(done) and None


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
        experiment = Experiment(task=str(what))
    moment = parse_moment(as_of) if isinstance(as_of, str) else as_of or datetime.now(UTC)
    return walk(
        settings or read_settings(),
        experiment,
        moment,
        features=features,
        workers=workers,
        progress=NotebookBars(),
        track=track,
    )
