"""The same numbers everywhere: xgboost, the library, a bundle that was exported and loaded, and the consumer on Node.

    .venv/bin/python experiments/bench/parity.py --json

Mail: a model is trained on the whole SpamAssassin corpus and scores it. Sign-ups: a million simulated ones (SYNTHETIC) in a
store of their own, a model trained on a sample of them, all of them scored on their record and history features.

- *xgboost*: margins of the model that was trained, by the booster's own prediction, calibrated in float64;
- *library*: the emitted graph, by which training calibrates and evaluates;
- *bundle*: exported and loaded. Mail is scored again from its bytes, sign-ups from the same vectors, and up to 100,000 again
  from their rows (``from_rows``);
- *node*: tests/consumer, in JavaScript with onnxruntime-node, from content bytes and dense vectors.

The last line is one JSON object, for ``mail`` and ``signups``: ``events``, ``columns``, ``policies`` (thresholds on the logit),
``max_probability_difference`` and ``max_logit_difference`` of xgboost and the bundle, ``xgboost_flips`` (decisions of all
policies that differ), ``farthest_flip`` (the greatest distance of such an event's logit from the threshold), ``flips`` of
library and bundle, bundle and rows, bundle and node, ``node_max_logit_difference``, and the seconds of each step. It ends with
exit code 1 when probabilities differ by more than 1e-5, when xgboost flips further than 1e-4 from a threshold, or when
anything else flips at all.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from corpora import LABELS, SHARED, say
from numpy.typing import NDArray

CONSUMER = Path(__file__).resolve().parents[2] / "tests" / "consumer"
TOLERANCE_P, TOLERANCE_LOGIT = 1e-5, 1e-4
START, DAYS = datetime(2026, 3, 2, tzinfo=UTC), 28
FROM_ROWS, CHUNK = 100_000, 50_000
Numbers = NDArray[np.floating[Any]]


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Take down how long a step took on the wall."""
    begin = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - begin, 1)
    say(f"{name}: {seconds[name]} s")


def sigmoid(logit: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-logit.astype(np.float64)))


def flips(one: Numbers, other: Numbers, thresholds: list[np.float32]) -> int:
    """Return the decisions of all policies that differ."""
    return sum(
        int(((one.astype(np.float32) >= cut) != (other.astype(np.float32) >= cut)).sum())
        for cut in thresholds
    )


def farthest(one: Numbers, other: Numbers, thresholds: list[np.float32]) -> float:
    """Return the greatest distance from its threshold at which a decision differs, 0 without any."""
    found = [0.0]
    for cut in thresholds:
        differs = (one.astype(np.float32) >= cut) != (other.astype(np.float32) >= cut)
        found += np.abs(one[differs].astype(np.float64) - float(cut)).tolist()
        found += np.abs(other[differs].astype(np.float64) - float(cut)).tolist()
    return max(found)


def compared(
    xgboost: Numbers, library: Numbers, bundle: Numbers, node: Numbers, policies: Mapping[str, float]
) -> dict[str, Any]:
    thresholds = [np.float32(threshold) for threshold in policies.values()]
    return {
        "events": len(bundle),
        "policies": dict(policies),
        "max_probability_difference": float(np.abs(sigmoid(xgboost) - sigmoid(bundle)).max()),
        "max_logit_difference": float(np.abs(xgboost.astype(np.float64) - bundle).max()),
        "xgboost_flips": flips(xgboost, bundle, thresholds),
        "farthest_flip": farthest(xgboost, bundle, thresholds),
        "flips": {
            "library": flips(library, bundle, thresholds),
            "node": flips(node, bundle, thresholds),
        },
        "node_max_logit_difference": float(np.abs(node.astype(np.float64) - bundle).max()),
    }


def margins(trained: Any, vectors: Any) -> Numbers:
    """Return the calibrated logits of the trained model itself, a run of rows at a time."""
    parts = [
        trained.model.decision_function(vectors[start : start + CHUNK])
        for start in range(0, len(vectors), CHUNK)
    ]
    return np.asarray(trained.calibration.logit(np.concatenate(parts)))


def node(bundle: Path, *words: str, lines: Iterator[str] | None = None) -> str:
    """Run the consumer and return what it prints."""
    done = subprocess.run(
        ["node", CONSUMER / "consumer.mjs", bundle, *words],
        input="".join(lines) if lines else None, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"the consumer failed: {done.stderr[-2000:]}")
    return done.stdout


def trained_on(dataset: Any) -> Any:
    """Train as the command does, with few replicates: evidence is not what is measured here."""
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import fit, prepare

    base = Experiment.of(dataset.task)
    experiment = replace(base, evaluation=replace(base.evaluation, replicates=20))
    return fit(prepare(dataset, experiment), experiment)


def mail(place: Path, corpus: Path) -> dict[str, Any]:
    from msa_ml.bundle.runtime import Graph
    from msa_ml.intake import import_mail_into
    from msa_ml.pipeline import load
    from msa_ml.settings import read

    seconds: dict[str, float] = {}
    settings = read(home=place / "mail", isolated=True)
    with timed(seconds, "import"):
        import_mail_into(
            settings, [corpus], source="corpus", labels=LABELS, task="spam", label_delay=timedelta(days=1),
            stored_at=datetime.now(UTC),
        )  # fmt: skip
    with timed(seconds, "train"):
        trained = trained_on(load("spam", settings=settings))
    vectors, dataset = trained.prepared.vectors, trained.prepared.dataset
    bundle = trained.export(place / "bundles")
    with timed(seconds, "xgboost and library"):
        xgboost, library = margins(trained, vectors), Graph(trained.graph).logits(vectors)
    ids = trained.prepared.index["event_id"].to_list()
    with timed(seconds, "bundle from raw mail"):
        raw = {
            event: data
            for batch in dataset.raw(ids)
            for event, data in zip(batch["event_id"].to_list(), batch["raw"].to_list(), strict=True)
        }
        ours = np.array([score.logit for score in bundle.score_many([raw[event] for event in ids])])
    with timed(seconds, "node"):
        lines = (
            json.dumps(
                {
                    "content": {
                        view: base64.b64encode(items[row]).decode() for view, items in vectors.content.items()
                    },
                    "dense": [None if np.isnan(value) else float(value) for value in vectors.dense[row]],
                }
            )
            + "\n"
            for row in range(len(vectors))
        )
        said = node(bundle.path, "score", lines=lines)
        theirs = np.array([json.loads(line)["logit"] for line in said.splitlines()])
    policies = {policy.name: policy.threshold for policy in bundle.manifest.policies}
    return {
        **compared(xgboost, library, ours, theirs, policies),
        "columns": len(bundle.features.columns),
        "seconds": seconds,
    }


def signups(place: Path, rows: int, train: int) -> dict[str, Any]:
    import polars as pl

    from msa_ml.bundle.runtime import Graph
    from msa_ml.features.extraction import extract_events
    from msa_ml.features.table import inputs_of
    from msa_ml.pipeline import Silent, load
    from msa_ml.settings import read
    from msa_ml.simulation import simulate_signups_into

    seconds: dict[str, float] = {}
    settings = read(home=place / "signups", isolated=True)
    with timed(seconds, "simulate"):
        simulate_signups_into(
            settings, rows=rows, days=DAYS, seed=5, start=START, stored_at=datetime.now(UTC), progress=Silent()
        )  # fmt: skip
    whole = load("signup_abuse", settings=settings)
    with timed(seconds, "train"):
        trained = trained_on(whole.at_most(train))
    bundle = trained.export(place / "bundles")
    features = trained.prepared.features
    with timed(seconds, "features"):
        index, vectors = extract_events(whole, whole.index, features)
    with timed(seconds, "xgboost"):
        xgboost = margins(trained, vectors)
    with timed(seconds, "library"):
        library = Graph(trained.graph).logits(vectors)
    with timed(seconds, "bundle"):
        ours = bundle.graph.logits(vectors)
    with timed(seconds, "node"):
        source, target = place / "dense.f32", place / "scores.f32"
        vectors.dense.astype("<f4").tofile(source)
        node(bundle.path, "dense", str(source), str(target))
        scores = np.fromfile(target, "<f4").reshape(len(ours), 2 + len(bundle.manifest.policies))
    policies = {policy.name: policy.threshold for policy in bundle.manifest.policies}
    found = compared(xgboost, library, ours, scores[:, 0], policies)
    decided = np.column_stack([ours >= np.float32(threshold) for threshold in policies.values()])
    found["flips"]["node"] += int((scores[:, 2:].astype(bool) != decided).sum())
    with timed(seconds, "bundle from rows"):
        chosen = index[:: max(1, len(index) // FROM_ROWS)].with_row_index("row")
        names = inputs_of(bundle.features)
        times = {"event_time", "decided_at"}
        parts = [
            batch.join(chosen.select("event_id", "row"), on="event_id", how="inner")
            for batch in whole.table(
                [name for name in names if name not in times] + sorted(times & set(names))
            )
        ]
        frame = pl.concat(parts).sort("row").drop("event_id", "row")
        past = vectors.dense[:: max(1, len(index) // FROM_ROWS), -len(features.histories) :]
        histories = [history.name for history in bundle.features.histories]
        again = bundle.score_frame(frame.hstack(pl.DataFrame(past, schema=histories)))
    part = ours[:: max(1, len(index) // FROM_ROWS)]
    found["from_rows"] = len(again)
    found["flips"]["rows"] = flips(
        again["logit"].to_numpy(), part, [np.float32(value) for value in policies.values()]
    )
    return {
        **found,
        "columns": len(bundle.features.columns),
        "histories": len(histories),
        "data": "SYNTHETIC",
        "seconds": seconds,
    }


def holds(found: Mapping[str, Any]) -> bool:
    """Whether everything that must agree agrees."""
    return (
        found["max_probability_difference"] <= TOLERANCE_P
        and found["farthest_flip"] <= TOLERANCE_LOGIT
        and not any(found["flips"].values())
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=SHARED / "spamassassin.tar.xz")
    parser.add_argument("--rows", type=int, default=1_000_000, help="simulated sign-ups")
    parser.add_argument("--train", type=int, default=100_000, help="of these, to train on")
    parser.add_argument("--only", choices=("mail", "signups"))
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if options.only != "signups" and not options.corpus.is_file():
        sys.exit(f"no corpus at {options.corpus}: data/README.md says where to get it; then --corpus FILE")
    if not (CONSUMER / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CONSUMER, check=True, stdout=sys.stderr)  # fmt: skip
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        if options.only != "signups":
            result["mail"] = mail(Path(place), options.corpus)
        if options.only != "mail":
            result["signups"] = signups(Path(place), options.rows, options.train)
    result["load_average"] = round(os.getloadavg()[0], 1)
    result["holds"] = all(holds(found) for found in result.values() if isinstance(found, dict))
    print(json.dumps(result))
    sys.exit(0 if result["holds"] else 1)


if __name__ == "__main__":
    main()
