"""Whether language, time zone and country of the client go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.each import each
from msa_ml.features.shared.fold import small
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import WordList

_LANGUAGES, _ZONES = "country_languages", "time_zones"
_NO_LANGUAGE = "no language that can be read"
_NO_ZONE = "no zone, or none of the list"
_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z0-9]{1,8})*", re.ASCII)
_REGION = re.compile(r"-([a-z]{2})(?:-|$)", re.ASCII)
_FIELDS = ("languages", "malformed", "regional")


class Locale(TableExtractor):
    """Accept-Language and time zone, against each other and against the country of the address.

    At most 256 code points of the language, 64 of the zone and 16 of the country are read, without spaces around them;
    the language in small letters. The language is split at commas; of each part what stands before a ``;`` counts,
    without spaces. It is a *tag* when it is a word of two or three letters, followed by none or more of a hyphen and one
    to eight letters or digits; the word is its language, and the first two-letter word after a hyphen its region. A
    country speaks the languages of its line in ``country_languages``. A zone is one of ``time_zones``, letter for
    letter; its countries and its minutes are those of its line. Countries are compared letter for letter, a region in
    capitals. *hour* is the hour of the moment of the event in the
    zone, without daylight saving.
    """

    name = "signup.locale"
    kind = "signup"
    inputs = ("language", "time_zone", "country", "event_time", "decided_at")
    reads = (_LANGUAGES, _ZONES)
    features = (
        Feature("given", "a language is given", "flag", 0, 1, portable="yes", source="RFC 9110 12.5.4"),
        Feature("languages", "tags, at most 32", "count", 0, 32, nan="no language is given", portable="yes"),
        Feature("malformed", "a part is neither a tag nor *", "flag", 0, 1, nan="no language is given", portable="yes", source="RFC 4647 2.1"),
        Feature("regional", "the first tag has a region", "flag", 0, 1, nan=_NO_LANGUAGE, portable="yes"),
        Feature("spoken", "the country of the address speaks one of the languages", "flag", 0, 1, portable="yes",
                nan="no language that can be read, or no country of the list"),
        Feature("spoken_first", "it speaks the first of them", "flag", 0, 1, nan="no language that can be read, or no country of the list", portable="yes"),
        Feature("region_differs", "the region of the first tag is another country", "flag", 0, 1, nan="no region or no country", portable="yes"),
        Feature("zone_given", "a time zone is given", "flag", 0, 1, portable="yes"),
        Feature("zone_known", "it is one of the list", "flag", 0, 1, nan="no zone is given", portable="yes"),
        Feature("zone_nowhere", "it is the time of no country", "flag", 0, 1, nan=_NO_ZONE, portable="yes"),
        Feature("zone_differs", "it is not the time of the country of the address", "flag", 0, 1, nan="no zone of the list, or no country", portable="yes"),
        Feature("zone_speaks", "a country of the zone speaks one of the languages", "flag", 0, 1, portable="yes",
                nan="no language that can be read, or no zone that is the time of a country"),
        Feature("hour", "hour of the day in the zone, with its part, without daylight saving", "hours", 0, 24, nan="no zone of the list, or no time",
                portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        language = small(_short("language", 256)).alias("language")
        zone, country = _short("time_zone", 64), _short("country", 16)
        zones = _zones(self.lists[_ZONES])
        # Events share few combinations, so each is looked at once: the three texts in one, apart by a control character.
        joined = pl.concat_str([language, zone, country], separator="\x01")
        names = [feature.name for feature in self.features if feature.name != "hour"]
        found = each(batch.select(joined)["language"], self._look, names, limit=400)
        minutes = zone.replace_strict(
            list(zones), [entry[0] for entry in zones.values()], default=None, return_dtype=pl.Int64
        )
        moment = pl.coalesce("decided_at", "event_time").dt.epoch("ms")
        return found.hstack(batch.select(hour=(moment + minutes * 60_000).mod(86_400_000) / 3_600_000))

    def _look(self, joined: str) -> tuple[float | None, ...]:
        """Return all values but the hour, in the order they are declared."""
        language, zone, country = _three(joined)
        spoken, zones = _spoken(self.lists[_LANGUAGES]), _zones(self.lists[_ZONES])
        parts = [part.partition(";")[0].strip(" ") for part in language.split(",")]
        tags = [tag for tag in map(_TAG.fullmatch, parts) if tag]
        heard = [tag[1] for tag in tags]
        region = _REGION.search(tags[0][0]) if tags else None
        here = spoken.get(country)
        entry = zones.get(zone)
        there = set().union(*(spoken.get(code, ()) for code in entry[1])) if entry else set()
        return (
            bool(language),
            min(32, len(tags)) if language else None,
            not all(_TAG.fullmatch(part) or part == "*" for part in parts) if language else None,
            region is not None if tags else None,
            any(word in here for word in heard) if here and heard else None,
            heard[0] in here if here and heard else None,
            region[1].upper() != country if region and country else None,
            bool(zone),
            entry is not None if zone else None,
            not entry[1] if entry else None,
            country not in entry[1] if entry and country else None,
            any(word in there for word in heard) if heard and there else None,
        )


def _short(column: str, limit: int) -> pl.Expr:
    """Return a text without spaces around it and without the character that sets texts apart."""
    text = pl.col(column).fill_null("").str.slice(0, limit)
    return text.str.replace_all("\x01", "?", literal=True).str.strip_chars(" ")


def _three(joined: str) -> tuple[str, str, str]:
    first, second, third = joined.split("\x01")
    return first, second, third


@lru_cache(maxsize=8)
def _spoken(words: WordList) -> Mapping[str, frozenset[str]]:
    """Return the languages by country."""
    return {country: frozenset(languages) for country, *languages in map(str.split, words.lines)}


@lru_cache(maxsize=8)
def _zones(words: WordList) -> Mapping[str, tuple[int, tuple[str, ...]]]:
    """Return minutes east of UTC, and countries, by zone."""
    return {
        zone: (int(minutes), tuple(countries)) for zone, minutes, *countries in map(str.split, words.lines)
    }
