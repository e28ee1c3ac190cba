"""Mutated mails and bombs through ``Bundle.score``: no exception, none over its time, memory bounded.

    .venv/bin/python experiments/bench/score_hostile.py --json

The mails are those of ``mail_hostile.py``: the bombs, a line of 50 MB among them, and seeds with one to four mutations.
Seeds are the invented mails of the golden cases, or the files below ``--corpus DIR``. The model is an invented one over
all features and views of the task ``spam``, or ``--bundle DIR``; which numbers it gives is all the same here.

Each mail is scored with the time limit that ``msa-ml serve`` has, and must end within it, by processor time. The
slowest are then scored again with a tenth of the time that they took: whatever is left out must be named, and a call
must end soon after, since only the extractor that runs at that moment may end.

The last line is one JSON object: ``mails``, ``exceptions`` (and their places), ``over_budget`` (calls beyond
``--seconds``), ``degraded`` (scores that were), ``slowest_s``, ``slowest``, ``worst_overrun_s`` (of the tight limits:
longest call beyond its limit), ``unnamed`` (tight calls that came late and named nothing), ``peak_rss_mib``,
``base_rss_mib`` (before the first mail). It exits with 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import heapq
import inspect
import json
import math
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from mail_hostile import bombs, mutants, peak_rss_mib

from msa_ml.bundle import Limits, load
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle

MOST_RSS_MIB = 2_500
KEPT = 40
"""Slowest mails that are scored again under a tight limit."""


def invented(place: Path) -> Bundle:
    """Return a bundle over all features of the task, with one tree and no content weights."""
    import numpy as np

    from msa_ml.bundle.graph import ContentPart, emit
    from msa_ml.bundle.write import Contents, write
    from msa_ml.model.ngrams import NgramHash
    from msa_ml.model.threshold import Policy
    from msa_ml.tasks import get

    features = get("spam").features()
    width = len(features.columns)
    views = {view.name: (4,) for view in features.views}
    tree = {
        "split_conditions": [20.5, -1.0, 1.0], "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0], "default_left": [1, 0, 0],
    }  # fmt: skip
    weight = np.random.default_rng(0).normal(size=2**18).astype(np.float32)
    graph = emit(
        width=width, trees=[tree], base_margin=0.0, slope=1.0, intercept=0.0,
        content=ContentPart(NgramHash(views, bits=18), weight, 0.0),
    )  # fmt: skip
    contents = Contents(
        task="spam", features=features, graph=graph, policies=[Policy("fpr_1pct", 0.01, 50.0, certified=True, bound=0.009, ham=400, ham_needed=0, false_positives=0, tpr=0.9)],
        metrics={}, training={}, dataset={}, typical_ham=np.zeros(width, np.float32), card="", code_revision="", synthetic=True,
    )  # fmt: skip
    return write(place / "spam", contents, golden_mail())


def run(bundle: Bundle, seeds: list[bytes], options: argparse.Namespace) -> dict[str, Any]:
    """Score every mail and return what happened."""
    limits = Limits(seconds=options.seconds)
    bundle.warm_up()
    base = peak_rss_mib()
    failures: Counter[str] = Counter()
    over = degraded = mails = 0
    slow: list[tuple[float, int, str, bytes]] = []
    large = {"a line of 50 MB": lambda: b"Subject: x\n\n" + b"A" * 50_000_000, **bombs(options.scale)}
    every = list(large.items())[: options.mails]
    # The generator begins with its own bombs, which are here already.
    rest = islice(mutants(seeds, options.mails, options.seed, large={}), max(0, options.mails - len(every)))

    def mail() -> Any:
        for name, make in every:
            yield name, make()
        yield from rest

    for done, raw in mail():
        mails += 1
        begin = time.thread_time()
        try:
            score = bundle.score(raw, limits=limits)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            place = inspect.trace()[-1]
            failures[f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"] += 1
            continue
        took = time.thread_time() - begin
        assert math.isfinite(score.logit), done
        degraded += bool(score.degraded)
        if took > options.seconds:
            over += 1
            print(f"{took:.2f} s: {done}", file=sys.stderr)
        kept = (took, mails, done, raw if len(raw) < 1_000_000 else b"")
        (heapq.heappush if len(slow) < KEPT else heapq.heappushpop)(slow, kept)
    peak = peak_rss_mib()
    overrun, unnamed = tight(bundle, slow, large)
    slow.sort(reverse=True)
    return {
        "mails": mails, "seed": options.seed, "seconds": options.seconds,
        "exceptions": sum(failures.values()), "exception_places": dict(failures),
        "over_budget": over, "degraded": degraded, "slowest_s": round(slow[0][0], 3), "slowest": slow[0][2],
        "worst_overrun_s": round(overrun[0], 3), "worst_overrun": overrun[1], "unnamed": unnamed,
        "base_rss_mib": base, "peak_rss_mib": peak,
    }  # fmt: skip


def tight(
    bundle: Bundle, slow: list[tuple[float, int, str, bytes]], large: dict[str, Any]
) -> tuple[tuple[float, str], int]:
    """Score the slowest again with a tenth of their time; return the worst overrun, and how many late calls named nothing."""
    worst, unnamed = (0.0, ""), 0
    for took, _, done, raw in slow:
        limit = took / 10
        begin = time.thread_time()
        score = bundle.score(raw or large[done](), limits=Limits(seconds=limit))
        late = time.thread_time() - begin - limit
        worst = max(worst, (late, done))
        unnamed += late > 0.5 * took and not score.degraded
    return worst, unnamed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=10_000, help="how many (default: 10,000)")
    parser.add_argument("--bundle", type=Path, help="score by this one")
    parser.add_argument(
        "--corpus", type=Path, help="folder whose files are the seeds (default: invented mails)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="processor seconds that one mail may take")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="shrinks the bombs, but for the line of 50 MB"
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    seeds = [raw for raw in golden_mail().values() if raw]
    if options.corpus is not None:
        files = sorted(file for file in options.corpus.rglob("*") if file.is_file())
        seeds = [
            raw for file in files[:: max(1, len(files) // 3_000)] if (raw := file.read_bytes()[:200_000])
        ]
    if not seeds:
        sys.exit(f"no files in {options.corpus}: --corpus wants a folder of mails, one a file")
    with tempfile.TemporaryDirectory() as place:
        bundle = load(options.bundle) if options.bundle else invented(Path(place))
        found = run(bundle, seeds, options)
    if not options.json:
        for name, value in found.items():
            print(f"{name}: {value}")
    print(json.dumps(found))
    sys.exit(
        bool(
            found["exceptions"]
            or found["over_budget"]
            or found["unnamed"]
            or found["peak_rss_mib"] > MOST_RSS_MIB
        )
    )


if __name__ == "__main__":
    main()
