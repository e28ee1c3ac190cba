"""Every trick keeps the message: a person reads the same words, links lead on, and nothing but texts is touched."""

import email
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.errors import UnknownNameError
from msa_ml.evaluation.obfuscation.letter import Letter
from msa_ml.evaluation.obfuscation.trick import all_tricks, chosen
from msa_ml.features.mail.message import Message
from tests.evaluation.obfuscation.letters import BOTH, HTML, MAILS, PLAIN
from tests.evaluation.obfuscation.reader import pictures, texts, words
from tests.strategies import dirty_mails, mails

TRICKS = all_tricks()
PICTURES = {"image_only"}
ADDING = {"padded_start", "padded_end", "hash_busters"}
LINKS = {"redirected", "shortened"}
SAME = sorted(set(TRICKS) - PICTURES - ADDING - LINKS)
URL = re.compile(r"(?:https?://|www\.)[^\s\"'<>]+")


def test_the_suite_has_what_was_asked_for() -> None:
    """Discovery finds them; this holds that none is lost by a rename."""
    wanted = {
        "homoglyphs", "styled_letters", "zero_width", "letter_spacing", "base64", "quoted_printable", "nested", "split_words",
        "hidden_words", "entities", "padded_start", "padded_end", "padded_start_hidden", "padded_end_hidden", "hash_busters",
        "redirected", "shortened", "image_only", "utf16", "undeclared", "odd_name",
    }  # fmt: skip
    assert set(TRICKS) >= wanted
    assert all(trick.description.endswith(".") for trick in TRICKS.values())


@pytest.mark.parametrize("form", MAILS)
@pytest.mark.parametrize("name", SAME)
def test_a_person_reads_the_same_words(name: str, form: str) -> None:
    for seed in range(3):
        assert words(TRICKS[name].apply(MAILS[form], seed=seed)) == words(MAILS[form])


@pytest.mark.parametrize("form", MAILS)
@pytest.mark.parametrize("name", sorted(ADDING))
def test_padding_stands_beside_the_message(name: str, form: str) -> None:
    raw = MAILS[form]
    for before, after in zip(texts(raw), texts(TRICKS[name].apply(raw, seed=0)), strict=True):
        told, said = " ".join(before.split()), " ".join(after.split())
        assert told in said
        if name != "hash_busters" and before != texts(raw)[0]:
            assert len(said.split()) >= len(told.split()) + 100
            assert said.startswith(told) is (name == "padded_end")


@pytest.mark.parametrize("form", MAILS)
@pytest.mark.parametrize("name", sorted(LINKS))
def test_links_change_and_words_do_not(name: str, form: str) -> None:
    raw = MAILS[form]
    hidden = TRICKS[name].apply(raw, seed=0)
    assert [words_of(text) for text in texts(hidden)] == [words_of(text) for text in texts(raw)]
    old, new = Message(raw).urls, Message(hidden).urls
    assert not set(old) & set(new)
    assert len(new) == len(old)
    if name == "redirected":
        assert all("%3A%2F%2F" in url or "www." in url for url in new)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", URL.sub("", text))


@pytest.mark.parametrize("form", MAILS)
def test_a_picture_takes_the_place_of_the_text(form: str) -> None:
    raw = MAILS[form]
    hidden = TRICKS["image_only"].apply(raw, seed=0)
    (picture,) = pictures(hidden)
    width, height = struct.unpack(">II", picture[16:24])
    size = struct.unpack(">I", picture[33:37])[0]
    grey = np.frombuffer(zlib.decompress(picture[41 : 41 + size]), np.uint8).reshape(height, width + 1)[:, 1:]
    assert 0.01 < (grey < 128).mean() < 0.4, "dark letters on white"
    assert words(hidden) == words_of(texts(raw)[0].lower()), "only the subject is left"
    assert Message(hidden).urls == Message(raw).urls[:1]


def test_letters_that_the_font_lacks_stay_text() -> None:
    raw = "Subject: x\nContent-Type: text/plain; charset=utf-8\n\n今日は良い天気です".encode()
    assert TRICKS["image_only"].apply(raw, seed=0) == raw


@pytest.mark.parametrize("name", TRICKS)
def test_nothing_but_texts_is_touched(name: str) -> None:
    """Header fields, other than those that say how a text is written, and attachments stay as they were sent."""
    hidden = email.message_from_bytes(TRICKS[name].apply(BOTH, seed=0))
    plain = email.message_from_bytes(BOTH)
    assert [item for item in hidden.items() if item[0] != "Subject"] == [
        item for item in plain.items() if item[0] != "Subject"
    ]
    kept = next(part for part in hidden.walk() if part.get_content_type() == "application/pdf")
    assert (
        kept.as_bytes()
        == next(part for part in plain.walk() if part.get_content_type() == "application/pdf").as_bytes()
    )
    assert hidden.preamble == plain.preamble
    assert hidden.epilogue == plain.epilogue
    fields = [field for field in PLAIN.split(b"\n\n")[0].splitlines() if not field.startswith(b"Subject")]
    assert all(field + b"\n" in TRICKS[name].apply(PLAIN, seed=0) for field in fields)


@pytest.mark.parametrize("name", TRICKS)
def test_chance_is_the_seed_s(name: str) -> None:
    trick = TRICKS[name]
    assert trick.apply(HTML, seed=1) == trick.apply(HTML, seed=1)
    certain = {"base64", "utf16", "undeclared"}
    assert (len({trick.apply(HTML, seed=seed) for seed in range(20)}) > 1) is (name not in certain)


@pytest.mark.parametrize("name", TRICKS)
def test_it_is_a_mail_without_damage_and_of_bounded_size(name: str) -> None:
    big = PLAIN + b"Order your new watch today and save money, said <b>the</b> person.\n" * 4_000
    for raw in (*MAILS.values(), big, big.replace(b"Message-ID", b"Content-Type: text/html\nMessage-ID")):
        hidden = TRICKS[name].apply(raw, seed=0)
        assert Message(hidden).damage == ""
        assert len(hidden) < 12 * len(raw) + 200_000


@pytest.mark.parametrize("name", sorted(name for name, trick in TRICKS.items() if trick.pads))
def test_good_words_come_from_where_they_are_given(name: str) -> None:
    hidden = TRICKS[name].apply(PLAIN, seed=0, good_words=["kangaroo", "wombat"])
    text = " ".join(part.text for part in Message(hidden).parts if part.is_text)
    assert "kangaroo" in text
    assert "kangaroo" not in " ".join(
        part.text for part in Message(TRICKS[name].apply(PLAIN, seed=0)).parts if part.is_text
    )


@given(raw=st.one_of(mails(), dirty_mails(), st.binary(max_size=200)), name=st.sampled_from(sorted(TRICKS)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_mail_never_raises(raw: bytes, name: str) -> None:
    hidden = TRICKS[name].apply(raw, seed=0)
    assert len(hidden) < 12 * len(raw) + 100_000
    Message(hidden).text  # noqa: B018 - that it can be read at all is the test


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"\r\n\r\n", b"Subject: x", b"From a@b Thu Aug 22\nSubject: x\n\nwords are here", b"Subject:\n\n<" * 3,
        b"A: b\n" * 100_000 + b"\nwords", b"Content-Type: text/html\n\n" + b"<" * 100_000, b"Content-Type: text/html\n\n" + b"<a b='" * 20_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 20_000, b"Content-Type: text/html\n\n" + b"<script>" * 20_000,
        b"Content-Type: text/html\n\n" + b"&" * 100_000, b"Content-Type: text/html\n\n" + b"<body" * 20_000, b"Subject: x\n\n" + b"http://" * 20_000,
        b"Content-Type: text/html\n\n" + b"href=" * 20_000, b"Content-Type: multipart/x; boundary=b\n\n" + b"--b\n" * 100_000,
        b"Subject: x\n\n" + "日本語".encode() * 20_000, b"Content-Type: text/plain; charset=utf-16\n\n\xff\xfea",
    ],
    ids=range(18),
)  # fmt: skip
def test_hostile_mail_takes_bounded_time(raw: bytes) -> None:
    import time

    for trick in TRICKS.values():
        begin = time.process_time()
        trick.apply(raw, seed=0)
        assert time.process_time() - begin < 5, trick.name


def test_a_letter_that_nobody_changes_is_the_same_bytes() -> None:
    for raw in MAILS.values():
        assert Letter(raw).rewritten(lambda leaf: None, None) == raw


def test_an_unknown_trick_is_named() -> None:
    with pytest.raises(UnknownNameError, match="zero_width"):
        chosen(["zero_widht"])
