"""Invented names of people, domains and addresses on the network.

Only reserved names and addresses are used: the top-level domains of RFC 2606 (``.example``, ``.test``, ``.invalid``),
the documentation prefixes of RFC 5737 and RFC 3849, and the benchmark range of RFC 2544.
"""

from __future__ import annotations

import re
import unicodedata

from msa_ml.source.simulate.chance import Chance, Odds

_WORDS = (
    "amber", "anchor", "apfel", "arbor", "atlas", "aurora", "azul", "bakker", "basalt", "bello", "birke", "blanco", "blau",
    "bosque", "brook", "brume", "cairn", "campo", "cedar", "cinder", "citron", "clover", "cobalt", "coral", "corvo", "dorn",
    "drift", "dune", "eiche", "ember", "falke", "fern", "flint", "fluss", "forge", "fuchs", "glade", "granit", "grove",
    "hafen", "harbor", "hazel", "heron", "hilltop", "iris", "ivory", "jasper", "kestrel", "kiosk", "kolibri", "lago",
    "lantern", "larch", "linden", "luna", "lynx", "maple", "marina", "meadow", "merle", "mistral", "monte", "moor", "nebel",
    "nido", "nord", "north", "oak", "olive", "onyx", "opal", "orchid", "otter", "pebble", "pine", "pluma", "polar", "prado",
    "quarz", "quill", "raven", "reed", "ridge", "rio", "roble", "rose", "rowan", "saber", "salt", "sierra", "silver", "sol",
    "sparrow", "stern", "stone", "swift", "tal", "thistle", "tide", "torre", "ulme", "umbra", "valle", "vento", "verde",
    "vista", "wald", "wave", "wiese", "willow", "winter", "zenit",
)  # fmt: skip
_TRADES = (
    "books", "foto", "garden", "media", "shop", "store", "studio", "supply", "tech", "travel", "works", "market", "clinic",
    "kitchen", "bikes", "legal", "finance", "cloud", "data", "direct", "online", "service", "group", "club", "haus",
)  # fmt: skip
_ENDINGS = {
    "tidy": Odds({"example": 0.72, "test": 0.16, "invalid": 0.12}),
    "cheap": Odds({"example": 0.5, "test": 0.3, "invalid": 0.2}),
}
_PLAIN = re.compile(r"[^a-z]+")
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "sch",
            "-",
            "y",
            "-",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)


def latin(name: str) -> str:
    """Return a name as it stands in an address: small Latin letters only.

    Examples
    --------
    >>> latin("Éloïse"), latin("Зинаида"), latin("Jürgens")
    ('eloise', 'zinaida', 'jurgens')
    """
    small = "".join(_CYRILLIC.get(letter, letter) for letter in name.lower())
    return _PLAIN.sub("", unicodedata.normalize("NFKD", small))


def domain(chance: Chance, *, manner: str = "tidy") -> str:
    """Return an invented domain.

    ``manner`` sets the rates of digits, hyphens and endings; ``tidy`` and ``cheap`` differ in rates only, so that a
    name alone never tells.

    Examples
    --------
    >>> import numpy as np
    >>> domain(Chance(np.random.default_rng(3))).rpartition(".")[2] in ("example", "test", "invalid")
    True
    """
    first = chance.pick(_WORDS)
    second = chance.pick(_TRADES if chance.yes(0.45) else _WORDS)
    odd = 0.35 if manner == "cheap" else 0.1
    label = f"{first}{'-' if chance.yes(odd) else ''}{second}"
    if chance.yes(odd):
        label += str(chance.integer(1, 999)) if chance.yes(0.6) else f"-{chance.pick(_TRADES)}"
    if chance.yes(odd / 4):
        label = chance.text("abcdefghijklmnopqrstuvwxyz0123456789", chance.integer(7, 12))
    return f"{label}.{chance.draw(_ENDINGS[manner])}"


def brand(chance: Chance) -> str:
    """Return an invented company name."""
    first = chance.pick(_WORDS).capitalize()
    form = chance.below(4)
    if form == 0:
        return f"{first}{chance.pick(_WORDS)}"
    if form == 1:
        return f"{first} & {chance.pick(_WORDS).capitalize()}"
    return f"{first} {chance.pick(_TRADES).capitalize()}"


def local_part(chance: Chance, first: str, last: str) -> str:
    """Return the local part of an address as people choose it."""
    given, family = latin(first), latin(last)
    form = chance.below(8)
    if form <= 2:
        return f"{given}.{family}"
    if form == 3:
        return f"{given}{family}"
    if form == 4:
        return f"{given[:1]}.{family}"
    if form == 5:
        return f"{given}{chance.integer(1, 2009)}"
    if form == 6:
        return f"{family}{chance.integer(1, 99)}"
    return f"{given}_{family}"


# Networks: /24 blocks with a character. Clean and dirty senders share the blocks of hosting companies.
_OFFICES = ("192.0.2", "198.51.100")
_HOSTING = (
    "203.0.113",
    "198.18.40",
    "198.18.41",
    "198.18.42",
    "198.18.43",
    "198.18.44",
    "198.18.45",
    "198.18.46",
)


def office_ip(chance: Chance) -> str:
    """Return an address of a well-kept network."""
    if chance.yes(0.35):
        return f"198.18.{chance.integer(10, 39)}.{chance.integer(2, 254)}"
    return f"{chance.pick(_OFFICES)}.{chance.integer(2, 254)}"


def hosting_ip(chance: Chance) -> str:
    """Return an address of a company that rents servers to anyone."""
    return f"{chance.pick(_HOSTING)}.{chance.integer(2, 254)}"


def dynamic_ip(chance: Chance) -> str:
    """Return an address of a home or a phone."""
    return f"198.{chance.pick((18, 19))}.{chance.integer(64, 255)}.{chance.integer(2, 254)}"


def v6(chance: Chance, network: int) -> str:
    """Return an IPv6 address in a provider's /48."""
    return f"2001:db8:{network:x}:{chance.integer(1, 40):x}::{chance.integer(1, 0xFFFF):x}"


def dynamic_name(address: str, carrier: str) -> str:
    """Return the reverse name that a carrier gives a home.

    Examples
    --------
    >>> dynamic_name("198.18.70.4", "carrier.example")
    'dsl-198-18-70-4.pool.carrier.example'
    """
    return f"dsl-{address.replace('.', '-')}.pool.{carrier}"
