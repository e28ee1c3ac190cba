"""The plan by which a bundle takes over."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.bundle.read import Bundle
from msa_ml.bundle.rollout import USUAL, Rollout, Step, takes_part
from msa_ml.errors import InputError
from msa_ml.experiment import Experiment

ID = "0123456789abcdef" * 4


def test_a_bundle_carries_its_plan(bundle: Bundle) -> None:
    assert Rollout.from_json(bundle.manifest.rollout) == USUAL
    assert Rollout.from_json({}) is None


def test_the_rule_is_the_one_that_is_written_down() -> None:
    # Worked out by hand in any language: SHA-256 over "<bundle id>:<key>", first eight bytes, big-endian.
    key = "5d41402abc4b2a76b9719d911017c592"
    number = int(hashlib.sha256(f"{ID}:{key}".encode()).hexdigest()[:16], 16)
    assert takes_part(ID, key, (number + 2048) / 2**64)
    assert not takes_part(ID, key, (number - 4096) / 2**64)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_the_smaller(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    assert takes_part(ID, key, small) <= takes_part(ID, key, large)


def test_another_bundle_is_tried_on_other_events() -> None:
    keys = [f"{number:032x}" for number in range(20_000)]
    chosen = [{key for key in keys if takes_part(name, key, 0.1)} for name in (ID, ID[::-1])]
    assert all(1_800 < len(some) < 2_200 for some in chosen)
    assert 120 < len(chosen[0] & chosen[1]) < 290  # 1 % of all, as of two independent draws


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shares": (0.1, 0.01, 1.0)}, "grow and end with 1"),
        ({"shares": (0.1, 0.5, 0.9)}, "grow and end with 1"),
        ({"shares": (-0.1, 0.5, 1.0)}, "grow and end with 1"),
        ({"shares": (1.0,)}, "one less"),
        ({"hours": (-1.0, 1.0)}, "hours"),
        ({"most_flips": 1.5}, "most_flips"),
        ({"most_blocked_change": -1.0}, "most_blocked_change"),
    ],
)
def test_an_experiment_with_a_senseless_plan_is_refused(changes: dict[str, Any], said: str) -> None:
    changed = {key: list(value) if isinstance(value, tuple) else value for key, value in changes.items()}
    with pytest.raises(InputError, match=said):
        Experiment.from_dict({"task": "spam", "rollout": changed})


def test_all_at_once_is_a_plan_too() -> None:
    assert Rollout((Step(1, 0),)).share(0) == 1
