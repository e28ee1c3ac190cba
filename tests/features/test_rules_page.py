"""``docs/rules.md`` says what the code says."""

from pathlib import Path

from msa_ml.features.mail.octets import Octets
from msa_ml.features.mail.raw import Raw
from msa_ml.features.mail.subject import Subject
from msa_ml.features.rules_page import page, portable_readers

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes the page again"


def test_portable_readers_are_found_and_others_are_not() -> None:
    found = set(portable_readers())
    assert {Octets, Raw} <= found
    assert Subject not in found


def test_a_bar_does_not_break_a_table() -> None:
    for line in page().splitlines():
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") == 6, line
