"""Histories of 1 and 10 million simulated sign-ups in the embedded store, beside polars and a query a row.

    .venv/bin/python experiments/bench/history_scale.py --json

SYNTHETIC: every row is drawn, none is a user's. Thirty days of sign-ups by address, subnet, network and e-mail domain; one address, a carrier's
NAT, has 5 % of all rows. Asked for: twelve windows (1 hour, 1 day, 7 days) over four keys as of each sign-up.

The last line is one JSON object: ``rows``, ``windows``, ``seconds_1m``, ``seconds_10m`` (from the query to the last frame in Python, the table read through the view
that collapses versions), ``growth``, the same in processor time (``cpu_...``: of all threads, what a busy machine cannot stretch much), ``peak_rss_mib`` (of the process that asked for the larger set, the engine inside),
``polars_seconds`` (``DataFrame.rolling`` on a frame that already lies in memory, sorted once; one call a window), ``polars_peak_rss_mib``, ``ratio_polars``,
``naive_seconds_extrapolated`` (one query for one window of one row, a few rows timed). Each step runs in a process of its own. Before anything is timed
against polars, the windows up to a day are compared with it, value by value.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

KEYS = ("ip", "ip_subnet", "asn", "email_domain")
WINDOWS = ("1h", "1d", "7d")
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NAIVE_ROWS = 20

_FILL = """
INSERT INTO signup_events
    (event_id, source, event_time, ingested_at, simulated, user_name, email_domain, ip, ip_subnet, asn)
SELECT
    lower(hex(MD5(toString(number)))),
    'bench',
    happened,
    happened,
    1,
    concat('user', toString(rand(2) % {rows:UInt64})),
    concat('d', toString(toUInt32(pow(rand(3) / 4294967296., 4) * 20000)), '.example'),
    if(hot, '192.0.2.1', concat('2001:db8:', hex(subnet), '::', hex(host))),
    if(hot, '192.0.2.0/24', concat('2001:db8:', hex(subnet), '::/48')),
    if(hot, 64500, 64501 + subnet % 3000)
FROM
(
    SELECT
        number,
        toDateTime64('2026-03-01 00:00:00', 3, 'UTC')
            + toIntervalMillisecond(intDiv(number * 2592000000, {rows:UInt64}) + rand(1) % 1000) AS happened,
        rand(4) % 20 = 0 AS hot,
        rand(5) % intDiv({rows:UInt64}, 5) AS host,
        host % intDiv({rows:UInt64}, 50) AS subnet
    FROM numbers({first:UInt64}, {many:UInt64})
)
"""


def store_of(home: Path) -> Any:
    from msa_ml.settings import read
    from msa_ml.source.clickhouse import connect

    settings = read(home=home, environ={})
    return settings, connect(settings=settings)


def fill(home: Path, rows: int) -> dict[str, Any]:
    from msa_ml.source.migrate import init

    home.mkdir(parents=True, exist_ok=True)
    _, store = store_of(home)
    with store:
        init(store, retention={})
        for first in range(0, rows, 1_000_000):
            store.command(_FILL, {"rows": rows, "first": first, "many": min(1_000_000, rows - first)})
        found = store.frame("SELECT count() AS n, countIf(ip = '192.0.2.1') AS hot FROM signup")
    return {"rows": found["n"][0], "hot": found["hot"][0]}


def histories() -> list[Any]:
    from msa_ml.features.history import Count

    return [Count("signup", by=key, over=over) for key in KEYS for over in WINDOWS]


def ask(home: Path) -> Any:
    from msa_ml.features.history_frame import read_histories

    settings, store = store_of(home)
    parameters = {
        "since": BEGIN,
        "until": BEGIN + timedelta(days=60),
        "as_of": BEGIN + timedelta(days=60),
        "event_sources": ["bench"],
        "with_simulated": True,
    }
    with store:
        begin, cpu = time.perf_counter(), cpu_seconds()
        found = read_histories(
            histories(), kind="signup", parameters=parameters, rules={}, settings=settings, store=store
        )
        return found, {"seconds": time.perf_counter() - begin, "cpu_seconds": cpu_seconds() - cpu}


def ours(home: Path) -> dict[str, Any]:
    found, took = ask(home)
    return {**took, "rows": len(found), "peak_rss_mib": peak()}


def frame_of(home: Path) -> Any:
    import polars as pl

    _, store = store_of(home)
    with store:
        sql = f"SELECT event_id, event_time, {', '.join(KEYS)} FROM signup WHERE event_time > '2026-01-01'"
        frame = pl.concat(store.stream(sql))
    # Keys as numbers: polars groups them faster than text.
    return frame.with_columns(pl.col(key).hash().alias(key) for key in KEYS)


def rolling(frame: Any, key: str, over: str) -> Any:
    import polars as pl

    made = frame.rolling("event_time", period=over, closed="left", group_by=key)
    return made.agg(pl.len().cast(pl.Float32).alias(f"signup.count_by_{key}_{over}"))


def polars(home: Path) -> dict[str, Any]:
    frame = frame_of(home)
    begin, cpu = time.perf_counter(), cpu_seconds()
    frame = frame.sort("event_time")
    sums = {(key, over): float(rolling(frame, key, over)[:, -1].sum()) for key in KEYS for over in WINDOWS}
    took = time.perf_counter() - begin
    return {
        "seconds": took,
        "cpu_seconds": cpu_seconds() - cpu,
        "rows": len(frame),
        "windows": len(sums),
        "peak_rss_mib": peak(),
    }


def compare(home: Path) -> dict[str, Any]:
    """Compare with polars, value by value. A window of 7 days begins at a full hour, so it holds at least as much."""
    import polars as pl

    found, _ = ask(home)
    frame = frame_of(home).join(found, on="event_id", how="inner").sort("event_time")
    differing = 0
    for key in KEYS:
        for over in WINDOWS:
            name = f"signup.count_by_{key}_{over}"
            order = [key, "event_time"]
            theirs = rolling(frame, key, over).sort(*order, name)[name]
            mine = frame.sort(*order, name)[name]
            wrong = (mine < theirs) if over == "7d" else (mine != theirs)
            differing += int(wrong.sum())
    return {
        "rows": len(frame),
        "differing": differing,
        "nulls": int(frame.select(pl.all().null_count()).sum_horizontal()[0]),
    }


def naive(home: Path) -> dict[str, Any]:
    """Return seconds of one query for one window of one row."""
    _, store = store_of(home)
    sql = (
        "SELECT count() FROM signup WHERE ip = {key:String} AND greatest(event_time, ingested_at) >= {start:DateTime64(3, 'UTC')}"
        " AND greatest(event_time, ingested_at) < {moment:DateTime64(3, 'UTC')}"
    )
    with store:
        rows = store.frame(f"SELECT ip, event_time FROM signup ORDER BY event_id LIMIT {NAIVE_ROWS}").rows()
        begin = time.perf_counter()
        for ip, moment in rows:
            store.value(sql, {"key": ip, "start": moment - timedelta(days=1), "moment": moment})
        took = time.perf_counter() - begin
    return {"seconds_a_query": took / len(rows)}


def cpu_seconds() -> float:
    """Return the processor time of this process so far: a busy machine stretches wall time, and this little."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


STEPS = {"fill": fill, "ours": ours, "polars": polars, "compare": compare, "naive": naive}


def run(step: str, home: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, "--home", str(home), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{step} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(step, home.name, found, file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="of the larger set; the smaller is a tenth"
    )
    parser.add_argument(
        "--repeat", type=int, default=2, help="our query is timed so often; the fastest counts"
    )
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if options.step:
        more = {"rows": options.rows} if options.step == "fill" else {}
        print(json.dumps(STEPS[options.step](options.home, **more)))
        return
    with tempfile.TemporaryDirectory() as place:
        small, large = Path(place) / "small", Path(place) / "large"
        run("fill", small, "--rows", str(options.rows // 10))
        checked = run("compare", small)
        if checked["differing"] or checked["nulls"]:
            sys.exit(f"the numbers differ from polars: {checked}")
        first = min((run("ours", small) for _ in range(options.repeat)), key=lambda one: one["seconds"])
        run("fill", large, "--rows", str(options.rows))
        second = min((run("ours", large) for _ in range(options.repeat)), key=lambda one: one["seconds"])
        one_query = run("naive", large)
        theirs = run("polars", large)
    result = {
        "synthetic": True,
        "rows": second["rows"],
        "windows": len(KEYS) * len(WINDOWS),
        "seconds_1m": round(first["seconds"], 2),
        "seconds_10m": round(second["seconds"], 2),
        "growth": round(second["seconds"] / first["seconds"], 2),
        "cpu_seconds_1m": round(first["cpu_seconds"], 2),
        "cpu_seconds_10m": round(second["cpu_seconds"], 2),
        "cpu_growth": round(second["cpu_seconds"] / first["cpu_seconds"], 2),
        "peak_rss_mib": second["peak_rss_mib"],
        "polars_seconds": round(theirs["seconds"], 2),
        "polars_cpu_seconds": round(theirs["cpu_seconds"], 2),
        "polars_peak_rss_mib": theirs["peak_rss_mib"],
        "ratio_polars": round(theirs["seconds"] / second["seconds"], 2),
        "naive_seconds_extrapolated": round(
            one_query["seconds_a_query"] * second["rows"] * len(KEYS) * len(WINDOWS)
        ),
    }
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
