"""How much spam is caught where ham is spared: under shift, on mail of another era, and when spam hides.

    .venv/bin/python experiments/bench/mail_accuracy.py --json

The default configuration of the task, from raw mail. Default corpus: SpamAssassin's public one, learnt from
``easy_ham``, the first 125 of ``hard_ham`` and ``spam``, measured on the rest (protocol S: a test of shift, since what is
learnt from is mostly later than what is measured). Other corpora: a folder or archive with labels by folder or by an
index file, learnt from the first N messages::

    ... mail_accuracy.py --corpus trec07p/data --index trec07p/full/index --train-first 20000 --json

The last line is one JSON object:

``s_one_minus_roca_pct``, ``s_fnr_at_1pct``
    Area above the ROC curve in %, and share of spam missed at the best threshold with an FPR of at most 1 %; means over
    the seeds. ``s_spread`` holds the values, ``s_content`` those of the content model alone.
``s_seeds``
    Of the hash, the order, the padding and the trees.
``blinux_share_above_1pct``
    Trained by ``msa-ml train spam`` on the whole corpus: share of another archive's mail (all presumed ham) at or above
    that bundle's 1 % threshold; null where the archive is missing. ``blinux`` says how far below they stand, and what
    drives the highest.
``obfuscation_mean_kept``, ``obfuscation_worst_kept``
    Share of the caught spam that is still caught after each transformation, mean and least, at the threshold of FPR 1 %
    on the measured ham, first seed; ``obfuscation`` has all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from corpora import LABELS, SHARED, Sample, corpus_options, msa, samples, say, split


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus_options(parser)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0")
    parser.add_argument("--hidden", type=int, default=400, help="spam that is transformed, at most")
    parser.add_argument("--other", type=Path, default=SHARED / "blinux-list.tar.xz", help="archive of ham")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if not options.corpus.exists():
        sys.exit(f"no corpus at {options.corpus}: data/README.md says where to get it; then --corpus PATH")
    with tempfile.TemporaryDirectory() as place:
        result = measure(options, Path(place))
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Measure everything, and return every figure."""
    found = samples(options.corpus, options.index, options.label or list(LABELS), place / "raw")
    taught, measured = split(found, options.train_first)
    say(f"{len(taught)} mails to learn from, {len(measured)} to measure")
    result, model, threshold = under_shift(taught, measured, options.seeds)
    spam = [sample.path.read_bytes() for sample in measured if sample.spam]
    result |= hidden(model, spread(spam, options.hidden), threshold)
    return result | other(options, place)


# --- protocol S ----------------------------------------------------------------------------------------------------


def under_shift(
    taught: list[Sample], measured: list[Sample], seeds: int
) -> tuple[dict[str, Any], Any, float]:
    """Train once for each seed; return the figures, and the first model with its threshold."""
    from msa_ml.evaluation.metrics import one_minus_roca_pct, tpr_at_fpr
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import fit_stack
    from msa_ml.tasks import get

    features = get("spam").features()
    learnt, y_learnt = vectors(taught, features), truth(taught)
    judged, y = vectors(measured, features), truth(measured)
    campaign = np.array([fingerprint_of(sample) for sample in taught])
    weight = np.ones(len(taught))
    figures: dict[str, list[float]] = {"roca": [], "fnr": [], "content_roca": [], "content_fnr": []}
    models, scores = [], []
    for seed in range(seeds):
        experiment = Experiment(task="spam", seed=seed)
        model = fit_stack(experiment, features, learnt, y_learnt, weight, campaign)
        models.append(model)
        scores.append(model.decision_function(judged))
        for name, score in (("", scores[-1]), ("content_", model.content_logit(judged))):
            figures[f"{name}roca"].append(one_minus_roca_pct(y, score))
            figures[f"{name}fnr"].append(1 - tpr_at_fpr(y, score, 0.01))
        say(f"seed {seed}: (1-ROCA)% {figures['roca'][-1]:.3f}, FNR at 1 % {figures['fnr'][-1]:.4f}")
    ham = np.sort(scores[0][y == 0])[::-1]
    threshold = float(np.nextafter(ham[int(0.01 * len(ham))], np.float32(np.inf)))
    result = {
        "s_one_minus_roca_pct": round(float(np.mean(figures["roca"])), 4),
        "s_fnr_at_1pct": round(float(np.mean(figures["fnr"])), 4),
        "s_seeds": list(range(seeds)),
        "s_spread": {
            name: [round(value, 4) for value in figures[key]]
            for name, key in (("one_minus_roca_pct", "roca"), ("fnr_at_1pct", "fnr"))
        },
        "s_content": {
            "one_minus_roca_pct": round(float(np.mean(figures["content_roca"])), 4),
            "fnr_at_1pct": round(float(np.mean(figures["content_fnr"])), 4),
        },
        "s_mails": {
            "learnt": {"ham": int((y_learnt == 0).sum()), "spam": int(y_learnt.sum())},
            "measured": {"ham": int((y == 0).sum()), "spam": int(y.sum())},
        },
    }
    return result, models[0], threshold


def truth(found: list[Sample]) -> Any:
    """Return 1 for spam and 0 for ham."""
    return np.array([int(sample.spam) for sample in found])


def vectors(found: list[Sample], features: Any) -> Any:
    """Return the vectors of some messages."""
    from msa_ml.features.extraction import extract_mail

    batches = (
        pl.DataFrame(
            {
                "event_id": [str(sample.path) for sample in part],
                "raw": [sample.path.read_bytes() for sample in part],
            }
        )
        for part in (found[start : start + 500] for start in range(0, len(found), 500))
    )
    return extract_mail(batches, features, expected=len(found))[1]


def fingerprint_of(sample: Sample) -> str:
    """Return the campaign of a message."""
    from msa_ml.dataset.campaigns import fingerprint
    from msa_ml.features.mail.message import Message

    return fingerprint(Message(sample.path.read_bytes()).text)


# --- spam that hides -----------------------------------------------------------------------------------------------


def hidden(model: Any, spam: list[bytes], threshold: float) -> dict[str, Any]:
    """Transform spam by every trick and see what is still caught."""
    from msa_ml.evaluation.obfuscation.robustness import measure as measure_hiding
    from msa_ml.features.extraction import extract_mail
    from msa_ml.tasks import get

    features = get("spam").features()

    def score(raws: Any) -> Any:
        frame = pl.DataFrame({"event_id": [str(number) for number in range(len(raws))], "raw": list(raws)})
        return model.decision_function(extract_mail([frame], features, expected=len(raws))[1])

    found = measure_hiding(score, spam, threshold, replicates=20)
    say(found.table())
    return {
        "obfuscation_mean_kept": round(found.mean.value, 4),
        "obfuscation_worst_kept": round(found.worst.kept.value, 4),
        "obfuscation": {kept.name: round(kept.kept.value, 4) for kept in found.tricks},
        "obfuscation_spam": {"transformed": found.spam, "caught": found.caught},
    }


def spread(items: list[bytes], most: int) -> list[bytes]:
    """Return at most so many, evenly spread."""
    return [items[number * len(items) // most] for number in range(most)] if len(items) > most else items


# --- mail of another era -------------------------------------------------------------------------------------------


def other(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Train by the command line on the whole corpus, and score another archive with the bundle."""
    if not options.other.exists():
        return {"blinux_share_above_1pct": None, "blinux_reason": f"no archive at {options.other}"}
    from msa_ml.bundle import load
    from msa_ml.source.files import read_mail

    labels = [word for rule in options.label or LABELS for word in ("--label", rule)]
    index = ["--index", str(options.index)] if options.index else []
    home = place / ".msa"
    msa(home, "import", "mail", str(options.corpus), *([] if index else labels), *index)
    msa(home, "train", "spam", "--no-track")
    bundle = load(home / "bundles" / "spam" / "latest")
    raws = [found.raw for found in read_mail([options.other])]
    logit = np.array([verdict.logit for verdict in bundle.score_many(raws)])
    policy = bundle.manifest.policy("fpr_1pct")
    highest = np.argsort(-logit)[:100]
    typical = np.argsort(-logit)[len(logit) // 4 : 3 * len(logit) // 4]
    say(f"{(logit >= policy.threshold).sum()} of {len(logit)} at or above the 1 % threshold")
    return {
        "blinux_share_above_1pct": round(float((logit >= policy.threshold).mean()), 5),
        "blinux": {
            "mails": len(logit),
            "threshold": policy.threshold,
            "certified": policy.certified,
            "logit_quantiles": {
                str(share): round(float(np.quantile(logit, share)), 2) for share in (0.5, 0.9, 0.99, 0.999, 1)
            },
            "driven_by": drivers(
                bundle, [raws[row] for row in highest], [raws[row] for row in typical[:400]]
            ),
        },
    }


def drivers(bundle: Any, high: list[bytes], usual: list[bytes], most: int = 8) -> dict[str, float]:
    """Return by how much the logit of the highest mails falls when one family takes the values of a usual mail.

    ``content`` is the difference of the content logits.
    """
    from msa_ml.features.extraction import vectors_of
    from msa_ml.features.extractor import Vectors

    ours, theirs = vectors_of(bundle.features, high), vectors_of(bundle.features, usual)
    before = bundle.graph.logits(ours)
    families = np.array([column.rpartition(".")[0] for column in bundle.features.columns])
    random = np.random.default_rng(0)
    found = {}
    for family in np.unique(families):
        dense = ours.dense.copy()
        dense[:, families == family] = theirs.dense[random.integers(0, len(usual), len(high))][
            :, families == family
        ]
        found[str(family)] = float((before - bundle.graph.logits(Vectors(dense, ours.content))).mean())
    swapped = {
        view: [items[row] for row in random.integers(0, len(usual), len(high))]
        for view, items in theirs.content.items()
    }
    found["content"] = float((before - bundle.graph.logits(Vectors(ours.dense, swapped))).mean())
    ranked = sorted(found.items(), key=lambda pair: -pair[1])[:most]
    return {name: round(value, 3) for name, value in ranked}


if __name__ == "__main__":
    main()
