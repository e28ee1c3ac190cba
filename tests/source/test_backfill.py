"""Rows that are imported today about years ago keep their own moments, and stay for their days of storing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.event_importing import import_events
from msa_ml.source.migrate import init

BACKFILL = """number,at,known,user,from,verdict,said
1,2015-03-01T12:00:00Z,2015-03-01T12:00:09Z,jo,192.0.2.7,bad,2015-03-04T08:00:00Z
2,2015-03-02T12:00:00Z,2015-03-02T12:00:09Z,an,192.0.2.8,good,2015-03-05T08:00:00Z
"""


def test_retention_never_eats_a_backfilled_row_before_its_stored_age(
    tmp_path: Path,
) -> None:
    """Rows of eleven years ago that are stored today stay for their days; rows stored long ago go, whenever they were."""
    path = tmp_path / "backfill.csv"
    path.write_text(BACKFILL)
    settings = read_settings(home=tmp_path, environ={"MSA_PSEUDONYM_KEY": "7" * 64})
    columns = {
        "id": "number", "event_time": "at", "ingested_at": "known", "account": "user", "ip": "from",
        "label": "verdict", "labelled_at": "said",
    }  # fmt: skip
    store = connect(f"chdb://{tmp_path / 'store'}", settings=settings)
    with store.session():
        init(store, retention={})
        now = store.value("SELECT now64(3, 'UTC')")
        for source, stored in (("today", now), ("long ago", now - timedelta(days=31))):
            import_events(
                store, settings, "login", path, source=source, stored_at=stored, columns=columns,
                task="account_takeover", label_words={"good": "ok", "bad": "takeover"},
            )  # fmt: skip
        init(store, retention={"login_events": 30, "labels": 30, "personal": 7})
        for table in ("login_events", "labels"):
            store.command(f"OPTIMIZE TABLE {table} FINAL")
        events = store.frame("SELECT source, account, event_time, ingested_at FROM login ORDER BY event_time")
        labels = store.frame("SELECT label, labelled_at, ingested_at FROM label ORDER BY labelled_at")
    moments = [datetime(2015, 3, day, 12, tzinfo=UTC) for day in (1, 2)]
    assert [row[:2] for row in events.rows()] == [("today", "jo"), ("today", "an")]
    assert events["event_time"].to_list() == moments
    assert events["ingested_at"].to_list() == [moment + timedelta(seconds=9) for moment in moments]
    said = [datetime(2015, 3, day, 8, tzinfo=UTC) for day in (4, 5)]
    assert list(labels.iter_rows()) == [("takeover", said[0], said[0]), ("ok", said[1], said[1])]
