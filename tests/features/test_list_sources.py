"""Lists made of what others maintain are those of the locked packages, and what is in them can be used."""

import re
from pathlib import Path

import pytest

from msa_ml.features.list_sources import FOLDER, SOURCES, write
from msa_ml.features.shared.domain import listed
from msa_ml.features.word_lists import packaged


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_packaged_list_is_that_of_the_locked_package(name: str) -> None:
    assert (FOLDER / f"{name}.txt").read_text(encoding="utf-8") == SOURCES[name](), (
        "make lists writes it again"
    )


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_it_says_which_version_under_which_licence(name: str) -> None:
    lines = [line for line in packaged(name).data.decode().splitlines() if line.startswith("#")]
    comment = " ".join(line.lstrip("# ") for line in lines)
    assert re.search(
        r"From the package [a-z-]+ [0-9.]+ \(PyPI, 20[0-9]{2}-[0-9]{2}; https://",
        comment,
    )
    assert "MIT License" in comment or "Apache License 2.0" in comment
    assert all(len(line) <= 124 for line in lines)


def test_all_of_them_are_written(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == set(SOURCES)
    assert {path.stem for path in FOLDER.iterdir() if "From the package" in path.read_text()} == set(SOURCES)


def test_providers_are_of_one_kind() -> None:
    kinds = {name: packaged(name).words for name in ("free_mail", "free_mail_more", "disposable_mail")}
    for name, words in kinds.items():
        for other in kinds.keys() - {name}:
            assert [word for word in words if listed(kinds[other], word)] == [], (name, other)


def test_what_many_know_is_there() -> None:
    assert len(packaged("disposable_mail").words) > 9_000
    assert len(packaged("free_mail_more").words) > 3_000
    assert {"mailinator.com", "guerrillamail.com", "yopmail.com"} <= packaged("disposable_mail").words
    assert {"scientist.com", "canada.com", "angelfire.com"} <= packaged("free_mail_more").words
    assert "gmail.com" in packaged("free_mail").words
    for domain in ("example.org", "microsoft.com", "paypal.com", "mit.edu", "gov.uk"):
        assert not any(listed(packaged(name).words, domain) for name in ("free_mail_more", "disposable_mail"))
