"""One-sided feedback is seen, and a weight repairs as much of it as strata explain."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from msa_ml.dataset.feedback import one_word_sources, propensity_weight, strata, uneven, unreachable
from msa_ml.errors import InputError


def world(seed: int = 0, rows: int = 20_000) -> tuple[pl.DataFrame, float]:
    """Events of which a filter stopped some; of what it stopped few are ever looked at. The true share of abuse beside them."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.3
    stopped = rng.random(rows) < np.where(truth, 0.8, 0.05)
    looked_at = rng.random(rows) < np.where(stopped, 0.02, 0.5)
    decision = np.where(stopped, "stop", "pass").tolist()
    return pl.DataFrame({"decision": decision, "label": _seen(truth, looked_at), "weight": 1.0}), float(
        truth.mean()
    )


def _seen(truth: NDArray[np.bool_], looked_at: NDArray[np.bool_]) -> pl.Series:
    """Return 1 and 0 where somebody looked, null elsewhere."""
    return pl.Series(
        [int(one) if seen else None for one, seen in zip(truth, looked_at, strict=True)], dtype=pl.Int8
    )


def test_a_filter_that_hides_what_it_stops_is_seen_and_weighed() -> None:
    index, truth = world()
    said = uneven(strata(index, "decision"), "decision")
    assert said.startswith("one-sided feedback: 51 % of the events with decision 'pass' have a label")
    labelled = index.with_columns(pl.Series("propensity", propensity_weight(index, ["decision"]))).drop_nulls(
        "label"
    )
    label, weight = labelled["label"].to_numpy(), labelled["propensity"].to_numpy()
    assert abs(label.mean() - truth) > 0.15
    assert abs(np.average(label, weights=weight) - truth) < 0.02
    assert weight.min() >= 1
    # The weights stand for all the events, the unlabelled ones too.
    assert weight.sum() == pytest.approx(len(index), rel=1e-9)


def test_even_feedback_is_no_warning() -> None:
    rng = np.random.default_rng(1)
    label = _seen(np.ones(2_000, bool), rng.random(2_000) < 0.3)
    index = pl.DataFrame({"decision": rng.choice(["pass", "stop"], 2_000).tolist(), "label": label})
    assert uneven(strata(index, "decision"), "decision") == ""


def test_few_events_are_no_warning() -> None:
    index = pl.DataFrame({"decision": ["pass"] * 500 + ["stop"] * 49, "label": [1] * 500 + [None] * 49})
    assert uneven(strata(index, "decision"), "decision") == ""
    assert uneven(strata(index.vstack(index[-1:]), "decision"), "decision") != ""


def test_a_sample_counts_as_what_it_stands_for() -> None:
    """Labelled rows were all kept, of the others one in ten: the share of labelled is that of the whole."""
    rows = pl.DataFrame(
        {"decision": "pass", "label": [1] * 50 + [None] * 50, "weight": [1.0] * 50 + [10.0] * 50}
    )
    assert propensity_weight(rows, ["decision"])[0] == pytest.approx(11.0)


def test_small_strata_are_taken_together_and_weights_are_bounded() -> None:
    names = ["rare a"] * 30 + ["rare b"] * 30 + ["common"] * 3_000
    label = [1] * 6 + [None] * 24 + [1] * 6 + [None] * 24 + [1] * 10 + [None] * 2_990
    index = pl.DataFrame({"source": names, "label": label, "weight": 1.0})
    found = propensity_weight(index, ["source"])
    assert (found[0], found[30], found[60]) == (5.0, 5.0, 100.0)


def test_what_no_label_reaches_is_counted() -> None:
    index = pl.DataFrame(
        {"decision": ["pass"] * 5 + ["stop"] * 7, "label": [1] * 5 + [None] * 7, "weight": 1.0}
    )
    assert unreachable(index, ["decision"]) == 7
    assert unreachable(index.with_columns(label=pl.lit(1)), ["decision"]) == 0


def test_a_column_that_is_not_there_is_named() -> None:
    index, _ = world(rows=100)
    with pytest.raises(InputError, match=r"no column 'verdict' .* Choose among decision"):
        propensity_weight(index, ["verdict"])


@pytest.mark.parametrize(
    ("sources", "warnings"),
    [
        ([("analyst", 100, 100)], 0),
        ([("user_report", 49, 0)], 0),
        ([("user_report", 50, 0)], 1),
        ([("user_report", 50, 0), ("analyst", 100, 100)], 1),
        ([("trap", 50, 0), ("delivered", 0, 50)], 3),
        ([("trap", 50, 0), ("reported", 50, 0)], 2),
    ],
)
def test_sources_of_one_word(sources: list[tuple[str, int, int]], warnings: int) -> None:
    assert len(one_word_sources(sources)) == warnings
