"""Names that look like other names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.features.shared.brand import BRANDS, guise, poses
from msa_ml.features.shared.confusable import CONFUSABLES, mixes_scripts, skeleton
from msa_ml.features.word_lists import packaged

TABLE, NAMES, PROVIDERS = packaged(CONFUSABLES), packaged(BRANDS), packaged("free_mail")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "p\u0430yp\u0430l"),
        ("paypal", "PAYPAL"),
        ("paypal", "paypa1"),
        ("amazon", "arnaz0n"),
        ("apple", "\u0430\u0440\u0440\u04cf\u0435"),
        ("google", "g\u200bo\u200dog\u00adle"),
        ("google", "\uff47\uff4f\uff4f\uff47\uff4c\uff45"),
        ("bank", "\U0001d41b\U0001d41a\U0001d427\U0001d424"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(TABLE, one) == skeleton(TABLE, other)


@pytest.mark.parametrize(
    ("one", "other"), [("paypal", "paypai"), ("muller", "m\u00fcller"), ("bank", "bunk")]
)
def test_what_does_not_has_two(one: str, other: str) -> None:
    assert skeleton(TABLE, one) != skeleton(TABLE, other)


@given(st.text(max_size=300))
def test_any_text_has_a_skeleton_and_an_answer(text: str) -> None:
    seen = skeleton(TABLE, text)
    assert skeleton(TABLE, text.lower()) == seen
    assert not (text.isascii() and mixes_scripts(text))
    guise(TABLE, NAMES, PROVIDERS, f"xn--{text}"[:253], text[:253])
    poses(TABLE, NAMES, text, text)


@pytest.mark.parametrize(
    ("word", "mixed"),
    [
        ("hello", False),
        ("p\u0430ypal", True),
        ("\u03b1lpha", True),
        ("\u043f\u0440\u0438\u0432\u0435\u0442", False),
        ("caf\u00e9", False),
        ("\u30c6\u30b9\u30c8\u6f22\u5b57abc", False),
        ("\u6f22\u0430b", True),
        ("\u0430\u4e2d", True),
        ("12\u0430", False),
        ("\ud800a", False),
    ],
)
def test_mixed_scripts(word: str, mixed: bool) -> None:
    assert mixes_scripts(word) is mixed


@pytest.mark.parametrize(
    ("text", "own", "poses_as"),
    [
        ("PayPal", "paypal.com", False),
        ("PayPal", "paypal.de", False),
        ("PayPal", "paypal.co.uk", False),
        ("PayPal", "paypal.shop", True),
        ("PayPal", "", True),
        ("my-paypal-login", "my-paypal-login.com", True),
        ("Wells Fargo", "example.org", True),
        ("Wellsfargo Alerts", "wellsfargo.com", False),
        ("Google on behalf of Jo", "youtube.com", False),
        ("appleton.example", "appleton.example", False),
        ("store.apple-id.example", "apple-id.example", True),
        ("me and you", "example.org", False),
    ],
)
def test_brands(text: str, own: str, poses_as: bool) -> None:
    assert poses(TABLE, NAMES, text, own) is poses_as


def test_every_brand_is_itself() -> None:
    for line in NAMES.words:
        name = line.split()[0].replace("-", "").partition(".")[0]
        assert not guise(TABLE, NAMES, PROVIDERS, f"mail.{name}.com", f"{name}.com").lookalike, line
        assert not poses(TABLE, NAMES, line.split()[0].replace("-", " "), f"{name}.com"), line


def test_no_free_mail_provider_looks_like_another() -> None:
    for domain in PROVIDERS.words:
        assert not guise(TABLE, NAMES, PROVIDERS, domain, domain).lookalike, domain
