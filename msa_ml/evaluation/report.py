"""The evaluation as one HTML page that needs nothing else: for a mail, an artefact of a run, an archive."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from matplotlib.figure import Figure

from msa_ml.evaluation.evaluation import Evaluation
from msa_ml.evaluation.obfuscation.robustness import Robustness
from msa_ml.evaluation.plots import png
from msa_ml.evaluation.rendering import SYNTHETIC, html_tables

_STYLE = """
:root { color-scheme: light dark; --text: #1b1b1b; --quiet: #595959; --page: #ffffff; --line: #d0d0d0; --warn: #fff1cc;
  --warn-text: #5c3b00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ececec; --quiet: #b0b0b0; --page: #161616; --line: #444444; --warn: #4a3500; --warn-text: #ffe3a3; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 68rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.warning, .synthetic { display: block; background: var(--warn); color: var(--warn-text); padding: .5rem .8rem;
  border-radius: .3rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1.2rem 0; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; } tbody th { font-weight: 400; }
figure { margin: 1.2rem 0; } figure img { max-width: 100%; height: auto; background: #ffffff; border-radius: .3rem; }
figcaption { color: var(--quiet); font-size: .9rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .3rem;
  padding: .8rem; font-size: .85rem; }
"""


def report(
    evaluation: Evaluation,
    figures: Mapping[str, Figure] | None = None,
    *,
    title: str = "Evaluation",
    card: str = "",
    robustness: Robustness | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    evaluation
        The evidence.
    figures
        By name; shown as inline PNG on white, which stays legible on a dark page.
    title
        Of the page.
    card
        Text of the model card, shown as it is written.
    robustness
        What the model keeps when spam hides.

    Examples
    --------
    >>> from msa_ml.evaluation.evaluation import evaluate
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> found = evaluate([0, 1, 0, 1], [-1.0, 1.0, -2.0, 2.0], policies=[rule], replicates=20)
    >>> "<h1>&lt;spam&gt;</h1>" in report(found, title="<spam>")
    True
    """
    parts = [f"<h1>{escape(title)}</h1>"]
    if evaluation.synthetic:
        parts.append(f'<p class="warning">{escape(SYNTHETIC)}</p>')
    uncertified = [policy.name for policy in evaluation.policies if not policy.certified]
    if uncertified:
        parts.append(
            f'<p class="warning">Not certified by the calibration window: {escape(", ".join(uncertified))}. '
            f"There was too little {escape(evaluation.words[1])} to prove the budget.</p>"
        )
    parts.append(f'<div class="scroll">{html_tables(evaluation)}</div>')
    if robustness is not None:
        parts.append(f'<h2>Obfuscation</h2><div class="scroll">{robustness._repr_html_()}</div>')
    if figures:
        parts.append("<h2>Figures</h2>")
        parts.extend(_picture(name, figure) for name, figure in figures.items())
    if card:
        parts.append(f"<h2>Model card</h2><pre>{escape(card)}</pre>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _picture(name: str, figure: Figure) -> str:
    """Return one figure as an inline image, described by its own title."""
    words = (
        "; ".join(axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")) or name
    )
    data = base64.b64encode(png(figure)).decode("ascii")
    return (
        f'<figure><img alt="{escape(words)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )
