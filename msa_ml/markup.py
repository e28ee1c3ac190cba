"""Small HTML for notebooks: tables and a mark that inherit the page's colours, so they read in light and dark alike.

Everything given is escaped; nothing here ever renders HTML that somebody else wrote.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

import polars as pl

_UNKNOWN = "unknown"
_LEFT = ' style="text-align:left"'
_RIGHT = ' style="text-align:right;white-space:nowrap"'
# White on dark orange keeps a contrast of 5.6 whatever the page behind it.
_BADGE = (
    '<b style="background:#a34700;color:#fff;padding:.1em .5em;border-radius:.25em;font-size:.85em;'
    'letter-spacing:.04em">SYNTHETIC</b> '
)


def badge(*, synthetic: bool) -> str:
    """Return the mark of simulated events, or nothing.

    Examples
    --------
    >>> "SYNTHETIC" in badge(synthetic=True), badge(synthetic=False)
    (True, '')
    """
    return _BADGE if synthetic else ""


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    synthetic: bool = False,
    notes: Iterable[str] = (),
) -> str:
    """Return an HTML table: words to the left, numbers to the right, no colours of its own.

    Parameters
    ----------
    head
        Names of the columns.
    rows
        Cells; ``None`` is shown as an empty cell, ``nan`` as ``unknown``, whole numbers with separators of thousands.
    caption
        Stands above, in words.
    synthetic
        Put the mark of simulated events before the caption.
    notes
        Lines below.

    Examples
    --------
    >>> made = table(("name", "count"), [("<b>", 1200)], caption="what was found")
    >>> "&lt;b&gt;" in made, ">1,200<" in made
    (True, True)
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    right = [
        bool(cells) and all(_numeric(row[place]) for row in cells) and any(row[place] for row in cells)
        for place in range(len(head))
    ]
    style = [_RIGHT if flush else _LEFT for flush in right]
    top = "".join(f"<th{look}>{escape(name)}</th>" for name, look in zip(head, style, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{look}>{escape(cell)}</td>' for cell, look in zip(row, style, strict=True))}</tr>"
        for row in cells
    )
    below = "".join(f'<p style="margin:.2em 0">{escape(note)}</p>' for note in notes)
    # A heading and not a <caption>: notebooks centre that below, and grey it out on dark pages.
    said = (
        f'<p style="margin:.6em 0 .3em">{badge(synthetic=synthetic)}{escape(caption)}</p>'
        if caption or synthetic
        else ""
    )
    return (
        f'{said}<div style="overflow-x:auto"><table style="margin:0 0 .6em"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{below}"
    )


def frame(found: pl.DataFrame, *, most: int = 60) -> str:
    """Return a polars frame as an HTML table: its own column names, numbers with four digits, no types.

    Parameters
    ----------
    found
        Any frame.
    most
        Rows shown; how many there are is said when there are more.

    Examples
    --------
    >>> "no row" in frame(pl.DataFrame({"event_id": []})), ">0.3333<" in frame(pl.DataFrame({"fpr": [1 / 3]}))
    (True, True)
    """
    notes = ["no row"] if not len(found) else [f"{most} of {len(found):,} rows"] if len(found) > most else []
    return table(found.columns, found.head(most).iter_rows(), notes=notes)


def folded(summary: str, inside: str, *, opened: bool = False) -> str:
    """Return something that opens on a click; ``inside`` is HTML made here.

    Examples
    --------
    >>> folded("more", table(("a",), [(1,)])).startswith("<details><summary")
    True
    """
    mark = " open" if opened else ""
    return f'<details{mark}><summary style="cursor:pointer">{escape(summary)}</summary>{inside}</details>'


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "" if cell is None else _UNKNOWN
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if 1e4 <= abs(cell) < 1e15 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _numeric(text: str) -> bool:
    return text in ("", "?", _UNKNOWN) or text[0].isdigit() or (text[0] in "-+" and text[1:2].isdigit())
