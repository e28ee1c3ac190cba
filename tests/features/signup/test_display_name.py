"""Names to show: a table of names and values."""

import pytest

from msa_ml.features.signup.display_name import DisplayName
from tests.features.signup.table import covered, holds

TABLE: list[tuple[str, str, float | None]] = [
    ("given", "Anna", 1),
    ("given", "  ", 0),
    ("length", " Anna ", 4),
    ("length", "x" * 1_000_000, 256),
    ("length", "", None),
    ("words", "Anna  Smith", 2),
    ("words", "", None),
    ("digits", "Ann4", 0.25),
    ("digits", "Anna", 0),
    ("upper", "AB cd", 0.5),
    ("upper", "123", None),
    ("marks", "a!b?", 0.5),
    ("marks", "a b", 0),
    ("non_ascii", "日本", 1),
    ("non_ascii", "Anna", 0),
    ("capitalised", "Anna smith", 0.5),
    ("capitalised", "anna", 0),
    ("link", "cheap pills www.x", 1),
    ("link", "Buy at SHOP.Example.COM!", 1),
    ("link", "a.community", 0),
    ("link", "Anna B.", 0),
    ("unseen", "An\u200bna\u202e", 2),
    ("unseen", "Anna", 0),
    ("mixed", "P\u0430ypal", 2),
    ("mixed", "\u0410\u043d\u043d\u0430 Smith", 0),
    ("pictures", "Anna 😀☀", 2),
    ("pictures", "Anna", 0),
    ("same_name", "Anna Smith", 1),
    ("same_name", "Anna", 0),
    ("same_name", "...", None),
    ("likeness", "anna.SMITH", 1),
    ("likeness", "zq", 0),
    ("likeness", "", None),
]


@pytest.mark.parametrize(("feature", "display", "expected"), TABLE)
def test_values(feature: str, display: str, expected: float | None) -> None:
    holds(DisplayName(), {"display_name": display, "user_name": "anna_smith"}, feature, expected)


def test_the_table_has_every_feature() -> None:
    covered(DisplayName(), [feature for feature, *_ in TABLE])
