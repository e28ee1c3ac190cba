"""Mails a CPU-second from raw file to decision, beside bogofilter on the same files in the same run.

    .venv/bin/python experiments/bench/mail_speed.py --json

A bundle is trained once through the pipeline in a temporary home, bogofilter on the same training files on a list of
its own. Then both classify the same files in turns, a slice of them at a time; each round has new processes, so no
cache is warm from the round before. Ours reads the file, parses, computes every feature and scores by the bundle;
bogofilter does ``bogofilter -TT -b``. The time is user plus system CPU; starting either is left out and reported apart.
For each slice the best of the rounds counts: on a shared machine noise only adds.

Default: the SpamAssassin corpus, learnt from ``easy_ham``, the first 125 of ``hard_ham`` and ``spam``, measured on the
rest. Other corpora: a folder or archive with labels by folder or by an index file, learnt from the first N messages::

    ... mail_speed.py --corpus trec07p/data --index trec07p/full/index --train-first 20000 --json

The last line is one JSON object:

``mails_per_cpu_s``, ``bogofilter_mails_per_cpu_s`` (sqlite build), ``bogofilter_bdb_mails_per_cpu_s``
    null with a reason in ``bogofilter_reason`` or ``bogofilter_bdb_reason`` when that build is not installed.
``single_mails_per_cpu_s``
    By ``Bundle.score``, one mail at a time; the first figure is ``Bundle.score_many``, in batches.
``ratio``, ``ratio_bdb``
    Ours to theirs.
``two_process_cpu_ratio``, ``two_process_wall_ratio``
    CPU and wall time of the same work in two processes at once, to that of one. The ideal is 1 and 0.5.
``peak_rss_mib``
    Of one scoring process, start to end.
``start_up_cpu_s``, ``bogofilter_start_up_cpu_s``
    Imports, loading and verifying the bundle; bogofilter on an empty list.
``compiled_twins``
    How many functions ran compiled; 0 where the installation found no C compiler.
``profile_us``
    CPU microseconds a mail for each step, from a run of its own: reading, parsing, every extractor and view, graph,
    verdict. A step pays for what it is the first to ask of the parsed message. The clock itself adds a few.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from corpora import LABELS, Sample, corpus_options, msa, samples, say, split

_MOST_READ = 1 << 16
BUILDS = {"bogofilter": ("bogofilter-sqlite", "sqlite"), "bogofilter_bdb": ("bogofilter-bdb", "berkeley")}


# --- one scoring process -------------------------------------------------------------------------------------------


def worker(bundle: str, mode: str) -> None:
    """Load the bundle and say so; then score the files of every list that is named, and print what it took."""
    from msa_ml.bundle import load

    loaded = load(bundle)
    from msa_ml.features.compiled import TWINS

    ready = {"start_up_cpu_s": time.process_time(), "compiled_twins": len(TWINS)}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        paths = Path(line.strip()).read_text().splitlines()
        steps: Counter[str] = Counter()
        begin, wall = time.process_time(), time.perf_counter()
        if mode == "profile":
            flagged = profiled(loaded, paths, steps)
        elif mode == "single":
            flagged = sum(loaded.score(raw).decision for raw in raws(paths))
        else:
            flagged = sum(verdict.decision for verdict in loaded.score_many(raws(paths)))
        result = {
            "cpu_s": time.process_time() - begin,
            "wall_s": time.perf_counter() - wall,
            "flagged": flagged,
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "steps_us": {name: took / len(paths) * 1e6 for name, took in steps.items()},
        }
        print(json.dumps(result), flush=True)


def raws(paths: list[str]) -> Iterator[bytes]:
    """Yield the bytes of each file; a file object would take half as long again."""
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        try:
            pieces = [os.read(file, _MOST_READ)]
            while len(pieces[-1]) == _MOST_READ:
                pieces.append(os.read(file, _MOST_READ))
        finally:
            os.close(file)
        yield pieces[0] if len(pieces) == 1 else b"".join(pieces)


def profiled(loaded: Any, paths: list[str], steps: Counter[str]) -> int:
    """Score every file step by step, as ``Bundle.score_many`` does, with a clock between the steps."""
    import numpy as np

    from msa_ml.bundle.read import BATCH
    from msa_ml.features.extractor import Vectors
    from msa_ml.features.mail.message import Message

    clock = time.process_time
    flagged = 0
    parse = [name for name in ("block", "headers", "parts") if hasattr(Message, name)]
    for begin in range(0, len(paths), BATCH):
        rows: list[list[float | None]] = []
        content: dict[str, list[bytes]] = {view.name: [] for view in loaded.features.views}
        files = raws(paths[begin : begin + BATCH])
        start = clock()
        for raw in files:
            steps["read file"] += -start + (start := clock())
            mail = Message(raw)
            for name in parse:
                getattr(mail, name)
            steps["parse"] += -start + (start := clock())
            row: list[float | None] = []
            for extractor in loaded.features.extractors:
                values = extractor.extract(mail)
                row += [values.get(feature.name) for feature in extractor.features]
                steps[extractor.name] += -start + (start := clock())
            rows.append(row)
            for view in loaded.features.views:
                content[view.name].append(view.content(mail)[: view.limit])
                steps[f"view {view.name}"] += -start + (start := clock())
        vectors = Vectors(np.array(rows, np.float32), content)
        steps["vector"] += -start + (start := clock())
        logits = loaded.graph.logits(vectors)
        steps["graph"] += -start + (start := clock())
        threshold = np.float32(loaded.manifest.policy(None).threshold)
        flagged += int((logits >= threshold).sum())
        steps["verdict"] += -start + (start := clock())
    return flagged


class Scorer:
    """A scoring process that waits for lists of files."""

    def __init__(self, bundle: Path, mode: str = "batches") -> None:
        words = [sys.executable, __file__, "--worker", str(bundle), mode]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.finish()
        self.start_up_cpu_s = float(ready["start_up_cpu_s"])
        self.compiled_twins = int(ready["compiled_twins"])

    def begin(self, files: Path) -> None:
        """Let it score the listed files."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{files}\n")
        self._process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        """Wait for what it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a scoring process failed; its message is above")
        return dict(json.loads(line))

    def score(self, files: Path) -> dict[str, Any]:
        """Score the listed files and return what it took."""
        self.begin(files)
        return self.finish()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


# --- bogofilter ----------------------------------------------------------------------------------------------------


def build(program: str, database: str) -> tuple[str, str]:
    """Return the path of a bogofilter with this database, and otherwise the reason why there is none."""
    for name in (program, "bogofilter"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
            if database in (said.stdout + said.stderr).lower():
                return path, ""
    return "", f"no bogofilter with {database} is installed"


def bogofilter(program: str, folder: Path, listing: Path, *mode: str) -> float:
    """Run bogofilter on the listed files and return its CPU-seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with listing.open("rb") as files:
        done = subprocess.run(
            [program, "-d", str(folder), *mode, "-b"], stdin=files, capture_output=True, check=False
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # 0, 1, 2: spam, ham, unsure of the last one.
    if done.returncode not in (0, 1, 2):
        sys.exit(f"{program} failed: {done.stderr.decode(errors='replace')[-500:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def spread(found: list[Sample], most: int) -> list[Sample]:
    """Return at most so many, evenly spread."""
    return [found[number * len(found) // most] for number in range(most)] if len(found) > most else found


# --- the run -------------------------------------------------------------------------------------------------------


def train(place: Path, taught: list[Sample], measured: list[Sample]) -> Path:
    """Train through the pipeline and return the bundle.

    The measured mails are given as its test window; nothing is learnt from them.
    """
    mails = place / "mails"
    for part, chosen in (("train", taught), ("test", measured)):
        for sample in chosen:
            folder = mails / f"{part}_{'spam' if sample.spam else 'ham'}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / sample.path.name).hardlink_to(sample.path)
    home = place / ".msa"
    msa(home, "import", "mail", str(mails), "--label", "*_spam=spam", "--label", "*_ham=ham")
    experiment = place / "speed.toml"
    experiment.write_text(
        'task = "spam"\n[split]\nmethod = "given"\ntrain = ["*train_*"]\ntest = ["*test_*"]\n'
    )
    msa(home, "train", str(experiment), "--no-track")
    return home / "bundles" / "spam" / "latest"


def listing(path: Path, found: list[Sample]) -> Path:
    """Write the paths of messages, one a line."""
    path.write_text("".join(f"{sample.path}\n" for sample in found))
    return path


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Train both, let them classify in turns, and return every figure."""
    corpus = options.corpus
    found = samples(corpus, options.index, options.label or list(LABELS), place / "raw")
    taught, rest = split(found, options.train_first)
    measured = spread(rest, options.most)
    if not taught or not measured:
        sys.exit(f"{len(taught)} mails to learn from and {len(measured)} to measure: both are needed")
    say(f"{len(taught)} mails to learn from, {len(measured)} of {len(rest)} to measure")
    bundle = train(place, taught, measured)
    say("bundle trained")
    parts = {word: listing(place / f"{word}.txt", [s for s in taught if s.spam is flag])
             for word, flag in (("ham", False), ("spam", True))}  # fmt: skip
    result: dict[str, Any] = {}
    programs: dict[str, tuple[str, Path]] = {}
    for name, (program, database) in BUILDS.items():
        path, reason = build(program, database)
        if not path:
            result[f"{name}_reason"] = reason
            continue
        programs[name] = (path, place / name)
        programs[name][1].mkdir()
        took = sum(
            bogofilter(*programs[name], parts[word], mode) for word, mode in (("ham", "-n"), ("spam", "-s"))
        )
        say(f"{name} trained in {took:.0f} CPU-seconds")
    # A slice is every n-th mail, so that all slices are alike.
    slices = [Slice.of(place / f"slice{n}", measured[n :: options.slices]) for n in range(options.slices)]
    rounds = [one_round(bundle, programs, slices) for _ in range(options.rounds)]
    profile = Scorer(bundle, "profile")
    steps = [profile.score(part.every)["steps_us"] for part in slices]
    profile.close()
    return summary(rounds, len(measured)) | {
        **result,
        "profile_us": {name: round(sum(took[name] for took in steps) / len(steps), 1) for name in steps[0]},
        "mails": len(measured),
        "mean_bytes": round(sum(s.path.stat().st_size for s in measured) / len(measured)),
        "learnt_from": len(taught),
        "flagged": rounds[0]["flagged"],
        "spam": sum(sample.spam for sample in measured),
    }


class Slice(NamedTuple):
    """Lists of the files that are classified in one turn: all of them, and both halves."""

    every: Path
    halves: tuple[Path, Path]

    @classmethod
    def of(cls, stem: Path, found: list[Sample]) -> Slice:
        """Write the lists."""
        names = [stem.with_suffix(f".{name}.txt") for name in ("every", "half0", "half1")]
        every, first, second = map(listing, names, (found, found[::2], found[1::2]))
        return cls(every, (first, second))


def one_round(bundle: Path, programs: dict[str, tuple[str, Path]], slices: list[Slice]) -> dict[str, Any]:
    """Let everybody classify each slice in turn; return lists of seconds, one for each slice, by name."""
    took: dict[str, Any] = {name: [] for name in ("ours", "wall", "single", "two_cpu", "two_wall", *programs)}
    ours, single, *pair = scorers = [Scorer(bundle), Scorer(bundle, "single"), Scorer(bundle), Scorer(bundle)]
    took["flagged"] = 0
    nothing = listing(slices[0].every.with_suffix(".empty"), [])
    start = {
        name: min(bogofilter(*those, nothing, "-TT") for _ in range(5)) for name, those in programs.items()
    }
    for part in slices:
        for name, those in programs.items():
            took[name].append(bogofilter(*those, part.every, "-TT") - start[name])
        one, alone = ours.score(part.every), single.score(part.every)
        for scorer, half in zip(pair, part.halves, strict=True):
            scorer.begin(half)
        two = [scorer.finish() for scorer in pair]
        if not one["flagged"] == alone["flagged"] == sum(run["flagged"] for run in two):
            sys.exit("batches, single mails and two processes decide differently")
        took["flagged"] += one["flagged"]
        took["ours"].append(one["cpu_s"])
        took["wall"].append(one["wall_s"])
        took["single"].append(alone["cpu_s"])
        took["two_cpu"].append(sum(run["cpu_s"] for run in two))
        took["two_wall"].append(max(run["wall_s"] for run in two))
    for scorer in scorers:
        scorer.close()
    said = (f"{name} {sum(took[name]):.2f}" for name in took if name != "flagged")
    say(f"CPU-seconds (wall: wall): {', '.join(said)}")
    return {
        **took,
        "peak_rss_mib": one["peak_rss_mib"],
        "start_up_cpu_s": min(scorer.start_up_cpu_s for scorer in scorers),
        "start": start,
        "compiled_twins": ours.compiled_twins,
    }


def summary(rounds: list[dict[str, Any]], mails: int) -> dict[str, Any]:
    """Return rates and ratios: for each slice the best round, then the sum over the slices."""
    names = ("ours", "wall", "single", "two_cpu", "two_wall", *BUILDS)
    best = {
        name: sum(min(slice_) for slice_ in zip(*(one[name] for one in rounds), strict=True))
        for name in names
        if name in rounds[0]
    }
    rate = {name: mails / best[name] for name in ("ours", "single", *BUILDS) if name in best}
    return {
        "mails_per_cpu_s": round(rate["ours"], 1),
        "single_mails_per_cpu_s": round(rate["single"], 1),
        **{f"{name}_mails_per_cpu_s": round(rate[name], 1) if name in rate else None for name in BUILDS},
        "ratio": round(rate["ours"] / rate["bogofilter"], 3) if "bogofilter" in rate else None,
        "ratio_bdb": round(rate["ours"] / rate["bogofilter_bdb"], 3) if "bogofilter_bdb" in rate else None,
        "two_process_cpu_ratio": round(best["two_cpu"] / best["ours"], 3),
        "two_process_wall_ratio": round(best["two_wall"] / best["wall"], 3),
        "peak_rss_mib": round(max(one["peak_rss_mib"] for one in rounds), 1),
        "start_up_cpu_s": round(min(one["start_up_cpu_s"] for one in rounds), 2),
        "bogofilter_start_up_cpu_s": {name: round(took, 4) for name, took in rounds[0]["start"].items()},
        "compiled_twins": rounds[0]["compiled_twins"],
        "us_per_mail": round(best["ours"] / mails * 1e6, 1),
        "rounds_cpu_s": {name: [round(sum(one[name]), 3) for one in rounds] for name in best},
    }


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        worker(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus_options(parser)
    parser.add_argument("--most", type=int, default=3000, help="measure at most so many of the rest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slices", type=int, default=6, help="turns in a round")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if not options.corpus.exists():
        sys.exit(f"no corpus at {options.corpus}: data/README.md says where to get it; then --corpus PATH")
    with tempfile.TemporaryDirectory() as place:
        result = measure(options, Path(place))
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
