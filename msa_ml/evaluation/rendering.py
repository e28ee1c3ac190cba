"""An evaluation as text for a terminal and as HTML tables for a notebook or a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from msa_ml.evaluation.bootstrap import Interval
from msa_ml.markup import folded, table

if TYPE_CHECKING:
    from msa_ml.evaluation.evaluation import Evaluation

SYNTHETIC = "SYNTHETIC: simulated events; these numbers say nothing about real traffic"
_NAMES = {
    "one_minus_roca_pct": "(1-ROCA)%",
    "average_precision": "average precision",
    "brier": "Brier score",
    "ece": "calibration error (equal-mass bins)",
    "log_loss": "log loss (nats)",
}
_PLAIN = ("one_minus_roca_pct", "brier", "ece", "log_loss", "average_precision")

Table = tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]


def percent(share: float) -> str:
    """Return a share 0..1 in percent, with the digits that a small one needs.

    Examples
    --------
    >>> percent(0.98765), percent(0.000334), percent(0.0), percent(float("nan"))
    ('98.8 %', '0.033 %', '0 %', '?')
    """
    if not math.isfinite(share):
        return "?"
    value = 100 * share
    if value == 0 or value >= 99.995:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if 1 <= value <= 99 else f"{value:.2f} %" if value >= 0.1 else f"{value:.3f} %"


def number(value: float) -> str:
    """Return a number with four decimals, fewer where it is large.

    Examples
    --------
    >>> number(0.0123456), number(12.3456), number(float("nan"))
    ('0.0123', '12.3', '?')
    """
    if not math.isfinite(value):
        return "?"
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:,.1f}"


def between(interval: Interval, show: Callable[[float], str]) -> str:
    """Return the bounds of an interval.

    Examples
    --------
    >>> between(Interval(0.5, 0.25, 0.75), percent), between(Interval(0.5), percent)
    ('25.0 to 75.0 %', '?')
    """
    if not math.isfinite(interval.low):
        return "?"
    low, high = show(interval.low), show(interval.high)
    return f"{low.removesuffix(' %')} to {high}" if high.endswith(" %") else f"{low} to {high}"


def with_bounds(interval: Interval, show: Callable[[float], str]) -> str:
    """Return a number with its bounds in brackets.

    Examples
    --------
    >>> with_bounds(Interval(0.5, 0.25, 0.75), percent)
    '50.0 % (25.0 to 75.0 %)'
    """
    return f"{show(interval.value)} ({between(interval, show)})"


def title(name: str) -> str:
    """Return how a metric is called in a table.

    Examples
    --------
    >>> title("tpr_at_fpr_0.1pct"), title("precision_at_50_per_day")
    ('TPR at FPR <= 0.1 %', 'precision at 50 per day')
    """
    if name.startswith("tpr_at_fpr_"):
        return f"TPR at FPR <= {name.removeprefix('tpr_at_fpr_').removesuffix('pct')} %"
    return _NAMES.get(name, name.replace("_", " "))


def headline(evaluation: Evaluation) -> tuple[str, ...]:
    """Return what was measured on, in lines; the first warns when it was simulated.

    Examples
    --------
    >>> from msa_ml.evaluation.evaluation import evaluate
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> found = evaluate([0, 1], [0.0, 1.0], policies=[rule], replicates=5, synthetic=True)
    >>> headline(found)[1]
    '2 events: 1 ham, 1 spam'
    """
    lines = [SYNTHETIC] if evaluation.synthetic else []
    days = ""
    if evaluation.window:
        first, last = evaluation.window[0], evaluation.window[-1]
        days = f", {first} to {last} (UTC)" if first != last else f", {first} (UTC)"
    total = evaluation.ham + evaluation.spam
    spam, ham = evaluation.words
    lines.append(f"{total:,} events: {evaluation.ham:,} {ham}, {evaluation.spam:,} {spam}{days}")
    if evaluation.clusters > 1:
        lines.append(
            f"intervals: 95 %, {evaluation.replicates} bootstrap replicates of {evaluation.clusters:,} clusters "
            "(campaign, else day)"
        )
    return tuple(lines)


def tables(evaluation: Evaluation) -> list[Table]:
    """Return every table as title, head and rows of text.

    Examples
    --------
    >>> from msa_ml.evaluation.evaluation import evaluate
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> found = evaluate([0, 1], [0.0, 1.0], policies=[rule], replicates=5, synthetic=True)
    >>> tables(found)[0][2][2][:2]
    ('TPR at FPR <= 1 %', '100 %')
    """
    return [_scores(evaluation), _policies(evaluation), _errors(evaluation), *_slices(evaluation)]


def _scores(evaluation: Evaluation) -> Table:
    rows = []
    for name, interval in evaluation.metrics.items():
        show = number if name in _PLAIN else percent
        note = evaluation.metric_notes.get(name, "")
        rows.append((title(name), show(interval.value), between(interval, show), note))
    return "Scores", ("metric", "value", "95 % interval", "note"), rows


def _policies(evaluation: Evaluation) -> Table:
    rows = []
    for policy in evaluation.policies:
        mark = " (default)" if policy.name == evaluation.default else ""
        rows.append(
            (
                policy.name + mark,
                f"{policy.threshold:.4f}",
                "yes" if policy.certified else "NO",
                f"{policy.decisions:,}",
                f"{policy.false_positives:,}",
                with_bounds(policy.fpr, percent),
                with_bounds(policy.tpr, percent),
            )
        )
    head = ("policy", "logit >=", "certified", "flagged", f"{evaluation.words[1]} flagged", "FPR", "TPR")
    return "Policies, thresholds fitted on the calibration window", head, rows


def _errors(evaluation: Evaluation) -> Table:
    costs = any(policy.cost is not None for policy in evaluation.policies)
    rows = []
    for policy in evaluation.policies:
        row = [policy.name, *(with_bounds(value, number) for value in (policy.hm, policy.sm, policy.lam))]
        if costs:
            row.append(with_bounds(policy.cost, number) if policy.cost else "?")
        rows.append(tuple(row))
    head = ("policy", "hm%", "sm%", "lam%", *(("cost per event",) if costs else ()))
    return "Misclassification", head, rows


def _slices(evaluation: Evaluation) -> list[Table]:
    found: list[Table] = []
    spam, ham = evaluation.words
    for column, parts in evaluation.slices.items():
        rows = [
            (
                part.name,
                f"{part.ham:,}",
                f"{part.spam:,}",
                with_bounds(part.fpr[evaluation.default], percent) if part.ham else f"no {ham}",
                with_bounds(part.tpr[evaluation.default], percent) if part.spam else f"no {spam}",
            )
            for part in parts
        ]
        found.append((f"By {column}, policy {evaluation.default}", (column, ham, spam, "FPR", "TPR"), rows))
    return found


def text(evaluation: Evaluation) -> str:
    """Return the evaluation as aligned plain text.

    Examples
    --------
    >>> from msa_ml.evaluation.evaluation import evaluate
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> found = evaluate([0, 1], [0.0, 1.0], policies=[rule], replicates=5, synthetic=True)
    >>> text(found).split(':')[0]
    'SYNTHETIC'
    """
    blocks = ["\n".join(headline(evaluation))]
    for name, head, rows in tables(evaluation):
        blocks.append(f"{name}\n{aligned(head, rows)}")
    if evaluation.notes:
        blocks.append("\n".join(f"Note: {note}." for note in evaluation.notes))
    return "\n\n".join(blocks) + "\n"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns of equal width, the first to the left, numbers to the right.

    Examples
    --------
    >>> print(aligned(("a", "number"), [("long name", "1"), ("b", "20")]))
    a          number
    ---------  ------
    long name       1
    b              20
    """
    width = [max(len(line[place]) for line in (head, *rows)) for place in range(len(head))]
    right = [
        bool(rows) and all(row[place][:1].isdigit() or row[place][:1] in "-?" for row in rows)
        for place in range(len(head))
    ]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(size) if flush else cell.ljust(size)
            for cell, size, flush in zip(cells, width, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), "  ".join("-" * size for size in width), *(line(row) for row in rows)])


def html_tables(evaluation: Evaluation) -> str:
    """Return the evaluation as HTML tables without style, all text escaped.

    Examples
    --------
    >>> from msa_ml.evaluation.evaluation import evaluate
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> found = evaluate([0, 1], [0.0, 1.0], policies=[rule], replicates=5, synthetic=True)
    >>> html_tables(found).count('<table>')
    3
    """
    lines = [escape(line) for line in headline(evaluation)]
    if evaluation.synthetic:
        lines[0] = f'<strong class="synthetic">{lines[0]}</strong>'
    parts = ["<p>" + "<br>".join(lines) + "</p>"]
    for name, head, rows in tables(evaluation):
        heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in rows
        )
        parts.append(
            f"<table><caption>{escape(name)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )
    if evaluation.notes:
        parts.append("<ul>" + "".join(f"<li>{escape(note)}</li>" for note in evaluation.notes) + "</ul>")
    return f'<div class="msa-evaluation">{"".join(parts)}</div>'


def for_notebook(evaluation: Evaluation) -> str:
    """Return the evaluation for a notebook: scores and policies in sight, the rest folded away."""
    lines = [line for line in headline(evaluation) if line != SYNTHETIC]
    scores, policies, *rest = tables(evaluation)
    notes = [f"Note: {note}." for note in evaluation.notes]
    if evaluation.synthetic:
        notes.insert(0, f"{SYNTHETIC}.")
    return "".join(
        [
            table(
                scores[1], scores[2], caption="; ".join(lines), synthetic=evaluation.synthetic, notes=notes
            ),
            table(policies[1], policies[2], caption=policies[0]),
            *(folded(name, table(head, rows)) for name, head, rows in rest),
        ]
    )
