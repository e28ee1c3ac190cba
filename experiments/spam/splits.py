"""The default model and its ablations on several splits of one corpus.

    .venv/bin/python experiments/spam/splits.py [--corpus PATH] [--seeds 1] [--families] [--json]

Choices are made by what holds on most of these and not on one alone:

``time``        the first three quarters in order of time, then the last
``pair <x>``    trained on the other folders; ``x`` names the ham and the spam folder that are measured
``hard``        trained without any ``hard_ham`` (newsletters and the like), measured on it and on unseen spam domains
``domain <n>``  trained on one half of the senders' domains, measured on the other

Every cell is (1-ROCA)% / FNR in % at FPR <= 1 %. ``--families`` leaves out one family of features after the other.
Protocol S (``pair easy_ham_2+spam_2``) is in ``experiments/bench/mail_accuracy.py``, and stays out of choices.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from corpora import LABELS, SHARED, Sample, samples, say
from mail_accuracy import truth, vectors

VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "no padded copies": {"content": {"padding": 0.0}},
    "no naive Bayes evidence": {"content": {"evidence": 0.0}},
    "neither": {"content": {"padding": 0.0, "evidence": 0.0}},
    "text by 4-grams": {"content": {"sizes": {"head": (4,), "text": (4,)}}},
    "text by 3- and 5-grams": {"content": {"sizes": {"head": (4,), "text": (3, 5)}}},
    "without the head view": {"content": {"sizes": {"text": (2, 4)}}},
    "without the text view": {"content": {"sizes": {"head": (4,)}}},
    "2**18 buckets": {"content": {"bits": 18}},
    "text by 4-grams, 2**18 buckets": {"content": {"bits": 18, "sizes": {"head": (4,), "text": (4,)}}},
    "one bag of all families": {"trees": {"bags": 1}},
    "campaigns not weighted": {"campaign_weight": 0.0},
}


class Split(NamedTuple):
    """Numbers of the rows that are learnt from and measured."""

    name: str
    learnt: np.ndarray
    measured: np.ndarray


def splits(found: list[Sample], domain: np.ndarray) -> list[Split]:
    """Return the splits of SpamAssassin's corpus; rows are in order of time."""
    folder = np.array([sample.origin.split("/")[-2] for sample in found])
    spam = truth(found) == 1
    hard = np.flatnonzero(folder == "hard_ham")
    hard = hard[np.argsort([found[row].origin for row in hard])]
    first, last = (np.isin(np.arange(len(found)), rows) for rows in (hard[:125], hard[125:]))
    half = (
        np.array([hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] & 1 for name in domain]) == 1
    )
    early = np.arange(len(found)) < 0.75 * len(found)

    def pair(ham: str, junk: str) -> tuple[np.ndarray, np.ndarray]:
        measured = (folder == ham) | (folder == junk) | (last if ham == "easy_ham_2" else first)
        return ~measured, measured

    masks = {
        "time": (early, ~early),
        "pair easy_ham+spam": pair("easy_ham", "spam"),
        "pair easy_ham_2+spam": pair("easy_ham_2", "spam"),
        "pair easy_ham+spam_2": pair("easy_ham", "spam_2"),
        "hard": ((folder != "hard_ham") & half, (folder == "hard_ham") | (spam & ~half)),
        "domain 1": (half, ~half),
        "domain 2": (~half, half),
    }
    return [Split(name, np.flatnonzero(a), np.flatnonzero(b)) for name, (a, b) in masks.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=SHARED / "spamassassin.tar.xz")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--families", action="store_true", help="leave out one family after the other instead"
    )
    parser.add_argument("--only", action="append", help="names of variants; default: all")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = samples(options.corpus, None, list(LABELS), Path(place) / "raw")
        data = Data.of(found)
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    for split in splits(found, data.domain):
        say(split.name)
        by_variant = families(data, split) if options.families else variants(data, split, options)
        for variant, cell in by_variant.items():
            rows.setdefault(variant, {})[split.name] = cell
    if not options.json:
        print(table(rows))
    print(json.dumps(rows))


class Data(NamedTuple):
    """Everything that is computed once."""

    features: Any
    vectors: Any
    y: np.ndarray
    domain: np.ndarray
    campaign: np.ndarray

    @classmethod
    def of(cls, found: list[Sample]) -> Data:
        """Read the messages."""
        from msa_ml.dataset.campaigns import fingerprint
        from msa_ml.features.mail.message import Message
        from msa_ml.tasks import get

        features = get("spam").features()
        mails = [Message(sample.path.read_bytes()) for sample in found]
        domain = np.array([mail.sender.domain if mail.sender else "" for mail in mails])
        campaign = np.array([fingerprint(mail.text) for mail in mails])
        return cls(features, vectors(found, features), truth(found), domain, campaign)


def variants(data: Data, split: Split, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Return the figures of every variant, and of the content model of the default."""
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import fit_stack

    cells: dict[str, list[tuple[float, float]]] = {}
    for name, change in VARIANTS.items():
        if options.only and name not in options.only:
            continue
        for seed in range(options.seeds):
            experiment = Experiment.from_dict({"task": "spam", "seed": seed, "model": change})
            model = fit_stack(
                experiment,
                data.features,
                data.vectors[split.learnt],
                data.y[split.learnt],
                np.ones(len(split.learnt)),
                data.campaign[split.learnt],
            )
            rows, y = data.vectors[split.measured], data.y[split.measured]
            cells.setdefault(name, []).append(figures(y, model.decision_function(rows)))
            if name == "default":
                cells.setdefault("content model alone", []).append(figures(y, model.content_logit(rows)))
    return {name: mean(values) for name, values in cells.items()}


def families(data: Data, split: Split) -> dict[str, tuple[float, float]]:
    """Return the figures without each family; the content model is trained once."""
    from msa_ml.dataset.campaigns import campaign_weight
    from msa_ml.experiment import Experiment
    from msa_ml.model.boosting import BoostedTrees
    from msa_ml.pipeline import fit_stack

    experiment = Experiment(task="spam")
    campaign, y = data.campaign[split.learnt], data.y[split.learnt]
    learnt, measured = data.vectors[split.learnt], data.vectors[split.measured]
    stack = fit_stack(experiment, data.features, learnt, y, np.ones(len(y)), campaign)
    weight = campaign_weight(campaign, experiment.model.campaign_weight)
    logit = stack.content_logit(measured)
    family = np.array([column.rpartition(".")[0] for column in data.features.columns])
    monotone = np.array([feature.monotone for feature in data.features.features])
    cells = {"content model alone": figures(data.y[split.measured], logit)}
    for name in ("", *np.unique(family)):
        kept = family != name
        trees = BoostedTrees(
            **experiment.to_dict()["model"]["trees"],
            groups=tuple(family[kept]),
            monotone=tuple(monotone[kept]),
        )
        trees.fit(learnt.dense[:, kept], y, weight, stack.out_of_fold_)
        score = trees.decision_function(measured.dense[:, kept], logit)
        cells[f"without {name}" if name else "default"] = figures(data.y[split.measured], score)
    return cells


def figures(y: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return (1-ROCA)% and FNR in % at FPR <= 1 %."""
    from msa_ml.evaluation.metrics import one_minus_roca_pct, tpr_at_fpr

    return one_minus_roca_pct(y, score), 100 * (1 - tpr_at_fpr(y, score, 0.01))


def mean(values: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the means over the seeds."""
    first, second = np.mean(values, axis=0)
    return round(float(first), 3), round(float(second), 2)


def table(rows: dict[str, dict[str, tuple[float, float]]]) -> str:
    """Return the figures as Markdown."""
    names = list(next(iter(rows.values())))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for variant, cells in rows.items():
        shown = (f"{cells[name][0]:.2f} / {cells[name][1]:.1f}" for name in names)
        lines.append(f"| {variant} | {' | '.join(shown)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
