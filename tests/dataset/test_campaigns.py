"""Copies of a mail share a fingerprint; mails that have nothing to do with each other do not."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from msa_ml.dataset.campaigns import fingerprint
from msa_ml.features.mail.message import Message

COMMON = (
    "the and you that for with this have from are not was but your all will can one they there what when which would "
    "about their been more has some time very just than into people other could only then like also work make good "
    "please thank know think where after first should because before being between number following information"
)


def letter(random: np.random.Generator, words: int = 300) -> list[str]:
    """Return a text of words that every English mail is made of."""
    return [str(word) for word in random.choice(COMMON.split(), words)]


def changed(words: list[str], share: float, random: np.random.Generator) -> list[str]:
    """Replace a share of the words by names that occur nowhere else."""
    hit = random.random(len(words)) < share
    names = ["".join(random.choice(list("bdfgklmnprstvz"), 7)) for _ in words]
    return [name if swap else word for word, name, swap in zip(words, names, hit, strict=True)]


def test_texts_of_the_same_words_are_not_copies() -> None:
    random = np.random.default_rng(1)
    found = [fingerprint(" ".join(letter(random))) for _ in range(400)]
    # 79,800 pairs: even one in a thousand would leave its mark.
    assert len(set(found)) >= 396


@pytest.mark.parametrize(("share", "least"), [(0.003, 0.9), (0.01, 0.8), (0.03, 0.55)])
def test_most_copies_with_a_few_other_words_are(share: float, least: float) -> None:
    random = np.random.default_rng(2)
    texts = [letter(random) for _ in range(120)]
    same = [
        fingerprint(" ".join(text)) == fingerprint(" ".join(changed(text, share, random))) for text in texts
    ]
    assert np.mean(same) >= least


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace(" ", "\r\n  "),
        lambda text: text.replace(".", "!!! 1234 "),
        lambda text: f"  {text}  99",
    ],
)
def test_case_space_digits_and_punctuation_do_not_matter(change: Callable[[str], str]) -> None:
    text = ". ".join(letter(np.random.default_rng(3), 60))
    assert fingerprint(change(text)) == fingerprint(text) != ""


@pytest.mark.parametrize("text", ["", "hi", "1234567890" * 50, "a" * 39, "\ud800" * 10, "?!" * 500])
def test_too_little_text_says_nothing(text: str) -> None:
    assert fingerprint(text) == ""


@pytest.mark.parametrize(
    "text", ["\ud800" * 100 + "x" * 100, "д" * 300, "\x00" * 100 + "b" * 99, "x" * 1_000_000]
)
def test_anything_has_one_and_the_same(text: str) -> None:
    assert len(fingerprint(text)) == 16
    assert fingerprint(text) == fingerprint(text)


@pytest.mark.corpus
@pytest.mark.slow
def test_corpora_of_different_decades_share_next_to_none(shared_data: Path) -> None:
    found = []
    for name in ("spamassassin", "blinux-list"):
        with tarfile.open(shared_data / f"{name}.tar.xz") as archive:
            files = (archive.extractfile(member) for member in archive if member.isfile())
            found.append([fingerprint(Message(file.read()).text) for file in files if file is not None])
    old, new = set(found[0]) - {""}, found[1]
    assert len(old) > 4000
    assert sum(campaign in old for campaign in new) <= 0.002 * len(new)
