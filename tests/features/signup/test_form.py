"""Forms: a table of events and values."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from msa_ml.features.signup.form import Form

NOON = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 29, 23, 59, 59, 999_000, tzinfo=UTC)
EAST = datetime(2026, 11, 26, 1, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("feature", "event", "expected"),
    [
        ("seconds", {"form_seconds": 3.25}, 3.25),
        ("seconds", {"form_seconds": 1e300}, 86_400),
        ("seconds", {"form_seconds": -1.0}, math.nan),
        ("seconds", {"form_seconds": math.inf}, math.nan),
        ("seconds", {"form_seconds": math.nan}, math.nan),
        ("seconds", {}, math.nan),
        ("whole", {"form_seconds": 3.0}, 1),
        ("whole", {"form_seconds": 3.001}, 0),
        ("whole", {}, math.nan),
        ("typed", {"user_name": "ann", "display_name": "Ann", "email": "é@b.example"}, 17),
        ("typed", {"user_name": "x" * 1_000_000}, 256),
        ("typed", {}, 0),
        ("pace", {"form_seconds": 2.0, "user_name": "anna"}, 2),
        ("pace", {"form_seconds": 0.0, "user_name": "anna"}, 1000),
        ("pace", {"user_name": "anna"}, math.nan),
        ("hour", {"event_time": NOON}, 12.5),
        ("hour", {"event_time": NIGHT, "decided_at": NOON}, 12.5),
        ("hour", {"event_time": EAST}, 23),
        ("hour", {}, math.nan),
        ("weekday", {"event_time": NOON}, 4),
        ("weekday", {"event_time": NIGHT}, 7),
        ("weekday", {"event_time": datetime(1, 1, 1, tzinfo=UTC)}, 1),
    ],
)
def test_values(feature: str, event: dict[str, object], expected: float) -> None:
    assert Form().extract(event).get(feature, math.nan) == pytest.approx(expected, nan_ok=True)
