"""Language, zone and country: a table of events and values."""

from datetime import UTC, datetime

import pytest

from msa_ml.features.signup.locale import Locale
from tests.features.signup.table import covered, holds

TABLE: list[tuple[str, tuple[str, str, str], float | None]] = [
    ("given", ("de", "", ""), 1),
    ("given", (" ", "", ""), 0),
    ("languages", ("de-DE,de;q=0.9, en", "", ""), 3),
    ("languages", ("de," * 60, "", ""), 32),
    ("languages", ("", "", ""), None),
    ("malformed", ("de-DE, *;q=0.5", "", ""), 0),
    ("malformed", ("klingon", "", ""), 1),
    ("malformed", ("\x01\x01", "", ""), 1),
    ("malformed", ("de" * 500_000, "", ""), 1),
    ("regional", ("en-us,de", "", ""), 1),
    ("regional", ("zh-hant-tw", "", ""), 1),
    ("regional", ("en,en-us", "", ""), 0),
    ("regional", ("*", "", ""), None),
    ("spoken", ("ru,de", "", "DE"), 1),
    ("spoken", ("ru", "", "DE"), 0),
    ("spoken", ("ru", "", "ZZ"), None),
    ("spoken_first", ("ru,de", "", "DE"), 0),
    ("spoken_first", ("fr-BE", "", "CH"), 1),
    ("region_differs", ("de-AT", "", "DE"), 1),
    ("region_differs", ("de-de", "", "DE"), 0),
    ("region_differs", ("de", "", "DE"), None),
    ("zone_given", ("", "UTC", ""), 1),
    ("zone_given", ("", "", ""), 0),
    ("zone_known", ("", "Asia/Calcutta", ""), 1),
    ("zone_known", ("", "europe/berlin", ""), 0),
    ("zone_known", ("", "../../etc/passwd", ""), 0),
    ("zone_known", ("", "", ""), None),
    ("zone_nowhere", ("", "Etc/GMT+3", ""), 1),
    ("zone_nowhere", ("", "Europe/Berlin", ""), 0),
    ("zone_differs", ("", "America/New_York", "DE"), 1),
    ("zone_differs", ("", "Europe/Berlin", "DE"), 0),
    ("zone_differs", ("", "Europe/Berlin", ""), None),
    ("zone_speaks", ("en-GB", "America/New_York", ""), 1),
    ("zone_speaks", ("ru", "America/New_York", ""), 0),
    ("zone_speaks", ("ru", "UTC", ""), None),
    ("hour", ("", "Asia/Kolkata", ""), 18),
    ("hour", ("", "Pacific/Auckland", ""), 0.5),
    ("hour", ("", "Mars/Olympus", ""), None),
]


@pytest.mark.parametrize(("feature", "texts", "expected"), TABLE)
def test_values(feature: str, texts: tuple[str, str, str], expected: float | None) -> None:
    language, zone, country = texts
    event = {
        "language": language,
        "time_zone": zone,
        "country": country,
        "event_time": datetime(2026, 7, 1, 12, 30, tzinfo=UTC),
    }
    holds(Locale(), event, feature, expected)


def test_without_a_time_there_is_no_hour() -> None:
    holds(Locale(), {"time_zone": "UTC"}, "hour", None)


def test_the_table_has_every_feature() -> None:
    covered(Locale(), [feature for feature, *_ in TABLE])
