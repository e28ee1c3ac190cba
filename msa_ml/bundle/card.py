"""``MODEL_CARD.md``: what the model is for, what it was measured on, and where not to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msa_ml.model.threshold import Policy
from msa_ml.records import words_of


def model_card(
    *,
    task: str,
    question: str,
    table: str,
    policies: Sequence[Policy],
    dataset: Mapping[str, Any],
    split: str,
    counts: Mapping[str, Mapping[str, int]],
    features: int,
    synthetic: bool,
    kind: str = "mail",
    histories: str = "",
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    table
        The evaluation as plain text.
    dataset
        The dataset's fingerprint.
    split
        How the split was made, in words.
    counts
        For each part the number of events by class, ``ham`` and ``spam`` for mail.
    kind
        Kind of event.
    histories
        Whether histories were kept, and by what numbers, in words; empty where that was not asked.
    """
    spam, ham = words_of(kind)
    many = "mail" if kind == "mail" else f"{kind}s"
    warning = (
        f"**SYNTHETIC.** Trained and measured on simulated events. Its numbers say nothing about real {many}.\n\n"
        if synthetic
        else ""
    )
    parts = "\n".join(f"| {name} | {count[ham]} | {count[spam]} |" for name, count in counts.items())
    rules = "\n".join(
        f"| {policy.name} | {policy.budget:.4%} | {policy.threshold:.4f} | "
        f"{'yes' if policy.certified else f'no, {policy.ham_needed} more {ham} needed'} | {policy.bound:.4%} |"
        for policy in policies
    )
    return f"""# Model card: {task}

{warning}{question}

The score is a calibrated probability; a decision is `logit >= threshold` of a named policy. Human judgement decides
appeals. The model judges {many}, not people.

## Data

{dataset["rows"]} labelled events ({dataset["abuse"]} abuse) from {", ".join(dataset["sources"])},
{dataset["first"]} to {dataset["last"]} (UTC). Split {split}.

| part | not abuse | abuse |
|---|---|---|
{parts}

{features} dense features{" and the content views" if kind == "mail" else ""}, named in `features.json`. Fingerprint of the data: `{dataset["content_hash"]}`.
{f"{chr(10)}{histories[0].upper()}{histories[1:]}.{chr(10)}" if histories else ""}
## Measured on the test window

```
{table}
```

## Policies

Thresholds were fitted on the calibration window. *Certified* means that the {ham} there proves the budget with 95 %
confidence; *bound* is the upper limit of the false-positive rate that was reached.

| policy | false-positive budget | logit at least | certified | bound |
|---|---|---|---|---|
{rules}

## Limits

Numbers hold for {many} like those of the test window. Those of another provider, language or year shift them: compare on
your own before you block with it. Labels are as good as the people and systems that gave them.
"""
