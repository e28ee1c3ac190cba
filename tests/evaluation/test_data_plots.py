"""Pictures of a dataset: heights are counts, long windows stay readable, unknown numbers are said."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from msa_ml.errors import InputError
from msa_ml.evaluation.data_plots import days, spread
from msa_ml.evaluation.picture import Picture


def _counts(number: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "day": [date(2026, 1, 1) + timedelta(days=3 * place) for place in range(number)],
            "abuse": list(range(number)),
            "not_abuse": [10] * number,
            "unlabelled": [0] * number,
        }
    )


@pytest.mark.parametrize("number", [1, 2, 25, 400])
def test_bars_hold_every_event(number: int) -> None:
    counts = _counts(number)
    axes = days(counts).axes[0]
    heights = sum(patch.get_height() for patch in axes.patches)  # type: ignore[attr-defined]
    assert heights == pytest.approx(sum(counts["abuse"].to_list() + counts["not_abuse"].to_list()))
    assert len(axes.patches) <= 2 * 60


def test_an_empty_dataset_is_said() -> None:
    with pytest.raises(InputError, match="empty"):
        days(_counts(0))


def test_a_class_without_events_is_not_drawn() -> None:
    names = [text.get_text() for text in days(_counts(2)).axes[0].get_legend().get_texts()]  # type: ignore[union-attr]
    assert names == ["not abuse (20)", "abuse (1)"]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (np.geomspace(1, 1e6, 200), "log"),
        (np.linspace(0, 1, 200), "linear"),
        (np.arange(200) % 4, "linear"),
        (np.full(200, np.nan), "linear"),
        (np.full(200, 7.0), "linear"),
    ],
)
def test_the_axis_fits_the_numbers(values: np.ndarray, scale: str) -> None:
    figure = spread(np.arange(200) % 2, values, "n", synthetic=True)
    assert figure.axes[0].get_xscale() == scale
    assert "SYNTHETIC" in Picture.of(figure).title
    assert Picture.of(figure)._repr_png_().startswith(b"\x89PNG")


def test_unknown_numbers_are_counted() -> None:
    figure = spread([0, 0, 1], [1.0, np.nan, 2.0], "n")
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]  # type: ignore[union-attr]
    assert names == ["not abuse (1, 1 unknown)", "abuse (1)"]


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match="shape"):
        spread([0, 1], [1.0], "n")
