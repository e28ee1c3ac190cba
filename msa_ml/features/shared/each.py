"""Look at each different text of a column once, for what cannot be said in expressions over columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

Look = Callable[[str], Sequence[float | None]]


def each(texts: pl.Series, look: Look, names: Sequence[str], *, limit: int = 256) -> pl.DataFrame:
    """Return what ``look`` says of each text: one Float64 column for each name, N rows.

    Parameters
    ----------
    texts
        N texts; null is an empty text.
    look
        A pure function of the first ``limit`` code points of a text; ``None`` means unknown.
    names
        Of the numbers it returns.
    limit
        Code points that are looked at.

    Examples
    --------
    >>> each(pl.Series(["a", "bc", "a", None]), lambda text: (len(text),), ("size",))["size"].to_list()
    [1.0, 2.0, 1.0, 0.0]
    """
    short = pl.DataFrame({"text": texts.fill_null("").str.slice(0, limit)})
    different = short.unique().with_row_index("row")
    found = np.array(list(map(look, different["text"].to_list())), np.float64).reshape(-1, len(names))
    rows = short.join(different, on="text", how="left", maintain_order="left")["row"].to_numpy()
    return pl.DataFrame(found[rows], schema=list(names), orient="row")
