"""The measurement counts what it says, and the picture shows it."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation.obfuscation.plot import obfuscation
from msa_ml.evaluation.obfuscation.robustness import measure
from msa_ml.evaluation.obfuscation.trick import all_tricks
from msa_ml.features.mail.message import Message
from tests.evaluation.obfuscation.letters import HTML, PLAIN

SPAM = [PLAIN.replace(b"watch", b"watch%d" % number) for number in range(30)]


def knows_watches(raws: Sequence[bytes]) -> NDArray[np.float32]:
    """A filter that reads decoded text and looks for one word."""
    return np.array([2.0 if "Order your new" in Message(raw).text else -2.0 for raw in raws], np.float32)


def test_tricks_that_hide_the_word_are_the_weak_ones() -> None:
    found = measure(knows_watches, SPAM, 0.0)
    kept = {one.name: one.kept.value for one in found.tricks}
    assert set(kept) == set(all_tricks())
    assert kept["zero_width"] == kept["letter_spacing"] == kept["image_only"] == 0
    assert kept["base64"] == kept["nested"] == kept["redirected"] == kept["padded_start"] == 1
    assert found.mean.value == pytest.approx(np.mean(list(kept.values())))
    assert found.worst.kept.value == 0
    assert [one.kept.value for one in found.tricks] == sorted(kept.values())
    assert found.mean.low <= found.mean.value <= found.mean.high


def test_only_what_was_caught_can_be_kept() -> None:
    found = measure(knows_watches, [*SPAM, HTML, HTML], 0.0, tricks=["padded_end", "zero_width"])
    assert (found.spam, found.caught) == (32, 30)
    assert found.tricks[1].kept.value == 1
    assert found.tricks[1].tpr.value == pytest.approx(30 / 32)
    assert found.tricks[0].shift == -4


def test_a_mail_is_hidden_the_same_whatever_stands_beside_it() -> None:
    seen: list[bytes] = []

    def noting(raws: Sequence[bytes]) -> NDArray[np.float32]:
        seen.extend(raws)
        return np.ones(len(raws), np.float32)

    measure(noting, SPAM, 0.0, tricks=["hash_busters"])
    measure(noting, SPAM[::-1], 0.0, tricks=["hash_busters"])
    assert seen[30:60] == seen[90:][::-1]
    assert len(set(seen[30:60])) == 30


def test_campaigns_are_drawn_together() -> None:
    """Twenty mails of one sort are caught, forty are not, in three campaigns: three draws cannot be sure."""
    sorts = [PLAIN, PLAIN.replace(b"watch", b"clock"), PLAIN.replace(b"watch", b"ring")]
    many = [sorts[number % 3] + b"%d" % number for number in range(60)]

    def score(raws: Sequence[bytes]) -> NDArray[np.float32]:
        return np.array(
            [
                1.0 if "kangaroo" not in (text := Message(raw).text) or "clock" in text else -1.0
                for raw in raws
            ],
            np.float32,
        )

    found = [
        measure(score, many, 0.0, tricks=["padded_end"], good_words=["kangaroo"], campaign=campaign)
        for campaign in (None, [f"c{number % 3}" for number in range(60)])
    ]
    assert [one.clusters for one in found] == [60, 3]
    alone, together = (one.worst.kept for one in found)
    assert alone.value == together.value == pytest.approx(1 / 3)
    assert together.high - together.low > alone.high - alone.low


def test_nothing_caught_is_said() -> None:
    with pytest.raises(DataRefused, match="none of 30"):
        measure(knows_watches, SPAM, 3.0)
    with pytest.raises(InputError, match="at least one trick"):
        measure(knows_watches, SPAM, 0.0, tricks=[])


@pytest.mark.parametrize("synthetic", [False, True])
def test_the_picture_shows_the_shares(synthetic: bool) -> None:
    found = measure(knows_watches, SPAM, 0.0, synthetic=synthetic)
    (axes,) = obfuscation(found).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [one.name for one in found.tricks]
    assert [bar.get_width() for bar in axes.patches] == [one.kept.value for one in found.tricks]  # type: ignore[attr-defined]
    assert ("SYNTHETIC" in axes.get_title(loc="left")) is synthetic
    assert ("SYNTHETIC" in found.table()) is synthetic
    assert "zero_width" in found.table()
    assert "zero_width" in found._repr_html_()
    assert found.to_json()["worst_kept"] == 0
