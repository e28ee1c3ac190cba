"""What histories add to spam, for those who keep counters, and that they do no harm to those who keep none.

    .venv/bin/python experiments/spam/history.py [--corpus PATH] [--days 10] [--per-day 900] [--strength 0.3] [--json]

Two worlds: simulated mail (SYNTHETIC; its senders, networks and campaigns come back, its labels arrive with delay), and the
SpamAssassin corpus in order of time, which has little history. On each, one split and one extraction; the models are

``without``          the default: no histories
``with``             ``model.histories = "all"``, scored with the histories as they were known then
``with, unknown``    the same model, scored as from raw mail alone: every history is unknown
``never forgetting`` the same features, but no training row forgets its past: the reason why half of them do

Every cell: (1-ROCA)%, FNR in % at FPR <= 1 %, and FPR and TPR in % at the thresholds that the calibration window gave for 1 %.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from corpora import LABELS, SHARED, say

STORED = datetime(2026, 11, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=SHARED / "spamassassin.tar.xz")
    parser.add_argument("--days", type=float, default=10)
    parser.add_argument("--per-day", type=int, default=900)
    parser.add_argument("--strength", type=float, default=0.3, help="of the simulated attackers, 0 to 1")
    parser.add_argument("--seeds", type=int, default=3, help="of the trees")
    parser.add_argument("--world", choices=("simulated", "spamassassin"), help="one of them; default: both")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    for name in (options.world,) if options.world else ("simulated", "spamassassin"):
        with tempfile.TemporaryDirectory() as place:
            say(f"{name}: filling a store")
            prepared = world(name, Path(place), options)
            found[name] = measured(prepared, options.seeds)
    if not options.json:
        for name, said in found.items():
            print(table(name, said))
    print(json.dumps(found))


def world(name: str, place: Path, options: argparse.Namespace) -> Any:
    """Return the prepared rows of a world, with histories."""
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import load, prepare
    from msa_ml.settings import read

    settings = read(home=place / "home", isolated=True)
    settings.home.mkdir()
    if name == "simulated":
        _simulate(settings, options)
    else:
        _import(settings, options.corpus)
    dataset = load("spam", settings=settings)
    say(f"{name}: features of {len(dataset.labelled):,} mails, and what was known before them")
    return prepare(dataset, Experiment.of("spam").with_histories())


def _simulate(settings: Any, options: argparse.Namespace) -> None:
    from msa_ml.features.mail.reputation import content_keys
    from msa_ml.source.clickhouse import connect
    from msa_ml.source.migrate import init
    from msa_ml.source.simulate import simulate_mail_frames

    store = connect(settings.results_url, settings=settings)
    with store.session():
        init(store, retention={})
        for mails, labels in simulate_mail_frames(
            seed=11,
            days=options.days,
            per_day=options.per_day,
            start=datetime(2026, 3, 2, tzinfo=UTC),
            stored_at=STORED,
            settings=settings,
            content=content_keys,
            strength=options.strength,
        ):
            store.insert("mail_events", mails)
            store.insert("labels", labels)


def _import(settings: Any, corpus: Path) -> None:
    from msa_ml.intake import import_mail_into

    import_mail_into(
        settings,
        [corpus],
        source="spamassassin",
        labels=LABELS,
        task="spam",
        label_delay=timedelta(days=1),
        stored_at=STORED,
    )


def measured(prepared: Any, seeds: int) -> dict[str, Any]:
    """Return the cells of every model, each the mean over the seeds, and how much history there was."""
    from msa_ml.dataset.campaigns import campaign_weight
    from msa_ml.experiment import Experiment
    from msa_ml.pipeline import fit_stack

    experiment = Experiment.of("spam")
    plain, train = prepared.without("history"), prepared.split.train
    campaign = prepared.index["campaign"].to_numpy().astype(str)[train]
    # The content model reads no history, so one serves all.
    stack = fit_stack(
        experiment, plain.features, plain.vectors[train], plain.y[train], plain.weight[train], campaign
    )
    weight = plain.weight[train] * campaign_weight(campaign, experiment.model.campaign_weight)
    logit = stack.content_logit(plain.vectors)
    cells: dict[str, list[dict[str, float]]] = {}
    gains = []
    for seed in range(seeds):
        say(f"seed {seed}")
        forgetful = Trees(prepared, stack.out_of_fold_, logit, weight, seed, forgets=True)
        leaning = Trees(prepared, stack.out_of_fold_, logit, weight, seed, forgets=False)
        models = {
            "without": Trees(plain, stack.out_of_fold_, logit, weight, seed, forgets=False).cell(),
            "with": forgetful.cell(),
            "with, unknown": forgetful.cell(unknown=True),
            "never forgetting": leaning.cell(),
            "never forgetting, unknown": leaning.cell(unknown=True),
        }
        gains.append(forgetful.history_share)
        for name, one in models.items():
            cells.setdefault(name, []).append(one)
    test = prepared.split.test
    past = prepared.vectors.dense[:, -len(prepared.features.histories) :]
    columns = [one.name for one in prepared.features.histories]
    return {
        "synthetic": bool(prepared.dataset.synthetic),
        "counts": prepared.counts(),
        "seeds": seeds,
        "test_senders_seen_in_7d": _share(past[test, columns.index("mail.count_by_sender_7d")] > 0),
        "test_content_seen_in_7d": _share(past[test, columns.index("mail.count_by_campaign_7d")] > 0),
        "history_share_of_gain": _share(gains),
        "models": {
            name: {key: round(float(np.mean([one[key] for one in rows])), 3) for key in rows[0]}
            for name, rows in cells.items()
        },
    }


def _share(values: Any) -> float:
    return round(float(np.mean(values)), 3)


class Trees:
    """Trees on a content model that is given, calibrated as :func:`msa_ml.pipeline.fit` does it."""

    def __init__(
        self,
        prepared: Any,
        out_of_fold: np.ndarray,
        content: np.ndarray,
        weight: np.ndarray,
        seed: int,
        *,
        forgets: bool,
    ) -> None:
        from msa_ml.experiment import Experiment
        from msa_ml.model.boosting import BoostedTrees
        from msa_ml.model.calibration import fit_platt
        from msa_ml.model.threshold import fit_policies
        from msa_ml.model.without_past import forget, half, stricter

        self.prepared, self.content = prepared, content
        features, split = prepared.features, prepared.split
        vectors = prepared.vectors[split.train]
        if forgets:
            campaign = prepared.index["campaign"].to_numpy().astype(str)[split.train]
            vectors = forget(vectors, features, half(campaign, seed))
        self.trees = BoostedTrees(
            **Experiment.of("spam").to_dict()["model"]["trees"],
            groups=tuple(column.rpartition(".")[0] for column in features.columns),
            monotone=tuple(feature.monotone for feature in features.features),
            seed=seed,
        )
        self.trees.fit(vectors.dense, prepared.y[split.train], weight, out_of_fold)
        held = split.calibration
        y = prepared.y[held]
        either = [self.margin(held, unknown=unknown) for unknown in ((False, True) if forgets else (False,))]
        self.platt = fit_platt(np.concatenate(either), np.tile(y, len(either)))
        found = [fit_policies(y, self.platt.logit(one).astype(np.float32)) for one in either]
        policies = stricter(*found) if forgets else found[0]
        self.threshold = next(one.threshold for one in policies if one.name == "fpr_1pct")

    @property
    def history_share(self) -> float:
        """Share of the trees' gain that histories have."""
        return float(self.trees.gain()[-len(self.prepared.features.histories) :].sum())

    def margin(self, rows: np.ndarray, *, unknown: bool) -> np.ndarray:
        """Return the margin of some rows, with or without what was known before them."""
        from msa_ml.model.without_past import forget

        vectors = self.prepared.vectors[rows]
        vectors = forget(vectors, self.prepared.features) if unknown else vectors
        return self.trees.decision_function(vectors.dense, self.content[rows])

    def cell(self, *, unknown: bool = False) -> dict[str, float]:
        """Return the figures on the test window."""
        rows = self.prepared.split.test
        logit = self.platt.logit(self.margin(rows, unknown=unknown)).astype(np.float32)
        return figures(self.prepared.y[rows], logit, self.threshold)


def figures(y: np.ndarray, logit: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the figures of one model on the test window, percent."""
    from msa_ml.evaluation.metrics import one_minus_roca_pct, tpr_at_fpr

    above = logit >= np.float32(threshold)
    return {
        "one_minus_roca_pct": one_minus_roca_pct(y, logit),
        "fnr_at_1pct": 100 * (1 - tpr_at_fpr(y, logit, 0.01)),
        "fpr": 100 * float(above[y == 0].mean()),
        "tpr": 100 * float(above[y == 1].mean()),
    }


def table(name: str, found: Mapping[str, Any]) -> str:
    """Return the cells as Markdown."""
    mark = " (SYNTHETIC)" if found["synthetic"] else ""
    lines = [
        f"| {name}{mark} | (1-ROCA)% | FNR at FPR <= 1 % | FPR / TPR at the threshold of 1 % |",
        "|---|---|---|---|",
    ]
    for model, one in found["models"].items():
        lines.append(
            f"| {model} | {one['one_minus_roca_pct']:.3f} | {one['fnr_at_1pct']:.2f} | {one['fpr']:.2f} / {one['tpr']:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
