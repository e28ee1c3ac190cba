"""The twins that read mailboxes and hosts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import address, message
from msa_ml.features.mail.address import Address
from msa_ml.features.shared import confusable, domain
from msa_ml.features.word_lists import WordList, packaged

_SUFFIXES = packaged("public_suffixes")
_FREE = packaged("free_mail").words


def _same(name: str, own: Any, *values: Any, **words: Any) -> Any:
    first, second = (function(*values, **words) for function in TWINS.get(f"address.{name}", (own, own)))
    assert first == second
    assert type(first) is type(second)
    return second


_PIECES = st.sampled_from(
    ["a@b.example", "Jo Doe", "x", "@", "<", ">", '"', "\\", "(", ")", ",", ";", ":", "friends:", ".", " ", "\t", "\x0b", "\x1c", "=?utf-8?q?caf=C3=A9?=",
     "=?", "<c@D.Example.>", '"q, r" ', "é", "<>", "> "]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(
    st.lists(_PIECES, max_size=10).map("".join) | st.text(max_size=30), st.integers(0, 3), st.integers(0, 30)
)
def test_addresses(value: str, most: int, most_characters: int) -> None:
    for found in _same("addresses", address.addresses, value):
        assert type(found) is Address
    _same("addresses", address.addresses, value, most=most, most_characters=most_characters)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a@b",
        "a@b@c",
        "<a@b>",
        "A <a@b> ",
        '"A" <a@b>',
        '"A" B <a@b>',
        '"A\\"B" <a@b>',
        '"A',
        "A <a@b",
        "A <a@b> c",
        "A <a<b>",
        "a@b (A)",
        "a:b@c,<d@e>;",
        "<<a@b>>",
        "A < @ . >",
        "a" * 1001 + " <a@b>",
        "a@b," * 300,
        "=?utf-8?q?=20x=20?= <a@b>",
    ],
)
def test_addresses_of_a_table(value: str) -> None:
    _same("addresses", address.addresses, value)


@settings(deadline=None)
@given(st.lists(st.lists(_PIECES | st.just("\n "), max_size=6).map("".join), max_size=12))
def test__mailboxes(values: list[str]) -> None:
    _same("_mailboxes", message._mailboxes, [value.encode("utf-8").decode("latin-1") for value in values])


_LABELS = st.sampled_from(
    ["a", "WWW", "b-c", "", "com", "co.uk", "uk", "kobe.jp", "city.kobe.jp", "ck", "www.ck", "compute.amazonaws.com", "xn--a", "xn--55qx5d.cn", "é",
     "0x1", "12", "192.0.2.1", " ", "x" * 63, "x" * 64, "[", "a@b", "a:b", "'"]
)  # fmt: skip
_HOSTS = st.lists(_LABELS, max_size=6).map(".".join) | st.text(max_size=20)


@settings(deadline=None, max_examples=400)
@given(_HOSTS)
def test_registrable(host: str) -> None:
    found = _same("registrable", domain.registrable, _SUFFIXES, host)
    plain = host.strip().rstrip(".").lower()
    if found:
        assert found == _SUFFIXES.suffixes.privatesuffix(plain)
    elif "." in plain and len(plain) <= 253 and domain._is_plain(plain) and not domain.is_ip(plain):
        assert _SUFFIXES.suffixes.privatesuffix(plain) is None


def test_registrable_of_every_suffix() -> None:
    for word in _SUFFIXES.words:
        name = word.lstrip("!").replace("*", "star")
        for host in (name, f"b.{name}", f"a.b.{name}"):
            found = _same("registrable", domain.registrable, _SUFFIXES, host)
            assert found == (_SUFFIXES.suffixes.privatesuffix(host) or "")


def test_registrable_by_two_lists() -> None:
    for _ in range(2):
        for words, found in ((b"co.uk\nuk", "b.co.uk"), (b"uk", "co.uk"), (b"*.uk", "b.co.uk")):
            for function in TWINS.get("address.registrable", (domain.registrable,)):
                assert function(WordList("suffixes", words), "a.b.co.uk") == found


@given(_HOSTS | st.sampled_from(["mail.gmail.com", "gmail.com.", "a" * 250 + ".gmail.com"]))
def test_listed(host: str) -> None:
    _same("listed", domain.listed, _FREE, host)


_LISTS = [
    packaged("confusables"),
    WordList("c", b"61 62 63\n30 6f"),
    WordList("c", b"61 e9"),
    WordList("c", b"61 " + b"62 " * 9),
]


@settings(deadline=None)
@given(st.sampled_from(_LISTS), st.text(max_size=30) | st.text("aAm01I-.|", max_size=300))
def test_skeleton(confusables: WordList, text: str) -> None:
    _same("skeleton", confusable.skeleton, confusables, text)
