"""A figure as a notebook shows it, without pyplot and without global state."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from msa_ml.evaluation.plots import png


@dataclass(frozen=True)
class Picture:
    """A matplotlib figure that shows itself, on white, so that it reads on a dark page too.

    Attributes
    ----------
    figure
        To draw on: ``picture.figure.axes[0].set_title(...)``.
    title
        What is seen, in words.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.subplots().set_title("Scores", loc="left")
    >>> Picture.of(figure)
    Picture('Scores')
    """

    figure: Figure = field(repr=False)
    title: str

    @classmethod
    def of(cls, figure: Figure) -> Picture:
        """Take the title from the figure's own axes."""
        return cls(figure, title_of(figure))

    def save(self, path: str | Path) -> None:
        """Write a PNG."""
        Path(path).write_bytes(png(self.figure))

    def __repr__(self) -> str:
        return f"Picture({self.title!r})"

    def _repr_png_(self) -> bytes:
        return png(self.figure, dots_per_inch=90)


def title_of(figure: Figure) -> str:
    """Return the titles of a figure's axes in words."""
    return "; ".join(title for axes in figure.axes if (title := axes.get_title(loc="left")))
