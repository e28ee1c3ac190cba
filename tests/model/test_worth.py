"""Histories are kept if they are better by more than chance, and no worse where nothing is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from msa_ml.model.threshold import fit_policies
from msa_ml.model.worth import Worth, worth

N = 1_500
RANDOM = np.random.default_rng(4)
Y = np.tile(np.array([0, 0, 1], np.int8), N // 3)
NOISE = RANDOM.normal(size=N)


def logits(skill: float, noise: NDArray[np.float64] = NOISE) -> NDArray[np.float32]:
    return (skill * (2.0 * Y - 1) + noise).astype(np.float32)


def compared(
    known: NDArray[np.float32], unknown: NDArray[np.float32], campaign: NDArray[np.str_] | None = None
) -> Worth:
    plain = logits(2.0)
    return worth(
        Y,
        np.ones(N),
        np.array([""] * N) if campaign is None else campaign,
        plain=plain,
        known=known,
        unknown=unknown,
        plain_policies=fit_policies(Y, plain),
        policies=fit_policies(Y, known),
    )


def test_what_is_better_and_does_no_harm_is_kept() -> None:
    found = compared(logits(3.0), logits(2.0))
    assert found.kept
    assert found.known.mean < 0 == found.unknown.mean
    assert found.caught > found.caught_plain


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        (logits(2.0), logits(2.0)),  # no difference at all
        (logits(2.0, NOISE + 0.01 * RANDOM.normal(size=N)), logits(2.0)),  # one within chance
        (logits(1.5), logits(2.0)),  # worse
        (logits(3.0), logits(1.0)),  # better with counters, worse without
        (logits(3.0), logits(3.0)),  # better, and not for what the histories say
    ],
    ids=["equal", "chance", "worse", "harm without counters", "another training"],
)
def test_what_is_not_is_left_out(known: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
    assert not compared(known, unknown).kept


def test_what_catches_less_is_left_out() -> None:
    """A lower loss that is bought with a higher threshold."""
    known = logits(3.0)
    known[np.flatnonzero(Y == 0)[:20]] = 8.0  # some ham scores above most spam
    found = compared(known, logits(2.0))
    assert found.caught < found.caught_plain
    assert not found.kept


def test_mail_of_one_campaign_counts_as_one_witness() -> None:
    """That all of one campaign is judged better says little; that as many mails are says a lot."""
    better = logits(2.0)
    better[Y == 1] += 0.5
    alone = compared(better, logits(2.0))
    together = compared(better, logits(2.0), np.where(Y == 1, "the one", ""))
    assert alone.known.mean == together.known.mean
    assert alone.kept
    assert together.known.error > 5 * alone.known.error
    assert not together.kept


def test_it_says_what_was_measured() -> None:
    found = compared(logits(3.0), logits(2.0))
    assert str(found).startswith("histories kept: on 1,500 events of the calibration window the loss is -0.")
    assert found.to_json()["known"]["mean"] == pytest.approx(found.known.mean, rel=1e-5)
    assert found.metrics()["histories.kept"] == 1.0
