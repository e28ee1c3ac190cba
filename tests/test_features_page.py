"""``msa-ml features``, and ``docs/features.md`` that it made: as current as the code, and from real mail."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.write import write
from msa_ml.cli import main
from msa_ml.features.catalogue import Catalogue
from msa_ml.features.catalogue_page import page
from msa_ml.features.word_lists import PUBLIC_SUFFIXES
from msa_ml.tasks import get
from tests.bundle.tiny import manifest_of, seal, tiny

TOP = Path(__file__).parents[1]
PAGE = TOP / "docs" / "features.md"
SHARES = {"mail.subject.length": 0.25, "content": 0.75}
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]  # fmt: skip


def rows_of(text: str) -> dict[str, list[list[str]]]:
    """Return the cells of each section's table, without its head."""
    found: dict[str, list[list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("| ---"):
            found.setdefault(section, []).append(
                [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            )
    return {name: rows[1:] for name, rows in found.items()}


def declared(text: str) -> dict[str, list[list[str]]]:
    """Return what a page says of features and lists, without importances, and hashes of what another package holds."""
    rows = rows_of(text)
    for section in rows:
        if section == "Lists":
            rows[section] = [row for row in rows[section] if row[0] != f"`{PUBLIC_SUFFIXES}`"]
        else:
            rows[section] = [row[:-1] for row in rows[section]]
    # Beside the families, those of the model's other inputs.
    rows["Families"] = [row for row in rows["Families"] if row[0].startswith("[")]
    return rows


def test_the_page_lists_exactly_the_current_features() -> None:
    now = declared(page("spam", Catalogue.of(get("spam").features())))
    written = declared(PAGE.read_text(encoding="utf-8"))
    advice = "make docs writes the page again"
    assert written.keys() == now.keys(), advice
    for section, rows in now.items():
        assert written[section] == rows, f"{section}: {advice}"


def test_the_page_names_the_content_views_with_their_limits() -> None:
    written = PAGE.read_text(encoding="utf-8")
    for view in get("spam").features().views:
        assert f"\n### {view.name}\n" in written
        assert f"At most {view.limit:,} bytes." in written


def test_the_page_is_that_of_real_mail_and_says_so() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert "SYNTHETIC" not in written
    assert "SpamAssassin public corpus" in written
    assert "`make docs`" in written
    assert "labelled events" in written
    assert "Split" in written
    shares = [
        row[-1] for section, rows in rows_of(written).items() if section.startswith("mail.") for row in rows
    ]
    assert all(re.fullmatch(r"0|(< )?\d+\.\d+ %", found) for found in shares)


def test_the_comparison_can_fail() -> None:
    features = get("spam").features()
    now = page("spam", Catalogue.of(features))
    assert declared(now) == declared(page("spam", Catalogue.of(features, SHARES), model="m"))
    for wrong in (
        page("spam", Catalogue.of(features.without("mail.date"))),
        now.replace("| flag | 0 to 1 |", "| flag | 0 to 2 |", 1),
        now.replace("| `alone` |", "| `lonely` |", 1),
        now.replace("| seconds |", "| hours |", 1),
    ):
        assert declared(wrong) != declared(now)


def test_the_readme_counts_right() -> None:
    readme = " ".join((TOP / "README.md").read_text(encoding="utf-8").split())
    said = re.search(
        r"More than (\d+) numbers\S* of a mail in (\w+) families and (\w+) content views", readme
    )
    assert said is not None
    found = Catalogue.of(get("spam").features())
    assert (int(said[1]), said[2], said[3]) == (
        (found.count - 1) // 100 * 100,
        NUMBERS[len(found.families)],
        NUMBERS[len(found.views)],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contents = replace(tiny(), training={"importance": SHARES, "split": "by hand"})
    return write(tmp_path / "spam", contents, golden_mail()).path


def features(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any, str]:
    code = main(["features", *map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_importances_of_a_bundle(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, _ = features("spam", "--bundle", folder, capsys=capsys)
    shares = {
        entry["name"]: entry["importance"] for family in found["families"] for entry in family["features"]
    }
    assert code == 0
    assert len(shares) == found["count"]
    assert shares["mail.subject.length"] == 0.25
    assert sum(shares.values()) == 0.25
    assert found["other_importance"] == {"content": 0.75}
    assert found["model"]["synthetic"] is True


def test_a_page_says_which_model_it_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "page.md"
    code, found, err = features(
        "spam", "--bundle", folder, "--markdown", place, "--note", "By hand.", capsys=capsys
    )
    text = place.read_text(encoding="utf-8")
    assert code == 0
    assert str(place) in err
    assert f"`{found['model']['bundle_id'][:12]}`" in text
    assert "**SYNTHETIC" in text
    assert "By hand." in text
    assert "Split by hand." in text
    assert "another specification" in text
    assert rows_of(text)["mail.subject"][0][-1] == "25.0 %"


def test_an_older_bundle_is_read_and_said_to_have_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = write(tmp_path / "spam", tiny(), golden_mail()).path
    code, found, err = features("spam", "--bundle", older, capsys=capsys)
    assert code == 0
    assert "Train again" in err
    assert found["families"][0]["features"][0]["importance"] is None


@pytest.mark.parametrize("wrong", [[], {"a": "much"}, {"a": 2}, {"a": -0.1}, {"a": True}, {"\x1b": 0.5}])
def test_a_forged_importance_is_refused(
    folder: Path, wrong: object, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = manifest_of(folder)
    manifest["training"]["importance"] = wrong
    seal(folder, manifest)
    code, found, _ = features("spam", "--bundle", folder, capsys=capsys)
    assert code == 1
    assert "importance" in found["error"]


def test_without_a_model_it_still_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    code, found, err = features("spam", "--home", home, capsys=capsys)
    assert (code, found["model"]) == (0, None)
    assert "No importances" in err
    assert not home.exists(), "a look makes nothing"
    assert main(["features", "spam", "--home", str(home)]) == 0
    assert "mail.subject.length" in capsys.readouterr().out


def test_a_terminal_shows_importances(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "spam", "--bundle", str(folder)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"mail\.subject\.length +25\.0 %  characters", out)
    assert "content (75.0 %)" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(("spma",), 2, "spam"), (("spam", "--bundle", "/nowhere"), 2, "no bundle")],
)
def test_wrong_input_is_said(
    words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found_code, found, _ = features(*words, capsys=capsys)
    assert found_code == code
    assert said in found["error"]
