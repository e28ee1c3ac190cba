"""An invented world of sign-ups, small enough for tests: people, and bots that fill the form in a moment."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from msa_ml.intake import import_events_into
from msa_ml.settings import Settings

START = datetime(2026, 3, 2, tzinfo=UTC)
AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
FIRST = ("ann", "ben", "carla", "dora", "emil", "frieda", "gustav", "hanna")
LAST = ("weber", "smith", "novak", "rossi", "dubois", "jansen")


def events(
    number: int = 3000, seed: int = 1, *, start: datetime = START, minutes: float = 10.0
) -> Iterator[dict[str, Any]]:
    """Yield sign-ups in order of time; a third are bots, of whom one in twenty is called a person and the other way round."""
    random = np.random.default_rng(seed)
    for place in range(number):
        bot = bool(random.random() < 1 / 3)
        said = bot ^ bool(random.random() < 0.05)
        name = f"{random.choice(FIRST)}.{random.choice(LAST)}{random.integers(100)}"
        if bot:
            name = "".join(random.choice(list("bcdfghjklmnpqrstvwxz"), 9)) + str(random.integers(1000, 9999))
        subnet = f"198.51.{random.integers(4)}" if bot else f"203.0.{random.integers(200)}"
        yield {
            "id": str(place),
            "event_time": (start + timedelta(minutes=minutes * place)).isoformat(),
            "user_name": name,
            "email": f"{name}@{'mail.example.com' if bot else 'example.org'}",
            "ip": f"{subnet}.{random.integers(1, 255)}",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "form_seconds": round(float(random.lognormal(1.2 if bot else 3.2, 0.7)), 2),
            "verification_method": "captcha",
            "verification_attempts": int(random.integers(1, 6 if bot else 3)),
            "language": "en-US,en;q=0.9",
            "time_zone": "Europe/Vienna",
            "verdict": "bot" if said else "person",
        }


def import_into(settings: Settings, folder: Path, number: int = 3000, seed: int = 1, **world: Any) -> None:
    """Import an invented world into the store of some settings; labels come a day after their event."""
    path = folder / f"signups-{seed}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in events(number, seed, **world)))
    import_events_into(
        settings,
        "signup",
        path,
        source="form",
        columns={"label": "verdict", "id": "id"},
        time_zone="UTC",
        label_words={},
        task="signup_abuse",
        label_delay=timedelta(days=1),
        stored_at=AS_OF,
    )
