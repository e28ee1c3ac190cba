"""How far the names alone go: spammers of a public blacklist against people of a public forum, by the features of names.

    .venv/bin/python experiments/signup_abuse/names.py --json

Reads ``usernames.csv.xz`` (columns ``username``, ``seen``, ``label``). The two sources write names differently (full names
with spaces there, handles here), so names are lower-cased and everything but letters and digits is taken out; each name
counts once, and names that both classes have are left out. Then

``hash``
    30 % of the names, by their hash, are held out.
``time``
    people first seen after the median date of all people are held out, with the spammers that the hash holds out; the
    blacklist is of 30 days, so only the people can be held out by time.

The letter model is learnt from the training names (out of fold for the trees, see ``msa_ml/features/learning.py``), the
trees of ``msa_ml/model/boosting.py`` from its numbers and from the shape of the name. Families alone show what each adds.
Intervals are 95 % of a bootstrap over names. The last line is one JSON object: for both splits ``auc``, ``tpr_at_fpr_1pct``
and ``auc_only`` by family, and ``sample``, ``names``, ``both_classes``, ``seconds``, ``cpu_seconds``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import lzma
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.evaluation.metrics import one_minus_roca_pct, tpr_at_fpr
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.learning import cross_learnt
from msa_ml.features.signup.name import Name
from msa_ml.features.signup.name_model import NameModel
from msa_ml.model.boosting import BoostedTrees

HELD_OUT = 0.3
_PRIME = 7919
BUDGET = 0.01
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Names:
    """N different names: ``hash`` float[N] in [0, 1), ``y`` 1 = spammer, ``seen`` as written, and how many were in both."""

    name: pl.Series
    hash: NDArray[np.float64]
    y: NDArray[np.int64]
    seen: NDArray[np.str_]
    both: int


def data_file() -> Path:
    """Where the public lists lie."""
    folder = os.environ.get("MSA_SHARED_DATA")
    return (Path(folder) if folder else Path(__file__).parents[3] / "shared" / "data") / "usernames.csv.xz"


def unit(name: str) -> float:
    """Return a number in [0, 1) by the hash of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def read(path: Path, sample: float = 1.0) -> Names:
    """Read the names of a share of the list, by hash, in the order of their hash."""
    first: dict[int, dict[str, str]] = {0: {}, 1: {}}
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = "".join(one for one in row["username"].lower() if one.isalnum())
            seen = first[row["label"] == "spammer"]
            if name:
                seen[name] = min(seen.get(name, "9"), row["seen"])
    both = first[0].keys() & first[1].keys()
    rows = sorted(
        (place, name, label, seen)
        for label, names in first.items()
        for name, seen in names.items()
        # People are few, so a sample has all of them.
        if name not in both and ((place := unit(name)) * _PRIME % 1 < sample or label == 0)
    )
    place, name, label, seen = zip(*rows, strict=True)
    return Names(pl.Series(name), np.array(place), np.array(label), np.array(seen), len(both))


def splits(names: Names) -> Iterator[tuple[str, Mask, Mask]]:
    """Yield the word, training and test names of each split."""
    held, person = names.hash < HELD_OUT, names.y == 0
    yield "hash", ~held, held
    late = names.seen > np.sort(names.seen[person])[person.sum() // 2]
    yield "time", np.where(person, ~late, ~held), np.where(person, late, held)


def measure(
    names: Names, train: Mask, test: Mask, *, rounds: int = 300, repeats: int = 200, each: bool = True
) -> dict[str, Any]:
    """Learn from some names, and say how well others are told apart; with ``each``, by each family alone too."""
    features = FeatureSet([Name(), NameModel()])
    batch = pl.DataFrame({"user_name": names.name})
    chosen = np.flatnonzero(train)
    found = cross_learnt(features, batch.filter(pl.Series(train)), names.y[chosen])
    dense = found.put(found.features.extract_rows(batch).dense, chosen)
    monotone = tuple(feature.monotone for feature in features.features)
    y, scores = names.y[test], {}
    families = {"all": np.arange(dense.shape[1])}
    for extractor in features.extractors if each else ():
        families[extractor.name] = np.flatnonzero([name in extractor.columns for name in features.columns])
    for family, columns in families.items():
        trees = BoostedTrees(
            rounds=rounds, depth=5, threads=1, monotone=tuple(monotone[column] for column in columns)
        )
        trees.fit(dense[np.ix_(chosen, columns)], names.y[chosen])
        scores[family] = trees.decision_function(dense[np.ix_(test, columns)])
    odds = dense[test, features.columns.index("signup.name_model.odds")]
    scores["odds alone, no trees"] = np.nan_to_num(odds)
    return {
        "train": [int((train & (names.y == label)).sum()) for label in (0, 1)],
        "test": [int((test & (names.y == label)).sum()) for label in (0, 1)],
        "auc": interval(lambda y, score: 1 - one_minus_roca_pct(y, score) / 100, y, scores["all"], repeats),
        "tpr_at_fpr_1pct": interval(lambda y, score: tpr_at_fpr(y, score, BUDGET), y, scores["all"], repeats),
        "auc_only": {
            family: round(1 - one_minus_roca_pct(y, score) / 100, 4)
            for family, score in scores.items()
            if family != "all"
        },
    }


def interval(metric: Any, y: NDArray[np.int64], score: NDArray[np.float32], repeats: int) -> list[float]:
    """Return a metric, and the bounds of its 95 % interval by drawing names anew."""
    random = np.random.default_rng(0)
    drawn = [metric(y[rows], score[rows]) for rows in random.integers(0, len(y), (repeats, len(y)))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(value), 4) for value in (metric(y, score), low, high)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=float, default=1.0, help="share of the spammers' names, by hash")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    began, cpu = time.perf_counter(), time.process_time()
    names = read(data_file(), options.sample)
    result: dict[str, Any] = {"sample": options.sample, "names": len(names.y), "both_classes": names.both}
    for word, train, test in splits(names):
        result[word] = measure(names, train, test)
        if not options.json:
            print(word, json.dumps(result[word], indent=1))
    result["seconds"] = round(time.perf_counter() - began, 1)
    result["cpu_seconds"] = round(time.process_time() - cpu, 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
