"""A scored event's rows hold what the score rests on, survive their text, and are left out where that is a part."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.bundle import Bundle, Limits
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.logged import Row, score_logged
from msa_ml.errors import InputError
from msa_ml.features.extractor import Vectors

RAW = golden_mail()["pills"]
WHEN = datetime(2026, 3, 10, 9, 15, 2, 250_999, UTC)
TIMES: dict[str, Any] = {"event_time": WHEN, "scored_at": WHEN + timedelta(seconds=1)}


def test_the_rows_hold_what_the_score_rests_on(bundle: Bundle) -> None:
    for name, raw in golden_mail().items():
        score, row = score_logged(bundle, raw, event_id=name, **TIMES)
        assert score == bundle.score(raw)
        assert (row.score["logit"], row.score["bundle_id"]) == (score.logit, bundle.id)
        assert row.score["decision"] == ("flagged" if score.decision else "not flagged")
        assert row.vector is not None
        again = Row.from_line(row.to_line())
        assert again.vector is not None
        vectors = Vectors(
            np.array([again.vector["values"]], np.float32),
            {view: [data] for view, data in again.vector["content"].items()},
        )
        assert bundle.score_vectors(vectors) == [score]
        assert again.score == row.score


def test_times_are_in_utc_to_the_millisecond(bundle: Bundle) -> None:
    east = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    _, row = score_logged(bundle, RAW, event_id="x", event_time=east, scored_at=WHEN, ingested_at=WHEN)
    assert row.score["event_time"] == datetime(2026, 3, 10, 9, 15, 2, 250_000, UTC)
    assert json.loads(row.to_line())["vector"]["ingested_at"] == "2026-03-10T09:15:02.250Z"
    with pytest.raises(InputError, match="without a time zone"):
        score_logged(bundle, RAW, event_id="x", event_time=WHEN.replace(tzinfo=None), scored_at=WHEN)


@pytest.mark.parametrize("limits", [Limits(bytes=100), Limits(seconds=1e-9)])
def test_a_part_of_a_mail_is_not_taught(bundle: Bundle, limits: Limits) -> None:
    score, row = score_logged(bundle, RAW, event_id="x", limits=limits, **TIMES)
    assert not score.complete
    assert row.vector is None
    assert Row.from_line(row.to_line()) == row


@given(st.lists(st.floats(width=32), max_size=8), st.binary(max_size=50))
def test_any_numbers_and_bytes_survive_their_text(values: list[float], data: bytes) -> None:
    times = {"event_time": WHEN.replace(microsecond=0), "ingested_at": WHEN.replace(microsecond=0)}
    score = {
        "event_id": "e", "task": "t", "bundle_id": "b", "event_time": times["event_time"],
        "scored_at": times["event_time"], "logit": 0.5, "probability": 0.5, "policy": "p", "decision": "flagged",
    }  # fmt: skip
    vector = {"event_id": "e", "spec_digest": "d", **times, "values": values, "content": {"text": data}}
    again = Row.from_line(Row(score, vector).to_line())
    assert again.vector is not None
    assert again.vector["content"] == {"text": data}
    np.testing.assert_array_equal(np.array(again.vector["values"], np.float32), np.array(values, np.float32))
    assert again.score == score


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.pop("vector"),
        lambda found: found["score"].pop("logit"),
        lambda found: found["score"].update(more=1),
        lambda found: found["score"].update(event_time="yesterday"),
        lambda found: found["vector"].update(values=["x"]),
        lambda found: found["vector"].update(values=[True]),
        lambda found: found["vector"].update(content={"text": "?"}),
        lambda found: found["vector"].update(content=[]),
        lambda found: found.update(vector=3),
    ],
    ids=range(9),
)
def test_what_is_no_such_line_is_refused(bundle: Bundle, change: Any) -> None:
    _, row = score_logged(bundle, RAW, event_id="x", **TIMES)
    found = json.loads(row.to_line())
    change(found)
    with pytest.raises(InputError, match="no line of scored events"):
        Row.from_line(json.dumps(found))
    for text in ("", "[]", "null", "{", "\x00", math.nan):
        with pytest.raises(InputError):
            Row.from_line(str(text))
