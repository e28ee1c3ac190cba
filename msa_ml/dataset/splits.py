"""Train, calibration and test: in order of time, with a gap for label delay, campaigns never on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import DataRefused, InputError
from msa_ml.records import MAIL_WORDS, Words

Rows = NDArray[np.int64]
PARTS = ("train", "calibration", "test")


@dataclass(frozen=True)
class Minimum:
    """Fewest rows of each class that a part must have."""

    ham: int
    spam: int


MINIMA: Mapping[str, Minimum] = {
    "train": Minimum(100, 50),
    "calibration": Minimum(100, 20),
    "test": Minimum(100, 20),
}


@dataclass(frozen=True)
class Split:
    """Row numbers of each part, and what was left out.

    It is also a cross-validation object of scikit-learn with one fold: train against test.

    Attributes
    ----------
    train, calibration, test
        int64 row numbers of the dataset's labelled rows, in order of time.
    dropped
        Rows left out, by reason.
    how
        Said in reports: how the split was made.
    """

    train: Rows
    calibration: Rows
    test: Rows
    dropped: Mapping[str, int] = field(default_factory=dict)
    how: str = ""

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:  # noqa: ARG002 - scikit-learn's names
        """Yield (train, test)."""
        yield self.train, self.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002 - scikit-learn's names
        """Return 1."""
        return 1

    def part(self, name: str) -> Rows:
        """Return the rows of a part by its name."""
        rows: Rows = getattr(self, name)
        return rows


def by_time(
    index: pl.DataFrame,
    *,
    shares: Sequence[float] = (0.60, 0.15, 0.25),
    dates: tuple[datetime, datetime] | None = None,
    gap: timedelta = timedelta(days=1),
    slow: Mapping[str, timedelta] | None = None,
    drop_late: bool = False,
    minima: Mapping[str, Minimum] = MINIMA,
    words: Words = MAIL_WORDS,
) -> Split:
    """Cut labelled rows in order of time.

    Parameters
    ----------
    index
        Columns ``event_time``, ``label`` (1/0) and ``campaign``, in order of time.
    shares
        Of rows, for train, calibration and test.
    dates
        Start of calibration and start of test, instead of shares.
    gap
        Rows this long before the start of calibration are left out of training: their labels were not known when a
        model would have been trained.
    slow
        Longer gaps for rows whose ``label_source`` is one of these; see :attr:`msa_ml.dataset.labels.LabelRules.delays`.
    drop_late
        Leave out training rows whose label was not known (``label_known_at``) when calibration begins. Otherwise they
        are counted in :attr:`Split.how`: a model trained then would have known less.
    minima
        Fewest rows of each class.
    words
        What people call the two classes, abuse first.

    Raises
    ------
    DataRefused
        A part has too few of a class; the message proposes dates that would do, if there are any.
    """
    times = index["event_time"].to_numpy().astype("datetime64[ms]")
    if len(times) == 0:
        raise DataRefused("the dataset holds no labelled row.", hint="Import labels, or widen the window.")
    if dates is None:
        if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise InputError(f"shares must be three positive numbers that add up to 1, found {list(shares)}.")
        cuts = [
            times[min(int(len(times) * share), len(times) - 1)]
            for share in (shares[0], shares[0] + shares[1])
        ]
    else:
        if dates[0] >= dates[1]:
            raise InputError("the calibration must start before the test.")
        cuts = [np.datetime64(date.replace(tzinfo=None), "ms") for date in dates]
    rules = _Gap(gap, slow or {}, drop_late)
    split = _cut(index, times, cuts[0], cuts[1], rules)
    problems = _problems(index, split, minima, words)
    if problems:
        proposal = _propose(index, times, rules, minima)
        hint = (
            f"These dates would do: calibration from {proposal[0]}, test from {proposal[1]}."
            if proposal
            else "No dates would do: import more labelled rows, or widen the window."
        )
        left_out = ", ".join(f"{count} rows {reason}" for reason, count in split.dropped.items() if count)
        raise DataRefused(
            f"{'; '.join(problems)}{f' (left out: {left_out})' if left_out else ''}.", hint=hint
        )
    return split


def given(
    index: pl.DataFrame, parts: Mapping[str, Sequence[str]], *, calibration_share: float = 0.2
) -> Split:
    """Cut labelled rows by lists.

    Parameters
    ----------
    index
        Columns ``source``, ``origin``, ``position``, ``label``, ``event_time``.
    parts
        For ``train``, ``test`` and perhaps ``calibration``: patterns of ``origin`` (``easy_ham/*``), or
        ``source:origin``. The first part whose pattern fits takes a row.
    calibration_share
        Without a list for calibration: this share of train, every n-th row of each class, is held out for it.

    Raises
    ------
    InputError
        An unknown part, or a part that takes no row.
    """
    unknown = set(parts) - set(PARTS)
    if unknown or "train" not in parts or "test" not in parts:
        raise InputError(f"a given split names train and test, perhaps calibration; found {sorted(parts)}.")
    names = [
        (origin, f"{source}:{origin}")
        for source, origin in zip(index["source"].to_list(), index["origin"].to_list(), strict=True)
    ]
    owner = np.full(len(names), -1)
    for row, candidates in enumerate(names):
        for number, part in enumerate(PARTS):
            patterns = parts.get(part, ())
            if any(fnmatchcase(name, pattern) for pattern in patterns for name in candidates):
                owner[row] = number
                break
    rows = {part: np.flatnonzero(owner == number) for number, part in enumerate(PARTS)}
    if "calibration" not in parts:
        rows["train"], rows["calibration"] = _hold_out(index, rows["train"], calibration_share)
    for part in PARTS:
        if not len(rows[part]):
            raise InputError(
                f"the given split leaves no labelled row for {part}.", hint="Check its patterns."
            )
    return Split(
        **rows,
        dropped={"in no list": int((owner == -1).sum())},
        how="given by lists; campaigns may stand on both sides",
    )


def _hold_out(index: pl.DataFrame, train: Rows, share: float) -> tuple[Rows, Rows]:
    """Hold out every n-th row of each class, whole campaigns together."""
    step = max(round(1 / share), 2)
    label, campaign = index["label"].to_numpy(), index["campaign"].to_list()
    held: set[str] = set()
    kept: set[str] = set()
    out = np.zeros(len(train), bool)
    for value in (0, 1):
        for turn, place in enumerate(np.flatnonzero(label[train] == value)):
            name = campaign[train[place]]
            out[place] = name in held if name and name in held | kept else turn % step == step - 1
            if name:
                (held if out[place] else kept).add(name)
    return train[~out], train[out]


@dataclass(frozen=True)
class _Gap:
    """What keeps training apart from calibration; see :func:`by_time`."""

    usual: timedelta
    slow: Mapping[str, timedelta]
    drop_late: bool

    def of(self, index: pl.DataFrame) -> NDArray[np.timedelta64]:
        """Return the gap of each row."""
        usual = np.full(len(index), np.timedelta64(self.usual, "ms"))
        if "label_source" not in index.columns:
            return usual
        for source, delay in self.slow.items():
            there = (index["label_source"] == source).fill_null(value=False).to_numpy()
            usual[there] = np.timedelta64(max(delay, self.usual), "ms")
        return usual

    def late(self, index: pl.DataFrame, calibration: Any) -> NDArray[np.bool_]:
        """Return which labels were not known when calibration begins."""
        if "label_known_at" not in index.columns:
            return np.zeros(len(index), bool)
        known = index["label_known_at"].to_numpy().astype("datetime64[ms]")
        return np.asarray(known >= calibration)


def _cut(index: pl.DataFrame, times: NDArray[np.datetime64], calibration: Any, test: Any, gap: _Gap) -> Split:
    rows = np.arange(len(times))
    before = times < calibration - gap.of(index)
    late = before & gap.late(index, calibration)
    train = rows[before & ~late] if gap.drop_late else rows[before]
    middle = rows[(times >= calibration) & (times < test)]
    last = rows[times >= test]
    dropped = {"in the gap": int((~before & (times < calibration)).sum())}
    if gap.drop_late:
        dropped["whose label came after calibration begins"] = int(late.sum())
    campaign = index["campaign"].to_numpy().astype(str)
    seen = set(campaign[train]) - {""}
    fresh_middle = _without(middle, campaign, seen)
    seen |= set(campaign[middle]) - {""}
    fresh_last = _without(last, campaign, seen)
    dropped["of a campaign seen before"] = len(middle) + len(last) - len(fresh_middle) - len(fresh_last)
    how = f"by time: calibration from {calibration}, test from {test} (UTC), gap {gap.usual}"
    if late.any() and not gap.drop_late:
        how += f"; {int(late.sum()):,} training labels became known only after calibration begins"
    if not any(campaign):
        how += "; no event has a campaign fingerprint, so near-duplicates may stand on both sides"
    return Split(train, fresh_middle, fresh_last, dropped, how)


def _without(rows: Rows, campaign: NDArray[np.str_], seen: set[str]) -> Rows:
    return rows[[name not in seen for name in campaign[rows]]] if len(rows) else rows


def _problems(
    index: pl.DataFrame, split: Split, minima: Mapping[str, Minimum], words: Words = MAIL_WORDS
) -> list[str]:
    label = index["label"].to_numpy()
    said = []
    for part, least in minima.items():
        values = label[split.part(part)]
        ham, spam = int((values == 0).sum()), int((values == 1).sum())
        if ham < least.ham or spam < least.spam:
            said.append(
                f"{part} has {ham} {words[1]} and {spam} {words[0]}, needs at least {least.ham} and {least.spam}"
            )
    return said


def _propose(
    index: pl.DataFrame, times: NDArray[np.datetime64], gap: _Gap, minima: Mapping[str, Minimum]
) -> tuple[str, str] | None:
    """Return the dates nearest to the default shares that satisfy the minima, on a grid of 2 % of the rows."""
    grid = np.arange(0.10, 0.96, 0.02)
    pairs = [(a, b) for a in grid for b in grid if b > a]
    pairs.sort(key=lambda pair: abs(pair[0] - 0.60) + abs(pair[1] - 0.75))
    for first, second in pairs:
        calibration, test = times[int(len(times) * first)], times[int(len(times) * second)]
        if calibration < test and not _problems(index, _cut(index, times, calibration, test, gap), minima):
            return str(calibration), str(test)
    return None
