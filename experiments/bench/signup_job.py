"""The whole demo of sign-ups: simulate, train, evaluate, register, export, verify; its time and peak memory.

    .venv/bin/python experiments/bench/signup_job.py --json

One command in a process and a home of its own. The last line is one JSON object: ``rows``, ``seconds`` (wall),
``cpu_seconds``, ``peak_rss_mib``, ``steps`` (seconds of each step), ``counts``, ``metrics``. Everything is SYNTHETIC: the
time and the memory count, the metrics say nothing about real sign-ups.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MSA_", "MLFLOW_"))}
    with tempfile.TemporaryDirectory() as place:
        words = [
            "demo",
            "signup_abuse",
            "--rows",
            str(options.rows),
            "--home",
            str(Path(place) / "home"),
            "--json",
        ]
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "msa_ml", *words],
            env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begin
        if done.returncode:
            sys.exit(f"msa-ml {' '.join(words)} failed: {done.stderr[-2000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout.splitlines()[-1])
    names = (
        "tpr_at_fpr_0.1pct",
        "tpr_at_fpr_1pct",
        "one_minus_roca_pct",
        "average_precision",
        "precision_at_50_per_day",
    )
    result = {
        "synthetic": True,
        "rows": options.rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_rss_mib": round(used.ru_maxrss / 1024),
        "steps": {
            name: float(took)
            for name, took in re.findall(
                r"^([a-z -]+): ([\d.]+) s", done.stderr, re.MULTILINE | re.IGNORECASE
            )
        },
        "golden_cases": found["golden_cases"],
        "counts": found["counts"],
        "metrics": {name: found["metrics"].get(name) for name in names},
    }
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
