"""Clock, addresses, domains and lists, as somebody else wrote them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.errors import UnknownNameError
from msa_ml.features.compiled import TWINS
from msa_ml.features.shared import domain
from msa_ml.features.shared.clock import stamp
from msa_ml.features.shared.domain import is_ip, listed, registrable
from msa_ml.features.shared.ip import scope
from msa_ml.features.shared.text import entropy
from msa_ml.features.word_lists import packaged

SUFFIXES = packaged("public_suffixes")


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001 - hypothesis wants them naive
    st.integers(-14 * 60, 14 * 60),
)
def test_every_formal_date_is_read(when: datetime, offset: int) -> None:
    local = when.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    days, months = (
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    )
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = (
        f"{days[local.weekday()]}, {local.day} {months[local.month - 1]} {local.year:04d} "
        f"{local:%H:%M:%S} {sign}{minutes // 60:02d}{minutes % 60:02d}"
    )
    found = stamp(text)
    assert found is not None
    assert found == (int(local.timestamp()), offset, local.hour * 60 + local.minute, True)


@given(st.text(max_size=200))
def test_no_text_makes_the_clock_raise(text: str) -> None:
    stamp(text)
    stamp(f"1 Jan 2002 {text}")
    stamp(f"Mon, {text} Jan 2002 10:10:10 +0000")


def test_two_digit_years_and_names_of_zones() -> None:
    expected = int(datetime(1999, 8, 22, 16, 36, tzinfo=UTC).timestamp())
    found = stamp("Sun, 22 Aug 99 12:36 EDT")
    assert found is not None
    assert (found.seconds, found.zone) == (expected, -240)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("203.0.113.9", "global"), ("127.0.0.1", "private"), ("fe80::1", "private"), ("::ffff:10.0.0.1", "private"), ("1.2.3", ""), ("x" * 999, "")],
)  # fmt: skip
def test_scope(text: str, expected: str) -> None:
    assert scope(text) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.b.example.org", "example.org"), ("EXAMPLE.CO.UK.", "example.co.uk"), ("a.b.github.io", "b.github.io"),
        ("bücher.de", "bücher.de"), ("xn--bcher-kva.de", "xn--bcher-kva.de"), ("co.uk", ""), ("org", ""), ("192.0.2.1", ""),
        ("a..b", ""), ("a b.example", ""), ("x" * 300 + ".org", ""), (".", ""), ("", ""), ("[2001:db8::1]", ""),
    ],
)  # fmt: skip
def test_registrable(host: str, expected: str) -> None:
    assert registrable(SUFFIXES, host) == expected


@given(st.text(max_size=80))
def test_no_host_raises(host: str) -> None:
    found = registrable(SUFFIXES, host)
    assert found == "" or host.strip().rstrip(".").lower().endswith(found)
    is_ip(host)
    listed(frozenset({"example.org"}), host)


def test_registrable_domains_are_kept_in_a_cache() -> None:
    own = TWINS.get("address.registrable", (registrable,))[0]
    own(SUFFIXES, "a.cached.example.org")
    before = domain._registrable.cache_info()
    assert own(SUFFIXES, "a.cached.example.org") == "example.org"
    assert own(SUFFIXES, "a." * 9_999 + "example.org") == ""
    after = domain._registrable.cache_info()
    assert (after.hits, after.currsize) == (before.hits + 1, before.currsize)


def test_entropy_of_two_equal_halves_is_one_bit() -> None:
    assert entropy("ab" * 50) == 1
    assert entropy("") == 0


@pytest.mark.parametrize(
    "name",
    [
        "free_mail",
        "disposable_mail",
        "brands",
        "confusables",
        "url_shorteners",
        "executable_extensions",
        "archive_extensions",
        "function_words",
        "generic_addressees",
        "greetings",
        "html_elements",
        "opt_out_phrases",
        "rare_letter_pairs",
    ],
)
def test_packaged_lists_are_clean(name: str) -> None:
    text = packaged(name).data.decode()
    assert text.startswith("# ")
    assert "2026" in text.split("\n\n")[0]
    entries = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(entries) == len(set(entries))
    assert all(entry == entry.strip().lower() and entry for entry in entries)
    with pytest.raises(UnknownNameError, match="Did you mean"):
        packaged(name + "x")
