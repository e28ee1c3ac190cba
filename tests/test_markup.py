"""Small HTML: everything is escaped, words stand left, numbers right."""

import math
import re
from datetime import UTC, date, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.markup import badge, folded, frame, table

TAGS = {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "b", "details", "summary"}


def _cells(html: str) -> list[tuple[str, str]]:
    return re.findall(r"<td style=\"text-align:(\w+)[^>]*>([^<]*)</td>", html)


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_given_is_text_never_markup(word: str, caption: str) -> None:
    made = table((word, "n"), [(word, 1)], caption=caption, notes=[word]) + folded(
        word, frame(pl.DataFrame({"a": [word]}))
    )
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", made)) <= TAGS


def test_numbers_stand_right_and_words_left() -> None:
    made = _cells(table(("name", "count", "change"), [("a", 1200, "+0.5"), ("b", 3, "-1.0")]))
    assert made == [
        ("left", "a"),
        ("right", "1,200"),
        ("right", "+0.5"),
        ("left", "b"),
        ("right", "3"),
        ("right", "-1.0"),
    ]


def test_values_are_shown_as_a_person_reads_them() -> None:
    row = (None, math.nan, True, 1 / 3, 123456.7, datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC), date(2026, 3, 2))
    shown = [text for _, text in _cells(table("abcdefg", [row]))]
    assert shown == ["", "unknown", "yes", "0.3333", "123,457", "2026-03-02 08:00:01", "2026-03-02"]


def test_a_frame_says_how_much_is_not_shown() -> None:
    long = pl.DataFrame({"event_id": ["f" * 32] * 70})
    made = frame(long)
    assert made.count("f" * 32) == 60
    assert "60 of 70 rows" in made
    assert "no row" in frame(long.head(0))


def test_the_mark_has_its_own_ground_so_it_reads_on_any_page() -> None:
    assert "background:#a34700;color:#fff" in badge(synthetic=True)
    assert "SYNTHETIC" in table(("a",), [], synthetic=True)
    assert "SYNTHETIC" not in table(("a",), [])
