"""Labelled mail for the benchmarks: read, put in order, divided into what is learnt from and what is measured."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

SHARED = Path(os.environ.get("MSA_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
LABELS = ("*ham*=ham", "spam*=spam")


class Sample(NamedTuple):
    """A labelled message: its rank in order, whether it is spam, and where it lies."""

    rank: Any
    spam: bool
    origin: str
    path: Path


def corpus_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a corpus."""
    parser.add_argument(
        "--corpus", type=Path, default=SHARED / "spamassassin.tar.xz", help="folder or archive"
    )
    parser.add_argument("--index", type=Path, help="labels and order: lines 'spam ../data/inmail.1', or CSV")
    parser.add_argument(
        "--label",
        action="append",
        metavar="PATTERN=WORD",
        help=f"labels by folder; default: {' '.join(LABELS)}",
    )
    parser.add_argument("--train-first", type=int, metavar="N", help="learn from the first N; default: half")


def samples(corpus: Path, index: Path | None, rules: list[str], into: Path) -> list[Sample]:
    """Write every labelled message into a file of its own, and return them in order.

    The order is that of the index file, otherwise that of time.
    """
    from msa_ml.source.files import read_mail
    from msa_ml.source.index_files import read_index
    from msa_ml.source.label_rules import label_of, parse_rules
    from msa_ml.source.neighbours import dated

    listed = read_index(index) if index else None
    known = parse_rules(rules)
    order = {key: number for number, key in enumerate(listed.by_path)} if listed else {}
    found: list[Sample] = []
    into.mkdir()
    for number, mail in enumerate(dated(read_mail([corpus]))):
        rank: Any = (mail.event_time, number)
        if listed:
            entry = listed.look_up(mail.found)
            label = entry.label if entry else None
            rank = order.get(_key(mail.found, listed), number)
        else:
            label = label_of(mail.found.folders, known).label
        if label in ("spam", "ham"):
            path = into / f"{number:07}.eml"
            path.write_bytes(mail.found.raw)
            found.append(Sample(rank, label == "spam", mail.found.origin, path))
    return sorted(found, key=lambda sample: sample.rank)


def _key(found: Any, index: Any) -> str | None:
    """Return the name under which an index lists a message."""
    if found.path is not None:
        return os.path.abspath(found.path)  # noqa: PTH100 - links keep their names
    ends = ("/".join(found.origin.split("/")[start:]) for start in range(found.origin.count("/") + 1))
    return next((index.by_end[end] for end in ends if end in index.by_end), None)


def split(found: list[Sample], first: int | None) -> tuple[list[Sample], list[Sample]]:
    """Return what is learnt from and what is measured."""
    folders = {sample.origin.split("/")[-2] for sample in found if "/" in sample.origin}
    if first is None and {"easy_ham", "easy_ham_2", "hard_ham", "spam", "spam_2"} <= folders:
        hard = sorted((s for s in found if "hard_ham/" in s.origin), key=lambda s: s.origin)
        learnt = {id(sample) for sample in hard[:125]}
        taught = [s for s in found if id(s) in learnt or s.origin.split("/")[-2] in ("easy_ham", "spam")]
        chosen = {id(sample) for sample in taught}
        return taught, [sample for sample in found if id(sample) not in chosen]
    first = len(found) // 2 if first is None else first
    return found[:first], found[first:]


def msa(home: Path, *words: str) -> dict[str, Any]:
    """Run one command and return its JSON object."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MSA_", "MLFLOW_"))}
    done = subprocess.run(
        [sys.executable, "-m", "msa_ml", *words, "--json"],
        env={**kept, "MSA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"msa-ml {' '.join(words)} failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def say(words: str) -> None:
    """Print to standard error; the last line of standard output is for machines."""
    print(words, file=sys.stderr, flush=True)
