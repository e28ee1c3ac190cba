"""Human verification: a table of events and values."""

import math

import pytest

from msa_ml.features.signup.verification import Verification


@pytest.mark.parametrize(
    ("feature", "method", "attempts", "expected"),
    [
        ("puzzle", "captcha", None, 1),
        ("puzzle", " CAPTCHA ", None, 1),
        ("puzzle", "sms", None, 0),
        ("puzzle", "by pigeon", None, math.nan),
        ("puzzle", "", None, math.nan),
        ("phone", "SMS", None, 1),
        ("phone", "none", None, 0),
        ("mail", "email", None, 1),
        ("mail", "captcha", None, 0),
        ("device", "passkey", None, 1),
        ("device", "email", None, 0),
        ("none", "none", None, 1),
        ("none", "captcha", None, 0),
        ("told", "by pigeon", None, 1),
        ("told", "", None, 0),
        ("told", "x" * 1_000_000, None, 1),
        ("attempts", "", 3, 3),
        ("attempts", "", 2**40, 1000),
        ("attempts", "", -1, math.nan),
        ("attempts", "", None, math.nan),
        ("first_time", "", 1, 1),
        ("first_time", "", 2, 0),
        ("first_time", "", None, math.nan),
    ],
)
def test_values(feature: str, method: str, attempts: int | None, expected: float) -> None:
    found = Verification().extract({"verification_method": method, "verification_attempts": attempts})
    assert found.get(feature, math.nan) == pytest.approx(expected, nan_ok=True)
