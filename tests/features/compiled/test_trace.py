"""The twins that read the received chain."""

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import message, trace
from msa_ml.features.shared import clock, ip

_ADDRESSES = ["192.0.2.1", "8.8.8.8", "10.1.2.3", "256.1.1.1", "08.1.1.1", "1.2.3", "1.2.3.4.5", "219.0.0.255", "220.1.1.1", "2001:db8::5",
              "IPv6:2001:db8::5", "::ffff:8.8.8.8", "0.0.0.0", "8.8.8.8 ", "[8.8.8.8]", "8.8.8.", "8..8.8", "8.8.8.0001", ""]  # fmt: skip


def _same(name: str, own: Any, *values: Any) -> Any:
    first, second = (function(*values) for function in TWINS.get(f"trace.{name}", (own, own)))
    assert first == second
    assert type(first) is type(second)
    return second


@pytest.mark.parametrize("text", _ADDRESSES)
def test_scope_of_a_table(text: str) -> None:
    _same("scope", ip.scope, text)


@given(st.text("0123456789.:[] aIx", max_size=20) | st.ip_addresses().map(str))
def test_scope(text: str) -> None:
    _same("scope", ip.scope, text)


_DATE_PIECES = st.sampled_from(
    ["Thu", "thursday", "Thu,", "XYZ, ", " ", "\t", " " * 9, "\n", "-", "7", "22", "31", "Aug", "FEB", "September", "Julyyyyy", "2002", "02",
     "102", "1900", "0000", "12:36", "12:36:23", "24:00:60", "25:00:00", "1:2:3", ":61", "+0200", "-0730", "+02", "GMT", "cest", "ABCDEF", "é", "٣"]
)  # fmt: skip
_DAYS, _GAPS = (
    st.sampled_from(["Thu, ", "thu ", "Friday,\t", "", "Xyz, "]),
    st.sampled_from([" ", "  ", "\t", "-", "    "]),
)
_ZONES = st.sampled_from(
    [" +0200", " -0000", "", " EST", "  gmt", " +12", " nowhere", "+0100", " (CEST)", " \n+0100"]
)
_DATES = st.builds(
    lambda before, day, number, gap, month, year, time, zone: f"{before}{day}{number}{gap}{month}{gap}{year} {time}{zone}",
    st.sampled_from(["", " ", "\t", "    ", "\n", "x", "9 "]), _DAYS, st.integers(0, 32), _GAPS,
    st.sampled_from(["Jan", "Feb", "feb", "April", "Dec", "Xxx"]), st.sampled_from([0, 49, 50, 99, 102, 1900, 2000, 2023, 2024, 9999, 10000]),
    st.sampled_from(["12:36:23", "0:00", "24:59:60", "24:60:00", "23:59:61", "7:5:3", "12:3456"]), _ZONES,
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(_DATES | st.lists(_DATE_PIECES, max_size=12).map("".join) | st.text(max_size=30))
def test_stamp(text: str) -> None:
    _same("stamp", clock.stamp, text)


@pytest.mark.parametrize("year", [1900, 1970, 2000, 2023, 2024, 2100])
def test_stamp_of_every_day(year: int) -> None:
    for month in clock._MONTHS:
        for day in range(1, 33):
            _same("stamp", clock.stamp, f"Mon, {day} {month} {year} 00:00:00 +0000")


def test_stamp_far_behind() -> None:
    for blanks in (0, 1, 965, 980, 1000, 5000):
        _same("stamp", clock.stamp, " " * blanks + "Thu, 22 Aug 2002 12:36:23 +0200")


_HOP_PIECES = st.sampled_from(
    ["from ", "From\t ", "by mx.example", " by ", "(", ")", "[", "]", "([", " (", "a.example", "mail@b.example. ", "ident@", "unknown ", "HELO ",
     "helo=", "helo", "192.0.2.1", "IPv6:", "ipv6\x1a", "2001:db8::1", "10.0.0.1", " ", "    ", "\t", "\x1c", ";", "; Thu, 22 Aug 2002 12:36:23 +0000",
     "; 22 Aug 2002 12:36 GMT", "a" * 64, "b" * 300, "1" * 46, "x." * 21, "y." * 20 + "z ", "é", "_-"]
)  # fmt: skip


def _read(hop: Any) -> tuple[Any, ...]:
    return hop.value, hop.stamp, hop.ip, hop.scope, hop.helo, hop.reverse, repr(hop)


@settings(deadline=None, max_examples=400)
@given(st.lists(_HOP_PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_Hop(value: str) -> None:  # noqa: N802 - named as the twin is
    own, twin = TWINS.get("trace.Hop", (trace.Hop, trace.Hop))
    hop = twin(value)
    assert _read(own(value)) == _read(hop) == _read(hop)


@pytest.mark.parametrize(
    ("value", "helo", "reverse", "ip"),
    [
        ("from a.example (b.example.net [192.0.2.1]) by c; x", "a.example", "b.example.net", "192.0.2.1"),
        ("from 192.0.2.9 (HELO x) (192.0.2.1) by c", "x", "192.0.2.9", "192.0.2.1"),
        ("from [192.0.2.9] by c", "192.0.2.9", "", "192.0.2.9"),
        ("from a ([192.0.2.1]) (d.example [x]) by c", "a", "", "192.0.2.1"),
        ("from a (unknown [IPv6:2001:db8::1]) by c", "a", "", "2001:db8::1"),
        ("from a (id@D.example. [192.0.2.1]) by c", "a", "d.example", "192.0.2.1"),
        ("(a.example [192.0.2.1])", "", "a.example", "192.0.2.1"),
        ("from  by (a [192.0.2.1])", "", "", ""),
        ("FROM a (EHLO=[b]) [1.2.3.4]", "a", "", "1.2.3.4"),
        ("from a (HELO=[b]) [1.2.3.4]", "b", "a", "1.2.3.4"),
        ("from a; by (b [1.2.3.4])", "a", "", ""),
        ("", "", "", ""),
    ],
)
def test_Hop_table(value: str, helo: str, reverse: str, ip: str) -> None:  # noqa: N802
    for kind in TWINS.get("trace.Hop", (trace.Hop,)):
        hop = kind(value)
        assert (hop.helo, hop.reverse, hop.ip) == (helo, reverse, ip)


@given(
    st.lists(st.lists(_HOP_PIECES | st.sampled_from(["\n ", "\r\n\t"]), max_size=8).map("".join), max_size=3),
    st.integers(1, 30),
)
def test__hops(values: list[str], times: int) -> None:
    own, twin = TWINS.get("trace._hops", (message._hops, message._hops))
    latin = [value.encode("utf-8").decode("latin-1") for value in values] * times
    first, second = own(latin), twin(latin)
    assert type(second) is tuple
    assert len(second) <= 50
    assert [_read(hop) for hop in first] == [_read(hop) for hop in second]
    assert [hop.scope for hop in first] == [hop.scope for hop in twin(latin)]
    assert [hop.stamp for hop in first] == [hop.stamp for hop in twin(latin)]


def test_a_long_hop_is_cut() -> None:
    for value in (" from a" + " x" * 3000, "é" * 5000, "a" * 70_000):
        for function in TWINS.get("trace._hops", (message._hops,)):
            assert len(function([value])[0].value) == 4096


def test_a_hop_travels() -> None:
    hop = trace.hop("from a (b [8.8.8.8]) by c; x")
    assert pickle.loads(pickle.dumps(hop)).ip == hop.ip == "8.8.8.8"
