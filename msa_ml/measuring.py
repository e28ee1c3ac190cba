"""What a bundle says of stored events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.read import Bundle
from msa_ml.dataset.dataset import Dataset, day_of
from msa_ml.errors import DataRefused
from msa_ml.evaluation import plots
from msa_ml.evaluation.evaluation import Evaluation, evaluate
from msa_ml.evaluation.report import report
from msa_ml.features.extraction import extract_mail
from msa_ml.markup import table
from msa_ml.mistakes import Verdicts
from msa_ml.model.threshold import Policy
from msa_ml.pipeline import Progress, Silent
from msa_ml.trained import slices_of


@dataclass(frozen=True)
class Measured:
    """What a bundle says of stored events.

    Attributes
    ----------
    events
        Number of scored events.
    y, logit, index
        Of the labelled events, in order of time.
    above
        For each policy the number of events at or above its threshold.
    unlabelled_above
        The same among events without a label.
    evaluation
        On the labelled ones; ``None`` where one class is missing.
    """

    bundle: Bundle
    events: int
    labelled: int
    above: Mapping[str, int]
    y: NDArray[np.int8]
    logit: NDArray[np.float32]
    evaluation: Evaluation | None
    index: pl.DataFrame
    synthetic: bool

    def verdicts(self, policy: str | None = None) -> Verdicts:
        """Return what the bundle decided on each labelled event; default: under its default policy.

        Raises
        ------
        UnknownNameError
            No such policy.
        DataRefused
            No event has a label.
        """
        if not len(self.index):
            raise DataRefused(
                "no event has a label, so nothing can be called a mistake.", hint="Import labels."
            )
        wanted = self.bundle.manifest.policy(policy).name
        chosen = next(known for known in policies_of(self.bundle) if known.name == wanted)
        slices = slices_of(self.index)
        return Verdicts.of(self.index, self.y, self.logit, chosen, slices, synthetic=self.synthetic)

    def table(self) -> str:
        """Return it as plain text."""
        mark = "SYNTHETIC MODEL. " if self.bundle.manifest.synthetic else ""
        lines = [f"{mark}{self.events} events scored, {self.labelled} with a label.", ""]
        lines += [
            f"  {policy.name:<14} {self.above[policy.name]:>8} at or above the threshold "
            f"({self.above[policy.name] / max(self.events, 1):7.3%})  "
            f"{'certified' if policy.certified else f'NOT certified, {policy.ham_needed} more ham needed'}"
            for policy in self.bundle.manifest.policies
        ]
        if self.evaluation is None:
            return "\n".join([*lines, "", "no labels of both classes: nothing more can be measured."])
        return "\n".join([*lines, "", self.evaluation.table()])

    def html(self) -> str:
        """Return a self-contained page with plots.

        Raises
        ------
        DataRefused
            There are no labels of both classes.
        """
        if self.evaluation is None:
            raise DataRefused("a report needs labels of both classes.")
        synthetic = self.evaluation.synthetic
        figures = {
            "roc.png": plots.roc(self.y, self.logit, synthetic=synthetic),
            "scores.png": plots.score_histogram(
                self.y, self.logit, policies_of(self.bundle), synthetic=synthetic
            ),
        }
        return report(self.evaluation, figures, title=f"{self.bundle.manifest.task}: {self.bundle.id[:12]}")

    def __repr__(self) -> str:
        mark = "SYNTHETIC, " if self.synthetic else ""
        return f"Measured({mark}{self.events} events scored by {self.bundle.id[:12]}, {self.labelled} with a label)"

    def _repr_html_(self) -> str:
        rows = [
            (
                f"{policy.name}{' (default)' if policy.name == self.bundle.manifest.default_policy else ''}",
                self.above[policy.name],
                f"{self.above[policy.name] / max(self.events, 1):.3%}",
                policy.certified,
            )
            for policy in self.bundle.manifest.policies
        ]
        top = table(
            ("policy", "flagged", "share", "certified"),
            rows,
            caption=f"{self.events:,} events scored by {self.bundle.id[:12]}, {self.labelled:,} with a label",
            synthetic=self.synthetic or self.bundle.manifest.synthetic,
        )
        return top + (self.evaluation._repr_html_() if self.evaluation else "")

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml evaluate --json``."""
        return {
            "task": self.bundle.manifest.task,
            "bundle_id": self.bundle.id,
            "events": self.events,
            "labelled": self.labelled,
            "policies": [
                {
                    "name": policy.name,
                    "above": self.above[policy.name],
                    "share": self.above[policy.name] / max(self.events, 1),
                    "certified": policy.certified,
                    "ham_needed": policy.ham_needed,
                }
                for policy in self.bundle.manifest.policies
            ],
            "metrics": self.evaluation.metrics_flat() if self.evaluation else {},
        }


def evaluate_bundle(
    bundle: Bundle, dataset: Dataset, *, workers: int = 0, progress: Progress | None = None
) -> Measured:
    """Score every event of a dataset with a bundle, and measure the labelled ones."""
    say = progress or Silent()
    with say.step("reading events and labels"):
        index = dataset.index
    if not len(index):
        raise DataRefused(
            f"no event in the window (looked in {dataset.store.url_public}).", hint="Widen the window."
        )
    with say.step("extracting features", len(index)) as done:
        ids, vectors = extract_mail(
            dataset.raw(), bundle.features, workers=workers, expected=len(index), progress=done
        )
    with say.step("scoring", len(ids)):
        logit = bundle.graph.logits(vectors)
    scored = pl.DataFrame({"event_id": ids, "row": np.arange(len(ids))})
    index = index.join(scored, on="event_id", how="inner", maintain_order="left")
    logit = logit[index["row"].to_numpy()]
    above = {
        policy.name: int((logit >= np.float32(policy.threshold)).sum()) for policy in bundle.manifest.policies
    }
    known = index["label"].is_not_null().to_numpy()
    y = index["label"].fill_null(0).to_numpy().astype(np.int8)[known]
    evaluation = None
    part = index.filter(pl.Series(known)).drop("row")
    if len(np.unique(y)) == 2:
        evaluation = evaluate(
            y,
            logit[known],
            policies=policies_of(bundle),
            weight=part["weight"].to_numpy() if (part["weight"] != 1).any() else None,
            campaign=part["campaign"].to_numpy().astype(str),
            day=day_of(part),
            slices=slices_of(part),
            synthetic=dataset.synthetic,
        )
    return Measured(
        bundle, len(index), int(known.sum()), above, y, logit[known], evaluation, part, dataset.synthetic
    )


def policies_of(bundle: Bundle) -> tuple[Policy, ...]:
    """Return a bundle's policies as the evaluation reads them."""
    return tuple(Policy(**asdict(entry)) for entry in bundle.manifest.policies)
