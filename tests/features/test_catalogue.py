"""The catalogue says what extractors declare, and the page shows it as it is."""

import math

import pytest

from msa_ml.features.catalogue import Catalogue, Entry, licence_of, source_of
from msa_ml.features.catalogue_page import cell_of, page, prose, share
from msa_ml.features.extractor import Extractor, Feature, FeatureSet
from msa_ml.features.mail.content import Head, Text
from msa_ml.features.mail.subject import Subject
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import WordList, packaged
from msa_ml.tasks import get


class Odd(Extractor):
    """Marks that mean something: ``a|b`` < *c*.

    Parameters
    ----------
    most
        How many, see :class:`~msa_ml.Extractor`.

    Examples
    --------
    >>> 1
    1
    """

    name = "mail.odd"
    kind = "mail"
    features = (
        Feature("below", "a | b <c> *d*", "bits", -math.inf, 1.5, nan="no | mail", monotone=-1, source="*"),
        Feature("any", "anything", low=-math.inf),
    )

    def __init__(self, *, most: int = 3) -> None:
        super().__init__(most=most)

    def extract(self, record: object) -> dict[str, float]:
        return {}


class Silent(Extractor):
    name = "mail.silent"
    kind = "mail"
    features = (Feature("nothing", "nothing"),)

    def extract(self, record: object) -> dict[str, float]:
        return {}


FEATURES = FeatureSet([Odd(), Silent(), Subject()], [Head(), Text()])
SHARES = {"mail.odd.below": 0.25, "content": 0.7, "mail.gone.x": 0.05}


def test_it_holds_every_feature_in_order() -> None:
    features = get("spam").features()
    found = Catalogue.of(features)
    assert [entry.column for family in found.families for entry in family.entries] == list(features.columns)
    assert found.digest == Specification.of(features).digest
    assert [view.name for view in found.views] == [view.name for view in features.views]
    assert [entry.name for entry in found.lists] == list(features.list_names)


def test_importance_is_unknown_without_a_model_and_0_for_what_it_does_not_use() -> None:
    without, of_model = Catalogue.of(FEATURES), Catalogue.of(FEATURES, SHARES)
    assert [family.importance for family in without.families] == [None, None, None]
    assert [family.importance for family in of_model.families] == [0.25, 0, 0]
    assert [entry.importance for entry in of_model.families[0].entries] == [0.25, 0]
    assert of_model.other == {"content": 0.7, "mail.gone.x": 0.05}


def test_ranges_in_words() -> None:
    below, anything = Catalogue.of(FEATURES).families[0].entries
    assert (below.range, anything.range) == ("1.5 or less", "any")
    assert Entry("a", Feature("a", "", low=-1, high=0.25)).range == "-1 to 0.25"


def test_json_has_no_number_that_json_lacks() -> None:
    found = Catalogue.of(FEATURES, SHARES).to_json()
    first = found["families"][0]
    assert first["parameters"] == {"most": 3}
    assert first["features"][0] == {
        "name": "mail.odd.below", "description": "a | b <c> *d*", "unit": "bits", "low": None, "high": 1.5, "nan": "no | mail",
        "portable": "runtime", "monotone": -1, "source": "*", "importance": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "licence", "begins"),
    [
        ("public_suffixes", "MPL-2.0", "The Public Suffix List"),
        ("confusables", "Unicode-3.0", "Characters that look like"),
        ("disposable_mail", "MIT", "Domains of providers of mailboxes"),
        ("brands", "Apache-2.0", "Brands that phishing poses as"),
    ],
)
def test_where_a_list_comes_from(name: str, licence: str, begins: str) -> None:
    assert licence_of(packaged(name)) == licence
    assert source_of(packaged(name)).startswith(begins)


@pytest.mark.parametrize("name", get("spam").features().list_names)
def test_every_list_says_where_it_comes_from(name: str) -> None:
    found = packaged(name)
    assert len(source_of(found)) > 40
    # What others compiled is named with its package, and then with its licence.
    assert licence_of(found) != "Apache-2.0" or "From the package" not in source_of(found)


def test_a_list_without_a_comment() -> None:
    bare = WordList("bare", b"apple\n# pear\n")
    assert (source_of(bare), licence_of(bare)) == ("", "Apache-2.0")


def test_marks_are_shown_as_they_are() -> None:
    text = page("spam", Catalogue.of(FEATURES, SHARES), model="A model.", note="A note.")
    row = next(line for line in text.splitlines() if line.startswith("| `below`"))
    assert row == (
        r"| `below` | a \| b \<c> \*d\* | bits | 1.5 or less | no \| mail | runtime | - | \* | 25.0 % |"
    )
    assert "Marks that mean something: `a|b` \\< *c*." in text
    assert "- `most`: How many, see `msa_ml.Extractor`." in text
    assert "```python\n>>> 1\n1\n```" in text
    assert "A model." in text
    assert "A note." in text


def test_every_row_has_as_many_cells_as_its_head() -> None:
    width = 0
    for line in page("spam", Catalogue.of(get("spam").features(), SHARES)).splitlines():
        cells = line.replace(r"\|", "").count("|") if line.startswith("|") else 0
        assert not width or not cells or cells == width, line
        width = cells


def test_small_shares_are_not_0() -> None:
    assert [share(value) for value in (1.0, 0.0099, 0.00001)] == ["100.0 %", "0.99 %", "< 0.01 %"]


def test_an_empty_docstring() -> None:
    assert (prose(""), cell_of("")) == ("", "")
    assert Catalogue.of(FEATURES).families[1].about == ""
