"""Addresses: a table of addresses and values."""

import ipaddress
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.features.signup.ip import Ip
from msa_ml.features.word_lists import packaged

IP = Ip()


def values(ip: str, **fields: object) -> dict[str, float]:
    return IP.extract({"ip": ip, **fields})


@pytest.mark.parametrize(
    ("feature", "ip", "expected"),
    [
        ("missing", "", 1),
        ("missing", " [] ", 1),
        ("missing", "192.0.2.1", 0),
        ("malformed", "192.0.2.1", 0),
        ("malformed", "192.0.2.01", 1),
        ("malformed", "192.0.2", 1),
        ("malformed", "fe80::1%eth0", 1),
        ("malformed", "\u0661.1.1.1", 1),
        ("malformed", "1.1.1.1\x00", 1),
        ("malformed", "1" * 1_000_000, 1),
        ("malformed", "", math.nan),
        ("version_6", "2001:db8::1", 1),
        ("version_6", "[2001:DB8::1]", 1),
        ("version_6", "::ffff:192.0.2.1", 0),
        ("version_6", "nonsense", math.nan),
        ("private", "10.255.255.255", 1),
        ("private", "11.0.0.0", 0),
        ("private", "::ffff:192.168.1.1", 1),
        ("private", "fd00::1", 1),
        ("private", "::1", 1),
        ("private", "2001:db8::1", 0),
        ("shared", "100.64.0.1", 1),
        ("shared", "100.128.0.0", 0),
        ("tunnel", "2002:c000:201::1", 1),
        ("tunnel", "2001:0:1::1", 1),
        ("tunnel", "192.0.2.1", 0),
        ("reserved", "240.0.0.1", 1),
        ("reserved", "0.0.0.0", 1),
        ("reserved", "4000::1", 1),
        ("reserved", "2a00::1", 0),
        ("eui64", "2001:db8::211:22ff:fe33:4455", 1),
        ("eui64", "2001:db8::1", 0),
        ("eui64", "192.0.2.1", math.nan),
        ("low_host", "2001:db8::53", 1),
        ("low_host", "2001:db8::1:0:0:1", 0),
    ],
)
def test_values(feature: str, ip: str, expected: float) -> None:
    assert values(ip).get(feature, math.nan) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("feature", "fields", "expected"),
    [
        ("asn_known", {"asn": 64496}, 1),
        ("asn_known", {}, 0),
        ("asn_private", {"asn": 64512}, 1),
        ("asn_private", {"asn": 3320}, 0),
        ("asn_private", {}, math.nan),
        ("hosting", {"asn": 16509}, 1),
        ("hosting", {"asn": -5}, 0),
        ("country_known", {"country": "DE"}, 1),
        ("country_known", {}, 0),
    ],
)
def test_the_network(feature: str, fields: dict[str, object], expected: float) -> None:
    assert values("", **fields).get(feature, math.nan) == pytest.approx(expected, nan_ok=True)


@given(st.ip_addresses())
def test_the_purpose_is_that_of_the_first_network_in_the_list(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    plain = mapped if mapped is not None else address
    lines = [line.split() for line in packaged("special_networks").lines]
    purpose = next(
        (
            kind
            for text, kind in lines
            if (network := ipaddress.ip_network(text)).version == plain.version and plain in network
        ),
        "",
    )
    found = values(str(address))
    assert {kind for kind in ("private", "shared", "tunnel", "reserved") if found[kind]} == {purpose} - {
        "",
        "global",
    }
