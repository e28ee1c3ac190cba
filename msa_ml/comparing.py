"""Champion against challenger on the same stored events, and who may become champion."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.read import Bundle
from msa_ml.bundle.read import load as load_bundle
from msa_ml.dataset.dataset import Dataset, day_of, weights_of
from msa_ml.errors import DataRefused, InputError, Refused
from msa_ml.evaluation.compare import Comparison, Verdict, compare, verdict
from msa_ml.evaluation.obfuscation.loss import Loss
from msa_ml.evaluation.obfuscation.robustness import Robustness
from msa_ml.features.extraction import extract_events
from msa_ml.measuring import hide, policies_of
from msa_ml.pipeline import Progress, Silent, load
from msa_ml.records import words_of
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import Settings, allowed_packages
from msa_ml.trained import slices_of
from msa_ml.unseen import unseen

LEAST = 20
"""Fewest events of each class that a comparison is made on."""
MOST_HIDDEN = 100
"""Spam mails that the obfuscation suite transforms for each bundle."""


@dataclass(frozen=True)
class Compared:
    """Two bundles on the same events.

    Attributes
    ----------
    champion, challenger
        Ids of the bundles.
    comparison
        Paired differences with clustered intervals.
    verdict
        Whether the challenger should replace the champion, with reasons.
    robustness
        What either catches of the same spam when it hides, champion first; empty where the suite was not run.
    """

    champion: str
    challenger: str
    comparison: Comparison
    verdict: Verdict
    robustness: tuple[Robustness, ...] = ()

    def text(self) -> str:
        """Return it as plain text."""
        said = "should replace" if self.verdict.promote else "should not replace"
        reasons = "\n".join(f"  {reason}" for reason in self.verdict.reasons)
        return f"{self.comparison.table()}\n\n{self.challenger[:12]} {said} {self.champion[:12]}:\n{reasons}"

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml compare --json``."""
        return {
            "champion": self.champion,
            "challenger": self.challenger,
            "promote": self.verdict.promote,
            "reasons": list(self.verdict.reasons),
            "comparison": self.comparison.to_json(),
            "obfuscation": {
                role: found.to_json()
                for role, found in zip(("champion", "challenger"), self.robustness, strict=False)
            },
        }


def compare_bundles(
    champion: Bundle,
    challenger: Bundle,
    dataset: Dataset,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> Compared:
    """Score the labelled events of a dataset with two bundles and judge the challenger.

    The thresholds compared are the challenger's default policy and the champion's policy of the same name.

    Raises
    ------
    DataRefused
        Too few labelled events of a class.
    """
    say = progress or Silent()
    if champion.manifest.task != challenger.manifest.task:
        raise InputError(
            f"a {champion.manifest.task} bundle and a {challenger.manifest.task} bundle answer different questions."
        )
    fresh = unseen([champion, challenger], dataset)
    index = fresh.index.filter(pl.col("label").is_not_null())
    y = index["label"].to_numpy().astype(np.int8)
    counts = (int((y == 0).sum()), int((y == 1).sum()))
    words = words_of(dataset.kind)
    if min(counts) < LEAST:
        raise DataRefused(
            f"the window holds {counts[0]} {words[1]} and {counts[1]} {words[0]}, a comparison needs {LEAST} of each. {'; '.join(fresh.said())}".strip(),
            hint="Widen the window.",
        )
    with say.step("scoring with both", 2 * len(index)) as done:
        logits = [_logits(bundle, dataset, index, workers, done) for bundle in (champion, challenger)]
    name = challenger.manifest.default_policy
    by_name = [{policy.name: policy for policy in policies_of(bundle)} for bundle in (champion, challenger)]
    if name not in by_name[0]:
        raise InputError(
            f"the champion has no policy '{name}' to compare with.", hint="Train both with one budget."
        )
    comparison = compare(
        y,
        logits[0],
        logits[1],
        champion_policy=by_name[0][name],
        challenger_policy=by_name[1][name],
        weight=weights_of(index),
        campaign=index["campaign"].to_numpy().astype(str),
        day=day_of(index),
        slices=slices_of(index),
        synthetic=dataset.synthetic,
        words=words,
    )
    robustness: tuple[Robustness, ...] = ()
    # A gate that was not run is said, so that its silence is not taken for a pass.
    notes = tuple(fresh.said())
    try:
        robustness = tuple(
            hide(bundle, dataset, index, policy=name, most=MOST_HIDDEN, progress=say)
            for bundle in (champion, challenger)
        )
    except DataRefused as error:
        notes = (f"not run: obfuscation suite, {error}", *notes)
    judged = verdict(comparison, obfuscation=Loss.between(*robustness) if robustness else None)
    found = Verdict(judged.promote, (*judged.reasons, *notes))
    return Compared(champion.id, challenger.id, comparison, found, robustness)


def _logits(
    bundle: Bundle, dataset: Dataset, index: pl.DataFrame, workers: int, done: Any
) -> NDArray[np.float32]:
    found, vectors = extract_events(dataset, index, bundle.features, workers=workers, progress=done)
    missing = len(index) - len(found)
    if missing:
        raise DataRefused(f"{missing} events have no raw mail any more.", hint="Compare on a newer window.")
    return bundle.graph.logits(vectors)


def promote(
    tracking: Tracking,
    settings: Settings,
    task: str,
    version: str,
    *,
    as_of: datetime,
    forced: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make a version champion if it is shown to be better on its own test window, or if a person forces it.

    Parameters
    ----------
    as_of
        Labels known before this moment are used.
    forced
        Reason of a person who overrides the verdict; also for the way back to an older version.

    Raises
    ------
    Refused
        The verdict is no, or the version was trained on simulated events.
    """
    tracking.demand_promotable(task, version)
    champion = tracking.champion(task)
    judged: Compared | None = None
    if not forced and champion not in (None, version):
        judged = _judge(tracking, settings, task, (str(champion), version), as_of, progress)
        tracking.tag(task, version, {"verdict": "; ".join(judged.verdict.reasons)[:4000]})
        if not judged.verdict.promote:
            raise Refused(
                f"version {version} of '{task}' is not promoted. {'; '.join(judged.verdict.reasons)}.",
                hint="If you know better: --force --reason TEXT.",
            )
    result = tracking.promote(task, version, forced=forced)
    reasons = [f"forced: {forced}"] if forced else list(judged.verdict.reasons if judged else ())
    return {**result, "reasons": reasons}


def _judge(
    tracking: Tracking,
    settings: Settings,
    task: str,
    versions: tuple[str, str],
    as_of: datetime,
    progress: Progress | None,
) -> Compared:
    with tempfile.TemporaryDirectory() as place:
        bundles = [
            load_bundle(
                tracking.download(task, version, Path(place) / version),
                packages=("msa_ml", *allowed_packages()),
                replay=False,
            )
            for version in versions
        ]
        window = bundles[1].manifest.training.get("test_window")
        if not window:
            raise Refused(
                f"version {versions[1]} was not split by time, so no window is free of its training events.",
                hint="Compare it yourself, then promote with --force --reason TEXT.",
            )
        chosen = bundles[1].manifest.dataset["selection"]
        dataset = load(
            task,
            window[0],
            window[1],
            as_of=as_of,
            source=chosen["sources"],
            simulated=chosen["simulated"],
            settings=settings,
        )
        return compare_bundles(bundles[0], bundles[1], dataset, progress=progress)
