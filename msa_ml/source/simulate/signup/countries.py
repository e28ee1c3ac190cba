"""Where simulated people live: how many, by which clock, which words their browsers send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """One country.

    Attributes
    ----------
    code
        ISO 3166.
    share
        Of all honest sign-ups.
    time_zones
        IANA names with their shares; the first one's clock gives the rhythm.
    languages
        ``Accept-Language`` as sent, with shares.
    names
        Inventory of names, see :mod:`~msa_ml.source.simulate.signup.names`.
    carriers
        Addresses that mobile networks put their customers behind.
    """

    code: str
    share: float
    time_zones: Mapping[str, float]
    languages: Mapping[str, float]
    names: str
    carriers: int


def _of(code: str, share: float, zones: str, languages: str, names: str, carriers: int) -> Country:
    def shares(text: str) -> dict[str, float]:
        parts = [part.split("*") for part in text.split()]
        return {name: float(weight[0]) if weight else 1.0 for name, *weight in parts}

    return Country(code, share, shares(zones), shares(languages), names, carriers)


COUNTRIES: tuple[Country, ...] = (
    _of(
        "DE",
        0.15,
        "Europe/Berlin",
        "de-DE,de;q=0.9,en;q=0.8*80 de*8 en-US,en;q=0.9*9 tr-TR,tr;q=0.9*3",
        "german",
        40,
    ),
    _of(
        "IN",
        0.16,
        "Asia/Kolkata",
        "en-IN,en;q=0.9*60 en-US,en;q=0.9*25 hi-IN,hi;q=0.9,en;q=0.8*15",
        "indian",
        6,
    ),
    _of(
        "US",
        0.14,
        "America/New_York*48 America/Chicago*30 America/Los_Angeles*22",
        "en-US,en;q=0.9*86 es-US,es;q=0.9,en;q=0.8*10 en*4",
        "english",
        60,
    ),
    _of("FR", 0.09, "Europe/Paris", "fr-FR,fr;q=0.9,en;q=0.8*85 fr*7 en-US,en;q=0.9*8", "french", 30),
    _of(
        "BR",
        0.08,
        "America/Sao_Paulo*92 America/Manaus*8",
        "pt-BR,pt;q=0.9,en;q=0.8*92 en-US,en;q=0.9*8",
        "iberian",
        18,
    ),
    _of("GB", 0.07, "Europe/London", "en-GB,en;q=0.9*85 en-US,en;q=0.9*12 pl-PL,pl;q=0.9*3", "english", 30),
    _of(
        "PL",
        0.06,
        "Europe/Warsaw",
        "pl-PL,pl;q=0.9,en;q=0.8*88 en-US,en;q=0.9*8 uk-UA,uk;q=0.9*4",
        "polish",
        20,
    ),
    _of(
        "ID",
        0.06,
        "Asia/Jakarta*80 Asia/Makassar*20",
        "id-ID,id;q=0.9,en;q=0.8*75 en-US,en;q=0.9*25",
        "indonesian",
        8,
    ),
    _of(
        "ES",
        0.05,
        "Europe/Madrid",
        "es-ES,es;q=0.9,en;q=0.8*88 ca-ES,ca;q=0.9,es;q=0.8*6 en-US,en;q=0.9*6",
        "iberian",
        22,
    ),
    _of("IT", 0.05, "Europe/Rome", "it-IT,it;q=0.9,en;q=0.8*90 en-US,en;q=0.9*10", "italian", 22),
    _of("TR", 0.04, "Europe/Istanbul", "tr-TR,tr;q=0.9,en;q=0.8*90 en-US,en;q=0.9*10", "turkish", 10),
    _of(
        "UA",
        0.03,
        "Europe/Kyiv",
        "uk-UA,uk;q=0.9,en;q=0.8*60 ru-UA,ru;q=0.9*25 en-US,en;q=0.9*15",
        "ukrainian",
        10,
    ),
    _of("SE", 0.02, "Europe/Stockholm", "sv-SE,sv;q=0.9,en;q=0.8*80 en-US,en;q=0.9*20", "nordic", 12),
)
"""Mobile customers of one of them, India, largely stand behind one address."""

CROWDED = "IN"
"""The country one of whose carriers puts its customers behind a single address."""
