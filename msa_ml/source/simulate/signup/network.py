"""A plan of addresses that points at nobody: IPv4 of class E (240.0.0.0/4, RFC 1112), IPv6 of 3fff::/20 (RFC 9637).

Both are reserved, so no address here was ever anybody's; the documentation ranges of IPv4 hold only 768 addresses, too
few for a world. Autonomous systems are those for private use (RFC 6996). Each kind of network has its own blocks, which
are cut from 983,040 subnets (/24).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.source.simulate.signup.countries import COUNTRIES

Numbers = NDArray[np.int64]

HOMES_A_COUNTRY: Final = 40_000  # subnets of homes of each country
_CARRIERS: Final = 600_000
_OFFICES: Final = 610_000
OFFICES: Final = 20_000
_HOSTING: Final = 640_000
HOSTING: Final = 1_500
_VPN: Final = 650_000
VPN: Final = 400  # addresses
_TOR: Final = 651_000
TOR: Final = 300  # addresses
_FIRST_ASN: Final = 4_200_000_000
_CLASS_E: Final = 240 << 24
_CODES = tuple(country.code for country in COUNTRIES)
_CARRIERS_OF = np.array([country.carriers for country in COUNTRIES])


def mixed(number: Numbers, salt: int) -> Numbers:
    """Return a number of 62 bits that looks random and is the same for the same number (splitmix64's finaliser).

    Examples
    --------
    >>> bool((mixed(np.array([1, 2]), 0) == mixed(np.array([1, 2]), 0)).all())
    True
    """
    value = (number.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((value ^ (value >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)


class Places:
    """Networks of rows, filled kind by kind: an IPv4 number, or the parts of an IPv6 address, with system and country."""

    def __init__(self, count: int) -> None:
        self.subnet = np.zeros(count, np.int64)
        self.host = np.zeros(count, np.int64)
        self.six = np.zeros(count, np.bool_)
        self.asn = np.zeros(count, np.int64)
        self.country = np.zeros(count, np.int64)

    def _put(self, rows: Numbers, subnet: Numbers, host: Numbers, asn: Numbers, country: Numbers) -> None:
        self.subnet[rows], self.host[rows], self.country[rows] = subnet, host, country
        self.asn[rows] = _FIRST_ASN + asn

    def homes(self, rows: Numbers, household: Numbers, country: Numbers) -> None:
        """Put homes, by the number of a household; two of five have IPv6."""
        code = mixed(household, 1)
        # Squared, so that some subnets are dense and many are nearly empty.
        subnet = (((code % 100_003) / 100_003.0) ** 2 * HOMES_A_COUNTRY).astype(np.int64)
        asn = 10 * country + subnet % 3
        self._put(rows, country * HOMES_A_COUNTRY + subnet, mixed(household, 2) % 254 + 1, asn, country)
        self.six[rows] = mixed(household, 3) % 5 < 2

    def carriers(self, rows: Numbers, draw: Numbers, country: Numbers) -> None:
        """Put mobile networks: thousands behind each address."""
        share = (draw % 100_003) / 100_003.0
        address = (share**1.5 * _CARRIERS_OF[country]).astype(np.int64)
        self._put(
            rows,
            _CARRIERS + country * 16 + address % 7,
            address + 1,
            1_000 + 2 * country + address % 2,
            country,
        )

    def crowded(self, rows: Numbers, country: Numbers) -> None:
        """Put the one address that stands before everybody of a network."""
        zero = np.zeros(len(rows), np.int64)
        self._put(rows, _CARRIERS + country * 16 + 9, zero + 77, zero + 1_099, country)

    def offices(self, rows: Numbers, office: Numbers, country: Numbers) -> None:
        """Put firms and schools, one address each."""
        place = mixed(office, 5) % OFFICES
        self._put(rows, _OFFICES + place, mixed(place, 6) % 4 + 1, 10 * country + place % 3, country)

    def hosting(self, rows: Numbers, subnet: Numbers, host: Numbers) -> None:
        """Put rented servers anywhere."""
        place = mixed(subnet, 7) % HOSTING
        self._put(
            rows, _HOSTING + place, host % 250 + 2, 2_000 + place % 25, mixed(place, 8) % len(COUNTRIES)
        )

    def vpn(self, rows: Numbers, draw: Numbers) -> None:
        """Put exits of VPN services, shared by people and attackers; they stand in hosters' networks."""
        place = ((draw % 100_003) / 100_003.0 * VPN).astype(np.int64)
        self._put(
            rows, _VPN + place // 10, place % 10 + 10, 2_000 + place % 25, mixed(place, 9) % len(COUNTRIES)
        )

    def tor(self, rows: Numbers, draw: Numbers) -> None:
        """Put exits of Tor."""
        place = draw % TOR
        self._put(
            rows, _TOR + place // 4, place % 4 + 100, 2_000 + place % 25, mixed(place, 10) % len(COUNTRIES)
        )

    def frame(self) -> pl.DataFrame:
        """Return ``ip``, ``asn`` and ``country`` of every row."""
        raw = pl.DataFrame(
            {
                "subnet": self.subnet,
                "host": self.host,
                "six": self.six,
                "asn": self.asn,
                "country": self.country,
            }
        )
        number = pl.lit(_CLASS_E) + pl.col("subnet") * 256
        four = pl.format(
            "{}.{}.{}.{}", number // 2**24, number // 2**16 % 256, number // 256 % 256, pl.col("host")
        )
        # A household of a /48 that it shares with others: two groups of 16 bits name it.
        six = pl.format(
            "3fff:{}:{}:{}::{}",
            _hex(pl.col("country") + 16),
            _hex(pl.col("subnet") % HOMES_A_COUNTRY + 1),
            _hex(pl.col("host") + 1),
            _hex(pl.col("host") * 7 + pl.col("subnet") % 9_973 + 1),
        )
        codes = pl.Series(_CODES, dtype=pl.String)
        return raw.select(
            pl.when("six").then(six).otherwise(four).alias("ip"),
            pl.col("asn").cast(pl.UInt32),
            codes.gather(raw["country"].cast(pl.UInt32)).alias("country"),
        )


_NIBBLES = pl.Series([f"{number:x}" for number in range(65_536)], dtype=pl.String)


def _hex(number: pl.Expr) -> pl.Expr:
    """Return numbers below 65,536 as IPv6 addresses write them."""
    return number.map_batches(lambda series: _NIBBLES.gather(series.cast(pl.UInt32)), return_dtype=pl.String)
