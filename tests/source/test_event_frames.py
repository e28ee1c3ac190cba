"""What is made of whole columns equals what is made row by row."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.records import Kind
from msa_ml.source.event_fields import PERSONAL, derived
from msa_ml.source.event_frames import derived_frame
from msa_ml.source.pseudonyms import Pseudonyms

KEY = Pseudonyms(bytes(range(32)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
IPS = st.one_of(
    st.ip_addresses().map(str), TEXTS, st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3}){3}\n?", fullmatch=True)
)
EMAILS = st.one_of(TEXTS, st.tuples(TEXTS, TEXTS).map("@".join))
ROWS = st.lists(st.tuples(TEXTS, EMAILS, IPS, TEXTS), min_size=1, max_size=6)


def _equal(kind: Kind, rows: list[dict[str, str]]) -> None:
    made = derived_frame(kind, pl.DataFrame(rows), KEY)
    assert made.rows(named=True) == [
        {name: derived(kind, row, KEY)[name] for name in made.columns} for row in rows
    ]
    assert set(made.columns) == set(derived(kind, rows[0], KEY))


@given(ROWS)
@example([("İΣ", "A@B@Ç.example.", "::ffff:192.0.2.1", "")])
@example([("x" * 300, "", "01.2.3.4", "D"), ("", "jo@x", "192.0.2.1\n", ""), ("a1" * 90, "@", "", "")])
def test_sign_ups(rows: list[tuple[str, str, str, str]]) -> None:
    _equal("signup", [dict(zip(("user_name", "email", "ip", "device"), row, strict=True)) for row in rows])


@pytest.mark.parametrize("kind", ["login", "request"])
def test_other_kinds(kind: Kind) -> None:
    rows = [
        {name: text for name, *_ in PERSONAL[kind]}
        for text in ("Jo", "192.0.2.7", "", "2001:DB8::1", "Jo", "Jo")
    ]
    _equal(kind, rows)
