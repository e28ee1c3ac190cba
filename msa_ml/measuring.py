"""What a bundle says of stored events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.read import Bundle
from msa_ml.bundle.score import Score
from msa_ml.dataset.dataset import Dataset, day_of, weights_of
from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation import plots
from msa_ml.evaluation.evaluation import REVIEWED, Evaluation, evaluate
from msa_ml.evaluation.obfuscation.plot import obfuscation as obfuscation_plot
from msa_ml.evaluation.obfuscation.robustness import Robustness, measure
from msa_ml.evaluation.obfuscation.trick import all_tricks
from msa_ml.evaluation.report import report
from msa_ml.features.extraction import extract_events, vectors_of
from msa_ml.markup import table
from msa_ml.mistakes import Verdicts
from msa_ml.model.threshold import Policy
from msa_ml.pipeline import Progress, Silent
from msa_ml.records import words_of
from msa_ml.trained import slices_of
from msa_ml.unseen import unseen


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
    share
        The same as a share of all events, 0..1; sampled events weigh in.
    evaluation
        On the labelled ones; ``None`` where one class is missing.
    notes
        What was left out, in words.
    robustness
        What is still caught when the labelled spam hides; ``None`` where it was not asked for or could not be measured.
    """

    bundle: Bundle
    events: int
    labelled: int
    above: Mapping[str, int]
    share: Mapping[str, float]
    y: NDArray[np.int8]
    logit: NDArray[np.float32]
    evaluation: Evaluation | None
    index: pl.DataFrame
    synthetic: bool
    notes: tuple[str, ...] = ()
    robustness: Robustness | None = None

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
        words = words_of(self.bundle.manifest.kind)
        return Verdicts.of(
            self.index, self.y, self.logit, chosen, slices, synthetic=self.synthetic, words=words
        )

    def table(self) -> str:
        """Return it as plain text."""
        mark = "SYNTHETIC MODEL. " if self.bundle.manifest.synthetic else ""
        lines = [f"{mark}{self.events} events scored, {self.labelled} with a label.", *self.notes, ""]
        lines += [
            f"  {policy.name:<14} {self.above[policy.name]:>8} at or above the threshold "
            f"({self.share[policy.name]:7.3%})  "
            f"{'certified' if policy.certified else f'NOT certified, {policy.ham_needed} more {words_of(self.bundle.manifest.kind)[1]} needed'}"
            for policy in self.bundle.manifest.policies
        ]
        if self.evaluation is None:
            return "\n".join([*lines, "", "no labels of both classes: nothing more can be measured."])
        hidden = ["", self.robustness.table()] if self.robustness else []
        return "\n".join([*lines, "", self.evaluation.table(), *hidden])

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
            "roc.png": plots.roc(
                self.y,
                self.logit,
                weight=weights_of(self.index),
                campaign=self.index["campaign"].to_numpy().astype(str),
                day=day_of(self.index),
                synthetic=synthetic,
                words=self.evaluation.words,
            ),
            "scores.png": plots.score_histogram(
                self.y, self.logit, policies_of(self.bundle), synthetic=synthetic, words=self.evaluation.words
            ),
        }
        if self.robustness is not None:
            figures["obfuscation.png"] = obfuscation_plot(self.robustness)
        return report(
            self.evaluation,
            figures,
            title=f"{self.bundle.manifest.task}: {self.bundle.id[:12]}",
            robustness=self.robustness,
        )

    def __repr__(self) -> str:
        mark = "SYNTHETIC, " if self.synthetic else ""
        return f"Measured({mark}{self.events} events scored by {self.bundle.id[:12]}, {self.labelled} with a label)"

    def _repr_html_(self) -> str:
        rows = [
            (
                f"{policy.name}{' (default)' if policy.name == self.bundle.manifest.default_policy else ''}",
                self.above[policy.name],
                f"{self.share[policy.name]:.3%}",
                policy.certified,
            )
            for policy in self.bundle.manifest.policies
        ]
        top = table(
            ("policy", "flagged", "share", "certified"),
            rows,
            caption=f"{self.events:,} events scored by {self.bundle.id[:12]}, {self.labelled:,} with a label",
            synthetic=self.synthetic or self.bundle.manifest.synthetic,
            notes=self.notes,
        )
        shown = [part._repr_html_() for part in (self.evaluation, self.robustness) if part is not None]
        return "".join([top, *shown])

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml evaluate --json``."""
        return {
            "task": self.bundle.manifest.task,
            "bundle_id": self.bundle.id,
            "events": self.events,
            "labelled": self.labelled,
            "notes": list(self.notes),
            "policies": [
                {
                    "name": policy.name,
                    "above": self.above[policy.name],
                    "share": self.share[policy.name],
                    "certified": policy.certified,
                    "ham_needed": policy.ham_needed,
                }
                for policy in self.bundle.manifest.policies
            ],
            "metrics": self.evaluation.metrics_flat() if self.evaluation else {},
            "obfuscation": self.robustness.to_json() if self.robustness else None,
        }


def evaluate_bundle(
    bundle: Bundle,
    dataset: Dataset,
    *,
    with_training: bool = False,
    obfuscation: bool = False,
    seed: int = 0,
    per_day: int = REVIEWED,
    workers: int = 0,
    progress: Progress | None = None,
) -> Measured:
    """Score the events of a dataset with a bundle, and measure the labelled ones.

    Parameters
    ----------
    with_training
        Keep events that taught the bundle, and their near-duplicates. They flatter it, so by default they are left out
        and counted in ``notes``.
    obfuscation
        Also hide a sample of the labelled spam by every trick of the obfuscation suite, see :func:`hide`.
    seed
        Of that sample and of the tricks.
    per_day
        Events that the analysts can review in a day: the k of precision at k per day.

    Raises
    ------
    DataRefused
        No event is left.
    """
    say = progress or Silent()
    with say.step("reading events and labels"):
        fresh = unseen([] if with_training else [bundle], dataset)
        index = fresh.index
    if not len(index):
        raise DataRefused(
            f"no event in the window (looked in {dataset.store.url_public}). {'; '.join(fresh.said())}".strip(),
            hint="Widen the window.",
        )
    with say.step("extracting features", len(index)) as done:
        index, vectors = extract_events(dataset, index, bundle.features, workers=workers, progress=done)
    with say.step("scoring", len(index)):
        logit = bundle.graph.logits(vectors)
    flagged = {policy.name: logit >= np.float32(policy.threshold) for policy in bundle.manifest.policies}
    weight = index["weight"].to_numpy()
    known = index["label"].is_not_null().to_numpy()
    y = index["label"].fill_null(0).to_numpy().astype(np.int8)[known]
    evaluation = None
    part = index.filter(pl.Series(known))
    if len(np.unique(y)) == 2:
        evaluation = evaluate(
            y,
            logit[known],
            policies=policies_of(bundle),
            weight=weights_of(part),
            campaign=part["campaign"].to_numpy().astype(str),
            day=day_of(part),
            slices=slices_of(part),
            synthetic=dataset.synthetic,
            words=words_of(dataset.kind),
            per_day=per_day,
        )
    measured = Measured(
        bundle=bundle,
        events=len(index),
        labelled=int(known.sum()),
        above={name: int(found.sum()) for name, found in flagged.items()},
        share={name: float(weight[found].sum() / weight.sum()) for name, found in flagged.items()},
        y=y,
        logit=logit[known],
        evaluation=evaluation,
        index=part,
        synthetic=dataset.synthetic,
        notes=tuple(fresh.said()),
    )
    if not obfuscation:
        return measured
    try:
        return replace(
            measured, robustness=hide(bundle, dataset, part, most=MOST_HIDDEN, seed=seed, progress=say)
        )
    except DataRefused as error:
        return replace(measured, notes=(*measured.notes, f"obfuscation suite not run: {error}"))


def explain_events(
    bundle: Bundle, dataset: Dataset, events: Sequence[str], *, reasons: int = 8
) -> list[Score]:
    """Return a bundle's verdict on some events of a dataset with the evidence that moved it most, histories included.

    Parameters
    ----------
    events
        Their ids; the scores come in this order.

    Raises
    ------
    InputError
        The dataset does not hold one of them.
    """
    wanted = pl.DataFrame({"event_id": events}, schema={"event_id": pl.String})
    index = wanted.join(dataset.index, on="event_id", how="inner", maintain_order="left")
    found, vectors = extract_events(dataset, index, bundle.features)
    if len(found) < len(wanted):
        raise InputError(f"{len(wanted) - len(found)} of {len(wanted)} events are not in the dataset.")
    return bundle.explain(vectors, reasons=reasons)


MOST_HIDDEN = 300
"""Spam mails that the obfuscation suite transforms: two dozen tricks each, a few milliseconds a trick."""


def hide(
    bundle: Bundle,
    dataset: Dataset,
    index: pl.DataFrame,
    *,
    policy: str | None = None,
    most: int = MOST_HIDDEN,
    seed: int = 0,
    progress: Progress | None = None,
) -> Robustness:
    """Hide a drawn sample of the labelled spam by every trick, and see what a bundle still catches.

    Parameters
    ----------
    index
        Rows of the dataset's index.
    policy
        Whose threshold says what is caught; default: the bundle's default policy.
    most
        Spam mails at most, drawn without replacement.

    Raises
    ------
    DataRefused
        The bundle is not one of mail, there is no spam, its raw mail is gone, or none of it is caught.
    """
    if bundle.features.kind != "mail":
        raise DataRefused(f"the obfuscation suite hides mail, and this bundle reads {bundle.features.kind}.")
    spam = index.filter(pl.col("label") == 1)
    rows = np.sort(np.random.default_rng(seed).permutation(len(spam))[:most])
    spam = spam[rows.tolist()]
    found = {
        event: raw
        for batch in dataset.raw(spam["event_id"].to_list())
        for event, raw in zip(batch["event_id"], batch["raw"], strict=True)
    }
    spam = spam.filter(pl.col("event_id").is_in(list(found)))
    if not len(spam):
        raise DataRefused("no labelled spam with raw mail is left to hide.", hint="Widen the window.")
    wanted = bundle.manifest.policy(policy)
    with (progress or Silent()).step("hiding spam", len(spam) * (1 + len(all_tricks()))) as done:
        return measure(
            lambda raws: bundle.graph.logits(vectors_of(bundle.features, raws)),
            [found[event] for event in spam["event_id"]],
            wanted.threshold,
            seed=seed,
            campaign=spam["campaign"].to_numpy().astype(str),
            synthetic=dataset.synthetic,
            progress=done,
        )


def policies_of(bundle: Bundle) -> tuple[Policy, ...]:
    """Return a bundle's policies as the evaluation reads them."""
    return tuple(Policy(**asdict(entry)) for entry in bundle.manifest.policies)
