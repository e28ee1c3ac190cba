"""How long a decision takes: one mail from raw bytes, many on one core, and 100,000 sign-ups from dense vectors.

    .venv/bin/python experiments/bench/score_latency.py --json

A bundle is trained once through the pipeline on the SpamAssassin corpus (``easy_ham``, the first 125 of ``hard_ham`` and
``spam``), bogofilter on the same files; both are measured on the rest, in turns, a slice of files at a time. Corpora and
training are those of ``mail_speed.py``. Nothing is left out of a latency but reading the file. For each mail, and each
slice, the best of the rounds counts: on a shared machine noise only adds; ``*_all`` are over every call of every round.

The last line is one JSON object:

``p50_ms``, ``p99_ms``, ``p50_all_ms``, ``p99_all_ms``, ``p50_cpu_ms``, ``p99_cpu_ms``
    ``Bundle.score`` of one mail, wall clock, from raw bytes to decision, in a process of its own; and processor time.
``serve_p50_ms``, ``serve_p99_ms``, ``serve_mails_per_s``
    The same mails through ``msa-ml serve``, request to answer over one kept connection of its Unix socket; and four such
    connections at once.
``mails_per_cpu_s``, ``bogofilter_mails_per_cpu_s``, ``ratio_bogofilter``
    Mails a CPU-second by ``Bundle.score_many`` from raw file to decision, by ``bogofilter -TT -b``, and ours to theirs.
    The first bogofilter that is installed of ``bogofilter-sqlite`` and ``bogofilter-bdb``; both stand in ``bogofilter``.
``direct_model_us``, ``graph_us``, ``ratio_direct``
    One mail from its features to a probability: scikit-learn (hashed n-grams, logistic regression) and xgboost called
    directly, and the graph; theirs to ours. The features cost the same and are left out.
``rspamd_mails_per_cpu_s``, ``spamd_mails_per_cpu_s``
    Of the daemons that are installed, without network tests; else null, with the reason in ``..._reason``.
``tabular_ratio_xgboost``, ``tabular``
    Rows a second of the graph to xgboost's own ``inplace_predict`` on the same rows, trees and threads, which are named.
``signup_p50_ms``, ``signup_p99_ms``
    ``Bundle.score`` of one sign-up as a mapping, processor time, over the golden sign-ups; null without
    ``--signup-bundle``. Rows of plain fields are computed in columns, which pays for many at once and not for one.
``install_mb``, ``import_s``, ``import_cpu_s``
    The base install in an environment of its own: size with bytecode in 2**20 bytes; its import, warm, by the clock on
    the wall and of the processor, the best of five.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import base_install
import daemons
import numpy as np
from corpora import LABELS, SHARED, Sample, samples, say, split
from mail_speed import BUILDS, Scorer, bogofilter, build, listing, raws, spread, train

ROWS, WIDTH, TREES, DEPTH, THREADS = 100_000, 60, 300, 6, 1


# --- one mail ------------------------------------------------------------------------------------------------------


def latency_worker(bundle: str, files: str, rounds: str) -> None:
    """Print the seconds of every call, on the wall and of the processor, a list for each round."""
    from msa_ml.bundle import load

    loaded = load(bundle)
    loaded.warm_up()
    mails = list(raws(Path(files).read_text().splitlines()))
    clock, took = time.perf_counter, []
    for _ in range(int(rounds)):
        row = []
        for raw in mails:
            begin, cpu = clock(), time.thread_time()
            loaded.score(raw)
            row.append((clock() - begin, time.thread_time() - cpu))
        took.append(row)
    print(json.dumps(took))


def latency(bundle: Path, files: Path, rounds: int) -> dict[str, float]:
    """Return the quantiles of single mails by the library."""
    words = [sys.executable, __file__, "--latency", str(bundle), str(files), str(rounds)]
    took = np.array(json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout))
    wall, cpu = took[..., 0], took[..., 1]
    figures = {"": wall.min(axis=0), "_all": wall, "_cpu": cpu.min(axis=0)}
    return {
        f"p{at}{name}_ms": round(float(np.quantile(seconds, at / 100)) * 1e3, 3)
        for name, seconds in figures.items()
        for at in (50, 99)
    }


class Client(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def score(self, raw: bytes) -> float:
        """Score one mail and return the seconds that it took."""
        begin = time.perf_counter()
        self.request("POST", "/score", raw, {"content-type": "message/rfc822"})
        answer = self.getresponse()
        body = answer.read()
        took = time.perf_counter() - begin
        assert answer.status == 200, body
        return took


def served(bundle: Path, files: Path, rounds: int, place: Path) -> dict[str, float]:
    """Return the quantiles of single mails through the scoring process, and its rate with four connections."""
    mails = list(raws(files.read_text().splitlines()))
    path = str(place / "s")
    words = [sys.executable, "-m", "msa_ml", "serve", str(bundle), "--socket", path]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "serving" in process.stderr.readline()
        one = Client(path)
        took = np.array([[one.score(raw) for raw in mails] for _ in range(rounds)]).min(axis=0)
        begin = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:

            def several(number: int) -> None:
                client = Client(path)
                for raw in mails[number::4]:
                    client.score(raw)

            list(pool.map(several, range(4)))
        rate = len(mails) / (time.perf_counter() - begin)
        one.close()
        process.terminate()
    p50, p99 = np.quantile(took, [0.5, 0.99]) * 1e3
    return {"serve_p50_ms": round(p50, 3), "serve_p99_ms": round(p99, 3), "serve_mails_per_s": round(rate, 1)}


# --- many mails ----------------------------------------------------------------------------------------------------


def throughput(
    bundle: Path, taught: list[Sample], measured: list[Sample], options: argparse.Namespace, place: Path
) -> dict[str, Any]:
    """Let the bundle and every bogofilter classify slices in turns; return their rates."""
    programs: dict[str, tuple[str, Path]] = {}
    reasons = {}
    for name, (program, database) in BUILDS.items():
        path, reason = build(program, database)
        if not path:
            reasons[database] = reason
            continue
        programs[database] = (path, place / name)
        (place / name).mkdir()
        for mode, spam in (("-n", False), ("-s", True)):
            bogofilter(
                *programs[database],
                listing(place / "taught.txt", [s for s in taught if s.spam is spam]),
                mode,
            )
    nothing = listing(place / "nothing.txt", [])
    start = {
        name: min(bogofilter(*those, nothing, "-TT") for _ in range(5)) for name, those in programs.items()
    }
    slices = [listing(place / f"slice{n}.txt", measured[n :: options.slices]) for n in range(options.slices)]
    took: dict[str, list[list[float]]] = {name: [] for name in ("ours", *programs)}
    for _ in range(options.rounds):
        scorer = Scorer(bundle)
        for rows in took.values():
            rows.append([])
        for part in slices:
            for name, those in programs.items():
                took[name][-1].append(bogofilter(*those, part, "-TT") - start[name])
            took["ours"][-1].append(scorer.score(part)["cpu_s"])
        scorer.close()
    rate = {
        name: round(len(measured) / np.array(rounds).min(axis=0).sum(), 1) for name, rounds in took.items()
    }
    ours, first = rate.pop("ours"), next(iter(programs), None)
    return {
        "mails_per_cpu_s": ours,
        "bogofilter_mails_per_cpu_s": rate.get(first) if first else None,
        "ratio_bogofilter": round(ours / rate[first], 3) if first else None,
        "bogofilter": rate | {f"{name}_reason": reason for name, reason in reasons.items()},
    }


def direct(bundle: Path, taught: list[Sample], measured: list[Sample]) -> dict[str, float]:
    """Time one mail from features to probability: by scikit-learn and xgboost called directly, and by the graph."""
    import xgboost
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression

    from msa_ml.bundle import load

    loaded = load(bundle)
    known = loaded.vectors([sample.path.read_bytes() for sample in taught])
    rows = loaded.vectors([sample.path.read_bytes() for sample in measured[:300]])
    y = np.array([sample.spam for sample in taught])
    views = list(known.content)
    hashing = HashingVectorizer(
        analyzer="char", ngram_range=(3, 5), lowercase=False, n_features=2**18, alternate_sign=False
    )

    def text(vectors: Any, row: int) -> str:
        return b"\n".join(bytes(vectors.content[view][row]) for view in views).decode("latin-1")

    linear = LogisticRegression(max_iter=50).fit(
        hashing.transform([text(known, row) for row in range(len(known))]), y
    )
    margin = linear.decision_function(hashing.transform([text(known, row) for row in range(len(known))]))
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 1},
        xgboost.DMatrix(np.column_stack([known.dense, margin.astype(np.float32)]), y),
        200,
    )

    def theirs(row: int) -> float:
        said = linear.decision_function(hashing.transform([text(rows, row)]))
        dense = np.append(rows.dense[row], np.float32(said[0]))[None, :]
        return float(booster.inplace_predict(dense)[0])

    def graph(row: int) -> float:
        return float(loaded.graph.logits(rows[row : row + 1])[0])

    best = {}
    for name, run in (("direct_model_us", theirs), ("graph_us", graph)):
        took = [[_timed(run, row) for row in range(len(rows))] for _ in range(3)]
        best[name] = round(float(np.median(np.array(took).min(axis=0))) * 1e6, 1)
    return {**best, "ratio_direct": round(best["direct_model_us"] / best["graph_us"], 2)}


def _timed(run: Any, row: int) -> float:
    begin = time.perf_counter()
    run(row)
    return time.perf_counter() - begin


# --- sign-ups ------------------------------------------------------------------------------------------------------


def tabular() -> dict[str, Any]:
    """Score dense rows by the graph and by xgboost itself: same rows, same trees, same threads.

    Rows are drawn (SYNTHETIC), a tenth of the values missing, a third of the columns counts; the shape is that of a
    sign-up model. CPU seconds, in turns, the best of five each.
    """
    import xgboost

    from msa_ml.bundle.graph import emit
    from msa_ml.bundle.runtime import Graph
    from msa_ml.features.extractor import Vectors

    random = np.random.default_rng(7)
    X = random.normal(size=(ROWS, WIDTH)).astype(np.float32)
    X[:, ::3] = random.poisson(3, size=X[:, ::3].shape)
    X[random.random(X.shape) < 0.1] = np.nan
    known = np.nan_to_num(X[:20_000])
    y = known[:, 0] + known[:, 1] * known[:, 2] + random.normal(size=len(known)) > 1.5
    settings = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.1, "nthread": THREADS}
    booster = xgboost.train(settings, xgboost.DMatrix(X[:20_000], y), TREES)
    model = json.loads(bytes(booster.save_raw("json")))["learner"]
    share = float(model["learner_model_param"]["base_score"].strip("[]"))
    graph = Graph(
        emit(
            width=WIDTH,
            trees=model["gradient_booster"]["model"]["trees"],
            base_margin=math.log(share / (1 - share)),
            slope=1.0,
            intercept=0.0,
        )
    )
    vectors = Vectors(X, {})
    took: dict[str, list[float]] = {"graph": [], "xgboost": []}
    for _ in range(5):
        for name, run in (
            ("graph", lambda: graph.logits(vectors)),
            ("xgboost", lambda: booster.inplace_predict(X)),
        ):
            begin = time.process_time()
            found = run()
            took[name].append(time.process_time() - begin)
            if name == "graph":
                ours = 1 / (1 + np.exp(-found.astype(np.float64)))
    rate = {name: ROWS / min(seconds) for name, seconds in took.items()}
    return {
        "tabular_ratio_xgboost": round(rate["graph"] / rate["xgboost"], 3),
        "tabular": {
            "rows": ROWS, "features": WIDTH, "trees": TREES, "depth": DEPTH, "threads": THREADS, "data": "SYNTHETIC",
            **{f"{name}_rows_per_s": round(value) for name, value in rate.items()},
            "max_probability_difference": float(np.abs(ours - found).max()),
        },
    }  # fmt: skip


def signups(bundle: Path | None) -> dict[str, Any]:
    """Time sign-ups one by one."""
    if bundle is None:
        return {"signup_p50_ms": None, "signup_p99_ms": None}
    from msa_ml.bundle import load
    from msa_ml.bundle.golden_signup import golden_signup

    loaded = load(bundle)
    loaded.warm_up()
    took = []
    for event in list(golden_signup().values()) * 5:
        begin = time.thread_time()
        loaded.score(event)
        took.append(time.thread_time() - begin)
    p50, p99 = np.quantile(took, [0.5, 0.99]) * 1e3
    return {"signup_p50_ms": round(p50, 3), "signup_p99_ms": round(p99, 3)}


# --- the run -------------------------------------------------------------------------------------------------------


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Return every figure."""
    result = {**tabular(), **signups(options.signup_bundle), **base_install.measure(place)}
    say(f"tabular and base install: {result}")
    found = samples(options.corpus, None, list(LABELS), place / "raw")
    taught, rest = split(found, None)
    measured = spread(rest, options.most)
    bundle = options.bundle or train(place, taught, measured)
    say(f"bundle of {len(taught)} mails; {len(measured)} are measured")
    files = listing(place / "measured.txt", measured)
    for name, part in (
        ("latency", lambda: latency(bundle, files, options.rounds)),
        ("served", lambda: served(bundle, files, options.rounds, place)),
        ("throughput", lambda: throughput(bundle, taught, measured, options, place)),
        ("direct", lambda: direct(bundle, taught, measured)),
        ("daemons", lambda: daemons.measure(files, options.daemon_mails, place)),
    ):
        result |= part()
        say(f"{name} done")
    result["mails"] = len(measured)
    result["mean_bytes"] = round(sum(sample.path.stat().st_size for sample in measured) / len(measured))
    result["load_average"] = round(os.getloadavg()[0], 1)
    return result


def main() -> None:
    if sys.argv[1:2] == ["--latency"]:
        latency_worker(*sys.argv[2:5])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpus", type=Path, default=SHARED / "spamassassin.tar.xz", help="folder or archive"
    )
    parser.add_argument(
        "--bundle", type=Path, help="measure this one instead of training; bogofilter learns as ever"
    )
    parser.add_argument("--signup-bundle", type=Path, help="measure single sign-ups by this one")
    parser.add_argument("--most", type=int, default=1500, help="measure at most so many mails")
    parser.add_argument("--daemon-mails", type=int, default=150, help="mails for rspamd and spamd")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slices", type=int, default=5, help="turns in a round")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if not options.corpus.exists():
        sys.exit(f"no corpus at {options.corpus}: data/README.md says where to get it; then --corpus PATH")
    with tempfile.TemporaryDirectory(prefix="msa") as place:
        result = measure(options, Path(place))
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
