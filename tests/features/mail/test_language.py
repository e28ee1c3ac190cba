"""Scripts, languages and charsets."""

import pytest

from msa_ml.features.mail.language import Language
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.function_words import FunctionWords
from msa_ml.features.word_lists import packaged
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

ENGLISH = "this is a text of the kind that we have here for you, and it is not long"
GERMAN = "das ist ein Text von der Art, wie wir ihn hier für dich haben, und er ist nicht lang"


def koi(body: bytes) -> Message:
    return mail(body=body, kind="text/plain; charset=koi8-r")


TABLE: list[Row] = [
    (mail(), {"latin": None, "scripts": None, "function_words": None, "idle_charset": 0}),
    (mail(body=ENGLISH), {"latin": 1, "scripts": 1, "function_words": 0.125, "english": 1, "idle_charset": 0}),
    (mail(body="river lamp quiet seven garden stone window paper"), {"function_words": 0, "english": None, "second": None}),
    (mail(body="one two"), {"function_words": None, "latin": 1}),
    (mail(body="Привет, как дела?"), {"latin": 0, "cyrillic": 1, "scripts": 1}),
    (mail(body="日本語のテキスト 한국"), {"east_asian": 1, "latin": 0, "scripts": 3}),
    (mail(body="שלום عالم"), {"right_to_left": 1}),
    (mail(body="αβγδ"), {"other": 1}),
    (mail(body="12 34"), {"latin": None}),
    (koi(b"only English letters"), {"idle_charset": 1}),
    (koi("привет".encode("koi8-r")), {"idle_charset": 0, "cyrillic": 1}),
    (koi(b""), {"idle_charset": 0}),
    (mail(body=b"\x1b$B8&\x1b(B", kind="text/plain; charset=iso-2022-jp"), {"idle_charset": 0}),
    (mail(body="x", kind="text/plain; charset=klingon"), {"idle_charset": 0}),
    (mail(body="the " * 50_000), {"function_words": None, "english": None}),
    (mail(body="x y of the " + "at " * 50_000), {"function_words": 0.125, "english": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Language(), found, expected)


def test_a_language_is_known_by_its_words() -> None:
    german = Language().extract(mail(body=GERMAN))
    assert german["function_words"] == 0.125
    assert german["english"] < 0.5
    assert german["second"] < 0.6


def test_every_language_has_words() -> None:
    lines = packaged("function_words").words
    assert len(lines) == 20
    assert all(len(line.split()[0]) == 2 and len(line.split()) > 15 for line in lines)
    assert FunctionWords(lines).among("the") == (1, 1, 0, 1)
