"""Which kind of address an account is registered from."""

from __future__ import annotations

import ipaddress
import socket
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.each import each
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import WordList

_NETWORKS = "special_networks"
_HOSTING = "hosting_asns"
_NO_IP = "no address, or none that can be read"
_KINDS = ("private", "shared", "tunnel", "reserved")
_V6 = "a version 4 address, or none that can be read"
_FIELDS = ("missing", "malformed", "version_6", *_KINDS, "eui64", "low_host")
_MISSING = (True, *(None,) * (len(_FIELDS) - 1))
_MALFORMED = (False, True, *(None,) * (len(_FIELDS) - 2))
_MAPPED = 0xFFFF


class Ip(TableExtractor):
    """Version and special purpose of the client's address, and what is known of its network.

    At most 256 code points are read. An address is the decimal form with three points (four numbers of 0 to 255 without leading zeros) or the text form
    of RFC 4291 2.2 without a zone; an address of version 6 that is mapped from version 4 (``::ffff:0:0/96``) is that
    of version 4. Spaces and brackets around it do not count. The first network of the list ``special_networks`` that
    holds the address gives its purpose. *low_host*: the last 64 bits are below 65,536, as people number servers.
    *eui64*: bits 24 to 39 of them (bit 0 is the lowest) are ``fffe``, made of the number of a network card. An
    autonomous system is of *hosting* when the list ``hosting_asns`` has it, and of *private* use or reserved when it is
    0, 23456, from 64496 to 65535, or from 4200000000 to 4294967295. The country is known when it is not empty.
    """

    name = "signup.ip"
    kind = "signup"
    inputs = ("ip", "asn", "country")
    reads = (_NETWORKS, _HOSTING)
    features = (
        Feature("missing", "no address is given", "flag", 0, 1, portable="yes"),
        Feature("malformed", "what is given is no address", "flag", 0, 1, nan="no address is given", portable="yes"),
        Feature("version_6", "the address is of version 6", "flag", 0, 1, nan=_NO_IP, portable="yes", source="RFC 4291"),
        Feature("private", "it is of a network that is not reached from outside", "flag", 0, 1, nan=_NO_IP, portable="yes", source="RFC 6890"),
        Feature("shared", "it is of the network that carriers share out", "flag", 0, 1, nan=_NO_IP, portable="yes", source="RFC 6598"),
        Feature("tunnel", "it carries version 6 over version 4", "flag", 0, 1, nan=_NO_IP, portable="yes", source="RFC 3056, RFC 4380"),
        Feature("reserved", "it is of no network that clients have", "flag", 0, 1, nan=_NO_IP, portable="yes", source="RFC 6890"),
        Feature("eui64", "its host part is made of the number of a network card", "flag", 0, 1, nan=_V6, portable="yes", source="RFC 4291 2.5.1"),
        Feature("low_host", "its host part is a small number", "flag", 0, 1, nan=_V6, portable="yes", source="RFC 7707 4.1.1"),
        Feature("asn_known", "the autonomous system is known", "flag", 0, 1, portable="yes"),
        Feature("asn_private", "the autonomous system is of private use or reserved", "flag", 0, 1, nan="it is not known", portable="yes",
                source="RFC 6996"),
        Feature("hosting", "the autonomous system is of a hosting provider", "flag", 0, 1, monotone=1, nan="it is not known", portable="yes"),
        Feature("country_known", "the country is known", "flag", 0, 1, portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        networks = self.lists[_NETWORKS]
        found = each(batch["ip"], lambda text: _look(networks, text), _FIELDS)
        asn = pl.col("asn")
        hosting = [int(number) for number in self.lists[_HOSTING].words]
        private = (
            asn.is_between(64_512, 65_535)
            | asn.is_between(4_200_000_000, 4_294_967_295)
            | asn.is_in([0, 23_456])
            | asn.is_between(64_496, 64_511)
        )
        return found.hstack(
            batch.select(
                asn_known=asn.is_not_null(),
                asn_private=private,
                hosting=asn.is_in(hosting),
                country_known=pl.col("country").fill_null("").str.len_bytes() > 0,
            )
        )


def _look(networks: WordList, text: str) -> Sequence[float | None]:
    """Return the values of one address in the order of ``_FIELDS``."""
    text = text.strip(" []")
    if not text:
        return _MISSING
    number = _number(text)
    if number is None:
        return _MALFORMED
    starts, kinds = _purposes(networks)
    answer = kinds[bisect_right(starts, number) - 1]
    if number >> 32 == _MAPPED:
        return answer
    host = number & (1 << 64) - 1
    return (*answer[:2], True, *answer[3:-2], host >> 24 & 0xFFFF == 0xFFFE, host < 1 << 16)


def _number(text: str) -> int | None:
    """Return an address as a number of 128 bits, one of version 4 as it is mapped to version 6; None for no address."""
    try:
        if ":" not in text:
            # A tenth of the time of ipaddress, by the same rule: four numbers without leading zeros.
            return _MAPPED << 32 | int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
        address = ipaddress.IPv6Address(text)
    except (ValueError, OSError):
        return None
    return None if address.scope_id is not None else int(address)


@lru_cache(maxsize=8)
def _purposes(networks: WordList) -> tuple[list[int], list[Sequence[float | None]]]:
    """Return where, in all addresses in order, the purpose changes, and the values of version 4 from there on."""
    ranges = []
    for line in networks.lines:
        text, kind = line.split()
        network = ipaddress.ip_network(text)
        prefix = _MAPPED << 32 if network.version == 4 else 0
        ranges.append((prefix + int(network[0]), prefix + int(network[-1]), kind))
    starts = sorted(
        {
            0,
            _MAPPED << 32,
            (_MAPPED + 1) << 32,
            *(edge for first, last, _ in ranges for edge in (first, last + 1)),
        }
    )
    found: list[Sequence[float | None]] = []
    for start in starts:
        mapped = start >> 32 == _MAPPED
        purpose = next(
            (
                kind
                for first, last, kind in ranges
                if first <= start <= last and (first >> 32 == _MAPPED) == mapped
            ),
            "",
        )
        found.append((False, False, False, *[purpose == kind for kind in _KINDS], None, None))
    return starts, found
