"""Recovery addresses: a table of addresses and values."""

import pytest

from msa_ml.features.signup.email import Email
from tests.features.signup.table import covered, holds

TABLE: list[tuple[str, str, float | None]] = [
    ("given", "a@b.example", 1),
    ("given", "  ", 0),
    ("malformed", "a@b.example", 0),
    ("malformed", "no address", 1),
    ("malformed", "@b.example", 1),
    ("malformed", "a@", 1),
    ("malformed", "a b@c.example", 1),
    ("malformed", "a@[192.0.2.1]", 1),
    ("malformed", "a@b..example", 1),
    ("malformed", "a\n@b.example", 1),
    ("malformed", "", None),
    ("free", "a@GMAIL.com", 1),
    ("free", "a@b.example", 0),
    ("free", "gmail.com", None),
    ("free_more", "a@scientist.com", 1),
    ("free_more", "a@x.scientist.com", 1),
    ("free_more", "a@gmail.com", 0),
    ("free_more", "a@mail.ex.org", 0),
    ("free_more", "@" * 100_000, None),
    ("disposable", "a@x.mailinator.com", 1),
    ("disposable", "a@gmail.com", 0),
    ("disposable", "\ud7ff@" + "x" * 1_000_000, 0),
    ("relay", "x1@mozmail.com", 1),
    ("relay", "a@gmail.com", 0),
    ("takes_no_mail", "a@b.invalid", 1),
    ("takes_no_mail", "a@localhost", 1),
    ("takes_no_mail", "a@b.notatld", 1),
    ("takes_no_mail", "a@192.0.2.1", 1),
    ("takes_no_mail", "a@b.example", 0),
    ("takes_no_mail", "a@bücher.de", 0),
    ("labels", "a@b.c.example", 3),
    ("labels", "a@" + "b." * 99 + "example", 16),
    ("domain_length", "a@b.example.", 9),
    ("domain_length", "a@b@c.example", 9),
    ("domain_digits", "a@b1.de", 0.2),
    ("domain_digits", "a@b.de", 0),
    ("domain_hyphens", "a@b-c-d.de", 2),
    ("domain_hyphens", "a@b.de", 0),
    ("international", "a@xn--bcher-kva.example", 1),
    ("international", "a@bücher.example", 1),
    ("international", "a@books.example", 0),
    ("length", "anna+x@b.example", 6),
    ("length", "@b.example", None),
    ("digits", "an12+99@b.example", 0.5),
    ("digits", "anna@b.example", 0),
    ("digit_tail", "anna77+1@b.example", 2),
    ("digit_tail", "7anna@b.example", 0),
    ("entropy", "abab+cdef@b.example", 1),
    ("entropy", "aaaa@b.example", 0),
    ("dots", "a.b.c@b.example", 2),
    ("dots", "abc@b.example", 0),
    ("single_parts", "a.bc.d.@b.example", 2),
    ("single_parts", "anna.b2@b.example", 0),
    ("plus", "anna+@b.example", 1),
    ("plus", "anna@b+c.example", 0),
    ("tag_length", "anna+abc+d@b.example", 5),
    ("tag_length", "anna@b.example", 0),
    ("tag_digits", "anna+a1@b.example", 0.5),
    ("tag_digits", "anna@b.example", None),
    ("same_name", "Anna.Smith+x@b.example", 1),
    ("same_name", "anna@b.example", 0),
    ("same_name", "...@b.example", None),
    ("holds_name", "anna.smith77@b.example", 1),
    ("holds_name", "anna@b.example", 1),
    ("holds_name", "ann@b.example", 0),
    ("likeness", "annasmith@b.example", 1),
    ("likeness", "zq@b.example", 0),
    ("likeness", "", None),
]


@pytest.mark.parametrize(("feature", "email", "expected"), TABLE)
def test_values(feature: str, email: str, expected: float | None) -> None:
    holds(Email(), {"email": email, "user_name": "anna_smith"}, feature, expected)


def test_the_table_has_every_feature() -> None:
    covered(Email(), [feature for feature, *_ in TABLE])
