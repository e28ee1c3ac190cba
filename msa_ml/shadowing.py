"""Two bundles on the same stored events, each in the code that made it if need be: what would change.

A bundle that other code made is scored by that code: another interpreter is started on ``msa-ml score-lines`` and
gets the events through a pipe, never through a file. Logged vectors need neither the events nor the other code.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import IO, Any

import numpy as np
import polars as pl

from msa_ml.bundle.files import open_files
from msa_ml.bundle.lines import History, event_line, mail_line
from msa_ml.bundle.manifest import Manifest
from msa_ml.bundle.read import load as load_bundle
from msa_ml.bundle.rollout import Rollout
from msa_ml.bundle.runtime import Graph
from msa_ml.dataset.dataset import EARLIEST, LATEST, Dataset, day_of, weights_of
from msa_ml.errors import DataRefused, InputError, OtherVersion, Refused
from msa_ml.evaluation.shadow import Shadow, shadow
from msa_ml.features.extraction import extract_events
from msa_ml.features.history import from_json as declared
from msa_ml.features.logged import read_equal
from msa_ml.features.table import SCHEMAS
from msa_ml.pipeline import Progress, Silent
from msa_ml.settings import allowed_packages
from msa_ml.source.clickhouse import connect
from msa_ml.trained import slices_of

Done = Callable[[int], None]
_MAILS, _ROWS = 64, 1_000  # events that another interpreter computes together


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes
    ----------
    folder
        The bundle.
    python
        Interpreter of an environment that holds the code which made it; ``None``: this process.
    """

    folder: Path
    python: Path | None = None


@dataclass(frozen=True)
class Compared:
    """What would change, and whether that is within the plan of the new bundle.

    Attributes
    ----------
    old, new
        Id and package version of either.
    within
        Whether the flips and the blocked volume stay within the limits of the new bundle's ``rollout``.
    reasons
        Each limit with what was found; what could not be compared.
    """

    old: dict[str, str]
    new: dict[str, str]
    shadow: Shadow
    within: bool
    reasons: tuple[str, ...]

    def text(self) -> str:
        """Return it as plain text."""
        said = "within" if self.within else "NOT within"
        reasons = "\n".join(f"  {reason}" for reason in self.reasons)
        return (
            f"old {self.old['id'][:12]} (msa-ml {self.old['package']}), new {self.new['id'][:12]} "
            f"(msa-ml {self.new['package']})\n{self.shadow.table()}\n{said} the limits of its roll-out:\n{reasons}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml compare-scores --json``."""
        return {**asdict(self), "shadow": self.shadow.to_json()}


def compare_scores(
    old: Side,
    new: Side,
    dataset: Dataset,
    *,
    policy: str | None = None,
    vectors: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> Compared:
    """Score the events of a dataset with two bundles, labelled or not, and say what would change.

    Parameters
    ----------
    policy
        Whose thresholds decide; default: the new bundle's default policy.
    vectors
        Read logged vectors instead of events; no code of either bundle is needed.
    workers
        Processes for extraction in this process, 0 = one a core.

    Raises
    ------
    InputError
        Two tasks, or a policy that one of them does not have.
    OtherVersion
        A bundle was made by other code and no interpreter is named for it.
    DataRefused
        No event can be scored by both.
    """
    say = progress or Silent()
    manifests = [open_files(side.folder)[0] for side in (old, new)]
    if len({*(one.task for one in manifests), dataset.task}) != 1:
        raise InputError(
            f"a {manifests[0].task} bundle, a {manifests[1].task} bundle and events of {dataset.task} do not go together."
        )
    chosen = manifests[1].policy(policy)
    thresholds = (manifests[0].policy(chosen.name).threshold, chosen.threshold)
    every = dataset.with_immature()
    with say.step("reading events"):
        every.require_events()
    index = every.index
    scored = index
    for name, side in (("old", old), ("new", new)):
        with say.step(f"scoring with the {name} bundle", len(index)) as done:
            found = (
                _logged(side, every, index, done)
                if vectors
                else _scored(name, side, every, index, workers, done)
            )
        scored = scored.join(found.rename({"logit": name}), on="event_id", how="inner", maintain_order="left")
    if not len(scored):
        raise DataRefused("no event could be scored by both bundles.", hint="Name another window.")
    label = scored["label"].fill_null(-1).to_numpy()
    result = shadow(
        scored["old"].to_numpy(),
        scored["new"].to_numpy(),
        thresholds=thresholds,
        days=_days(every, index),
        policy=chosen.name,
        weight=weights_of(scored),
        campaign=scored["campaign"].to_numpy().astype(str),
        day=day_of(scored),
        label=label,
        slices=slices_of(scored),
        synthetic=every.synthetic,
    )
    within, reasons = _judge(result, manifests[1])
    left_out = len(index) - len(scored)
    notes = [f"left out: {left_out:,} events that could not be scored by both"] if left_out else []
    notes += [said for one in manifests if (said := _taught(one, scored))]
    return Compared(_who(manifests[0]), _who(manifests[1]), result, within, (*reasons, *notes))


def _who(manifest: Manifest) -> dict[str, str]:
    return {"id": manifest.id, "package": manifest.package_version, "spec": manifest.spec_digest}


def _judge(found: Shadow, manifest: Manifest) -> tuple[bool, list[str]]:
    """Hold what would change against the plan."""
    plan = Rollout.from_json(manifest.rollout)
    if plan is None:
        return True, ["the bundle has no plan, so there are no limits"]
    change = found.relative_change
    if math.isnan(change):  # the old one blocks nothing
        change = math.inf if found.per_day_new.value > 0 else 0.0
    gates = [
        (
            found.flip_share <= plan.most_flips,
            f"{found.flip_share:.2%} of decisions flip, allowed {plan.most_flips:.2%}",
        ),
        (
            abs(change) <= plan.most_blocked_change,
            f"blocked volume changes by {change:+.1%}, allowed {plan.most_blocked_change:.1%} either way",
        ),
    ]
    return all(passed for passed, _ in gates), [
        f"{'passed' if passed else 'failed'}: {said}" for passed, said in gates
    ]


def _taught(manifest: Manifest, scored: pl.DataFrame) -> str:
    window = manifest.training.get("test_window")
    if not window:
        return ""
    start = pl.Series([window[0]]).str.to_datetime(time_zone="UTC")[0]
    early = int((scored["event_time"] < start).sum())
    return (
        f"{early:,} events are from before the test window of {manifest.id[:12]}, which may have learnt them"
        if early
        else ""
    )


def _days(dataset: Dataset, index: pl.DataFrame) -> float:
    """Return the length of the window; where it has no bound, of what the events span, at least an hour."""
    chosen = dataset.selection
    times = index["event_time"]
    first = chosen.since if chosen.since > EARLIEST else times.min()
    last = chosen.until if chosen.until < LATEST else times.max()
    return float(max(last - first, timedelta(hours=1)) / timedelta(days=1))  # type: ignore[operator]  # polars says Any of its own


def _frame(ids: list[str], logits: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"event_id": ids, "logit": logits}, schema={"event_id": pl.String, "logit": pl.Float32}
    )


def _logged(side: Side, dataset: Dataset, index: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Score logged vectors: the graph is all of the bundle that runs."""
    _, specification, files = open_files(side.folder)
    graph = Graph(files["model.onnx"])
    graph.require(len(specification.columns), [view["name"] for view in specification.views])
    ids, vectors = read_equal(
        connect(dataset.settings.results_url, settings=dataset.settings),
        dataset.settings,
        specification,
        graph.views,
        index["event_id"].to_list(),
        (dataset.selection.since, dataset.selection.until),
        progress=done,
    )
    return _frame(ids, graph.logits(vectors))


def _scored(
    name: str, side: Side, dataset: Dataset, index: pl.DataFrame, workers: int, done: Done
) -> pl.DataFrame:
    if side.python is not None:
        return _apart(side.python, side.folder, dataset, index, done)
    try:
        bundle = load_bundle(side.folder, packages=("msa_ml", *allowed_packages()), replay=False)
    except OtherVersion as error:
        raise OtherVersion(
            error.message,
            hint=f"{error.hint} into an environment of its own, then name its interpreter: --{name}-python PATH",
        ) from error
    found, vectors = extract_events(dataset, index, bundle.features, workers=workers, progress=done)
    return _frame(found["event_id"].to_list(), bundle.graph.logits(vectors))


def _apart(python: Path, folder: Path, dataset: Dataset, index: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Score in another interpreter, isolated from this one's modules and working directory."""
    known = _known(dataset, folder)
    size = _MAILS if dataset.kind == "mail" else _ROWS
    words = [str(python), "-I", "-m", "msa_ml", "score-lines", str(folder.resolve()), "--batch", str(size)]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)  # noqa: S603 - the interpreter that the user named
        except OSError as error:
            raise InputError(
                f"{python} cannot be started: {error.strerror}.",
                hint="Name the python of a virtual environment.",
            ) from error
        assert process.stdin is not None  # noqa: S101 - for the type checker: a pipe was asked for
        assert process.stdout is not None  # noqa: S101
        feed = _Feed(process.stdin, _lines(dataset, index, known))
        feed.start()
        ids, logits = [], []
        with process.stdout:
            for number, line in enumerate(process.stdout):
                answer = json.loads(line)
                if number:
                    ids.append(answer["id"])
                    logits.append(answer["logit"])
                    done(1)
        code = process.wait()
        feed.finish()
        if code:
            said.seek(0)
            last = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise Refused(
                f"{python} could not score {folder}: {''.join(last)[:500] or f'exit code {code}'}",
                hint="That environment must hold the version of msa-ml that made the bundle.",
            )
    return _frame(ids, np.array(logits, np.float32))


class _Feed(Thread):
    """Writes lines to a process while this one reads its answers; what fails on the way is raised by :meth:`finish`."""

    def __init__(self, pipe: IO[bytes], lines: Iterator[bytes]) -> None:
        super().__init__(daemon=True)
        self.pipe, self.lines = pipe, lines
        self.failure: BaseException | None = None

    def run(self) -> None:
        # Who reads no more says why itself.
        with suppress(BrokenPipeError), self.pipe:
            try:
                for line in self.lines:
                    self.pipe.write(line)
            except BrokenPipeError:
                raise
            except BaseException as error:  # noqa: BLE001 - carried to the other thread
                self.failure = error

    def finish(self) -> None:
        """Wait for the end."""
        self.join()
        if self.failure is not None:
            raise self.failure


def _lines(dataset: Dataset, index: pl.DataFrame, known: Mapping[str, History]) -> Iterator[bytes]:
    ids = index["event_id"]
    if dataset.kind == "mail":
        for batch in dataset.raw(ids.to_list()):
            for name, raw in batch.select("event_id", "raw").iter_rows():
                yield mail_line(name, raw, known.get(name))
        return
    columns = [name for name in SCHEMAS[dataset.kind] if name != "event_id"]
    for batch in dataset.table(columns):
        for row in batch.filter(pl.col("event_id").is_in(ids.implode())).iter_rows(named=True):
            name = row["event_id"]
            yield event_line(name, {column: row[column] for column in columns}, known.get(name))


def _known(dataset: Dataset, folder: Path) -> dict[str, History]:
    """Return what was known before each event, by its id, of the histories that a bundle declares."""
    _, specification, _ = open_files(folder)
    if not specification.histories:
        return {}
    try:
        histories = [declared(entry["declaration"]) for entry in specification.histories]
    except InputError as error:
        raise OtherVersion(
            f"{folder} declares a history that this version does not know: {error.message}",
            hint="Compare on logged vectors instead: --from vectors",
        ) from error
    names = [history.name for history in histories]
    return {
        name: {
            key: value
            for key, value in zip(names, values, strict=True)
            if value is not None and not math.isnan(value)
        }
        for name, *values in dataset.history(histories).select("event_id", *names).iter_rows()
    }
