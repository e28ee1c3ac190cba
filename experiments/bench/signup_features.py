"""Seconds for all record features of sign-ups, on one core, by family.

    .venv/bin/python experiments/bench/signup_features.py --json [--rows 1000000]

Rows are simulated (SYNTHETIC), so that names, addresses and agents repeat as they do among sign-ups; the time is that of
reading the finished batch, in processor seconds of one thread, and wall seconds beside it. The last line is one JSON
object: ``rows``, ``features``, ``seconds`` (processor), ``wall_seconds``, ``rows_per_second``, ``by_family``,
``one_row_ms`` (median of single sign-ups, all families) and ``peak_rss_mib``.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import resource
import statistics
import time
from collections.abc import Iterator

import polars as pl

from msa_ml.features.table import SCHEMAS
from msa_ml.tasks import get


def batches(rows: int) -> Iterator[pl.DataFrame]:
    """Yield frames with the columns of sign-ups until there are enough rows."""
    import numpy as np

    random = np.random.default_rng(0)
    first = [
        f"{a}{b}"
        for a in ("an", "jo", "mar", "li", "ka", "pet", "sa")
        for b in ("na", "hn", "ie", "sa", "rl", "er", "ra")
    ]
    agents = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.{p}.0 Safari/537.36"
        for v in range(120, 143)
        for p in range(40)
    ]
    size = 50_000
    for start in range(0, rows, size):
        count = min(size, rows - start)
        name = (
            pl.Series(random.choice(first, count))
            + pl.Series(random.choice(first, count))
            + pl.Series(random.integers(0, 9999, count)).cast(pl.String)
        )
        ip = random.integers(1, 224, (4, count)).astype(str)
        frame = pl.DataFrame(
            {
                "user_name": name,
                "display_name": name.str.to_titlecase(),
                "email": name
                + pl.Series(random.choice(["@gmail.com", "@mail.example", "@mailinator.com"], count)),
                "ip": [".".join(parts) for parts in zip(*ip.tolist(), strict=True)],
                "asn": random.integers(1, 70_000, count),
                "country": random.choice(["DE", "US", "IN", ""], count),
                "user_agent": random.choice(agents, count),
                "form_seconds": random.exponential(20, count),
                "verification_method": random.choice(["captcha", "sms", ""], count),
                "verification_attempts": random.integers(0, 4, count),
                "referrer": random.choice(
                    ["", "https://a.example/x", "https://www.mail.example/signup?x=1"], count
                ),
                "language": random.choice(["de-DE,de;q=0.9,en;q=0.8", "en-US,en;q=0.9", "hi"], count),
                "time_zone": random.choice(["Europe/Berlin", "America/New_York", "UTC"], count),
                "event_time": (random.integers(0, 86_400_000, count) + 1_790_000_000_000),
            }
        ).with_columns(event_time=pl.from_epoch("event_time", "ms").dt.replace_time_zone("UTC"))
        missing = [
            pl.lit(None, kind).alias(column)
            for column, kind in SCHEMAS["signup"].items()
            if column not in frame.columns
        ]
        yield frame.with_columns(missing)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    features = get("signup_abuse").features()
    took = dict.fromkeys((extractor.name for extractor in features.extractors), 0.0)
    wall = 0.0
    last = pl.DataFrame()
    for batch in batches(options.rows):
        last = batch
        for extractor in features.extractors:
            began, cpu = time.perf_counter(), time.process_time()
            extractor.matrix(batch)
            took[extractor.name] += time.process_time() - cpu
            wall += time.perf_counter() - began
    single = []
    for row in range(min(200, len(last))):
        began = time.perf_counter()
        features.extract_rows(last[row : row + 1])
        single.append((time.perf_counter() - began) * 1000)
    seconds = sum(took.values())
    result = {
        "rows": options.rows,
        "features": len(features.columns),
        "seconds": round(seconds, 1),
        "wall_seconds": round(wall, 1),
        "rows_per_second": round(options.rows / seconds),
        "by_family": {name: round(value, 2) for name, value in took.items()},
        "one_row_ms": round(statistics.median(single), 2),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if not options.json:
        print(json.dumps(result, indent=1))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
