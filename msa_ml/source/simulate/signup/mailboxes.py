"""Addresses given for recovery: local parts made like names, at large providers, at invented firms, at throw-away ones.

No address is looked up or written to. Invented domains end in ``.example`` (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.source.simulate.signup.countries import COUNTRIES
from msa_ml.source.simulate.signup.names import gathered, glued

_EVERYWHERE = ("gmail.com",) * 4 + ("outlook.com", "hotmail.com", "yahoo.com", "icloud.com")
_LOCAL: Mapping[str, tuple[str, ...]] = {
    "DE": ("gmx.de", "web.de", "t-online.de", "gmx.net"),
    "FR": ("orange.fr", "free.fr", "laposte.net"),
    "GB": ("yahoo.co.uk", "btinternet.com"),
    "PL": ("wp.pl", "o2.pl", "onet.pl", "interia.pl"),
    "IT": ("libero.it", "virgilio.it"),
    "BR": ("uol.com.br", "yahoo.com.br"),
    "UA": ("ukr.net",),
    "US": ("aol.com", "comcast.net"),
}
_PROVIDERS = tuple(
    (*_EVERYWHERE, *_LOCAL.get(country.code, ()), *_LOCAL.get(country.code, ())) for country in COUNTRIES
)
_FLAT = tuple(domain for domains in _PROVIDERS for domain in domains)
_SIZES = np.array([len(domains) for domains in _PROVIDERS])
_BEGIN = np.cumsum(_SIZES) - _SIZES
_THROWN_AWAY = (
    "mailinator.com",
    "yopmail.com",
    "guerrillamail.com",
    "10minutemail.com",
    "temp-mail.org",
    "trashmail.com",
)
NONE, FREE, THROWN_AWAY, OWN = range(4)


def mailboxes(
    random: np.random.Generator,
    *,
    way: NDArray[np.int64],
    name: pl.Series,
    country: NDArray[np.int64],
    firm: NDArray[np.int64],
) -> pl.Series:
    """Return an address a row, empty where ``way`` is NONE.

    Parameters
    ----------
    way
        NONE, FREE, THROWN_AWAY or OWN (an invented domain, by the number ``firm``).
    name
        What the local part is made of.
    country
        Number of the country whose providers are used.
    """
    count = len(way)
    provider = gathered(_FLAT, _BEGIN[country] + (random.random(count) * _SIZES[country]).astype(np.int64))
    thrown = gathered(_THROWN_AWAY, random.integers(0, len(_THROWN_AWAY), count))
    own = glued("firm-", pl.Series(firm).cast(pl.String), ".example")
    table = pl.DataFrame({"way": way, "name": name, "free": provider, "thrown": thrown, "own": own})
    domain = (
        pl.when(pl.col("way") == FREE)
        .then(pl.col("free"))
        .when(pl.col("way") == THROWN_AWAY)
        .then(pl.col("thrown"))
        .otherwise(pl.col("own"))
    )
    address = pl.when(pl.col("way") != NONE).then(pl.format("{}@{}", "name", domain)).otherwise(pl.lit(""))
    return table.select(address.alias("email"))["email"]
