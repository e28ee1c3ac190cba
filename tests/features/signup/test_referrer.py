"""Referrers: a table of referrers and values."""

import pytest

from msa_ml.features.signup.referrer import Referrer
from tests.features.signup.table import covered, holds

TABLE: list[tuple[str, str, float | None]] = [
    ("given", "https://a.example/", 1),
    ("given", " ", 0),
    ("length", "https://a", 9),
    ("length", "x" * 1_000_000, 512),
    ("web", "HTTPS://a.example", 1),
    ("web", "android-app://com.example", 0),
    ("web", "a.example", 0),
    ("web", "", None),
    ("secure", "https://a.example", 1),
    ("secure", "http://a.example", 0),
    ("depth", "https://a.example/b/c?d=/", 2),
    ("depth", "https://a.example", 0),
    ("query", "https://a.example/?", 1),
    ("query", "https://a.example/", 0),
    ("ip_host", "http://192.0.2.1:8080/", 1),
    ("ip_host", "http://a.example", 0),
    ("ip_host", "a.example", None),
    ("shortener", "https://bit.ly/x", 1),
    ("shortener", "https://a.example/bit.ly", 0),
    ("free_hosting", "https://x.blogspot.com/", 1),
    ("free_hosting", "https://a.example/", 0),
    ("own", "https://evil.example@signup.mail.example/x", 1),
    ("own", "https://mail.example.evil.example/", 0),
    ("own", "mail.example", None),
]


@pytest.mark.parametrize(("feature", "referrer", "expected"), TABLE)
def test_values(feature: str, referrer: str, expected: float | None) -> None:
    holds(Referrer(own="Mail.example, other.example"), {"referrer": referrer}, feature, expected)


def test_own_domains_that_are_not_told_are_unknown() -> None:
    holds(Referrer(), {"referrer": "https://mail.example/"}, "own", None)


def test_the_table_has_every_feature() -> None:
    covered(Referrer(), [feature for feature, *_ in TABLE])
