"""The main job on the SpamAssassin public corpus: seconds of each step, and what the model reaches.

    .venv/bin/python experiments/bench/main_job.py --json

Steps are whole commands in their own processes, in a home of their own. The last line is one JSON object: ``import_s``,
``train_s``, ``export_s``, ``verify_s``, ``total_s`` (wall), ``train_steps`` (seconds of each step of training),
``score_mails_per_s`` (raw mail to decision, one process, after loading), ``test`` (metrics on the later mail), and for
a second corpus of another era, all presumed ham, ``other_share_above`` each policy's threshold.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "msa_ml"]
SHARED = Path(os.environ.get("MSA_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def run(home: Path, *words: str) -> tuple[dict[str, Any], float, str]:
    """Run one command and return its JSON object, wall seconds, and standard error."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MSA_", "MLFLOW_"))}
    begin = time.perf_counter()
    done = subprocess.run(
        [*PROGRAM, *words, "--json"],
        env={**environment, "MSA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"msa-ml {' '.join(words)} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1]), took, done.stderr


def speed(home: Path, bundle: Path) -> float:
    """Return mails a second from raw bytes to decision, on up to 2,000 mails of the store."""
    os.environ["MSA_HOME"] = str(home)
    import msa_ml
    from msa_ml.bundle import load

    raws = [raw for batch in msa_ml.load("spam").raw() for raw in batch["raw"].to_list()][:2000]
    loaded = load(bundle)
    begin = time.perf_counter()
    for raw in raws:
        loaded.score(raw)
    return len(raws) / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=SHARED / "spamassassin.tar.xz")
    parser.add_argument(
        "--other", type=Path, default=SHARED / "blinux-list.tar.xz", help="unlabelled, presumed ham"
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if not options.corpus.is_file():
        sys.exit(f"no corpus at {options.corpus}: data/README.md says where to get it; then --corpus FILE")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / ".msa"
        found, seconds = {}, {}
        found["import"], seconds["import_s"], _ = run(
            home, "import", "mail", str(options.corpus), "--label", "*ham*=ham", "--label", "spam*=spam"
        )
        found["train"], seconds["train_s"], said = run(home, "train", "spam")
        out = Path(place) / "out"
        _, seconds["export_s"], _ = run(home, "export", "spam@champion", str(out))
        _, seconds["verify_s"], _ = run(home, "verify", str(out))
        rate = speed(home, out)
        above: dict[str, Any] = {}
        if options.other.is_file():
            run(home, "import", "mail", str(options.other), "--source", "other")
            measured, seconds["other_s"], _ = run(home, "evaluate", str(out), "--source", "other")
            above = {policy["name"]: policy["share"] for policy in measured["policies"]}
        metrics = found["train"]["metrics"]
        names = ("tpr_at_fpr_0.1pct", "tpr_at_fpr_1pct", "one_minus_roca_pct", "average_precision")
        result = {
            "mails": found["import"]["imported"],
            **{name: round(value, 1) for name, value in seconds.items()},
            "total_s": round(
                sum(seconds[name] for name in ("import_s", "train_s", "export_s", "verify_s")), 1
            ),
            "train_steps": {
                name: float(took)
                for name, took in re.findall(r"^([a-z ]+): ([\d.]+) s", said, re.MULTILINE | re.IGNORECASE)
            },
            "score_mails_per_s": round(rate),
            "counts": found["train"]["counts"],
            "test": {
                name: [metrics[name], metrics[f"{name}.low"], metrics[f"{name}.high"]] for name in names
            },
            "policies": {
                name: {"fpr": metrics[f"policy/{name}/fpr"], "tpr": metrics[f"policy/{name}/tpr"]}
                for name in ("fpr_0.01pct", "fpr_0.1pct", "fpr_1pct")
            },
            "other_share_above": above,
        }
    if not options.json:
        print(json.dumps(result, indent=2))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
