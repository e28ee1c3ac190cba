"""Whatever is sent, ``Bundle.score`` gives a score: nothing raises, none is over its time, memory is bounded."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from msa_ml.bundle import Bundle, Limits
from tests.strategies import dirty_mails, mails

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "bench" / "score_hostile.py"
SECONDS = 2.0
"""The time limit of ``msa-ml serve``."""
MEBIBYTES = 700
"""The largest mail has 50 MB, as text and as bytes; lists, library and interpreter take 160."""


@pytest.mark.slow
def test_mutated_mails_and_bombs() -> None:
    words = [
        sys.executable,
        str(SCRIPT),
        "--json",
        "--mails",
        "400",
        "--scale",
        "0.1",
        "--seed",
        "3",
        "--seconds",
        str(SECONDS),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (found["exceptions"], found["over_budget"], found["unnamed"]) == (0, 0, 0), found
    assert found["mails"] == 400
    assert found["peak_rss_mib"] <= MEBIBYTES
    # A tight limit is overrun by one step only, never by the whole mail.
    assert found["worst_overrun_s"] <= SECONDS
    assert done.returncode == 0


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(raw=mails() | dirty_mails())
def test_any_mail_has_a_score(bundle: Bundle, raw: bytes) -> None:
    begin = time.thread_time()
    score = bundle.score(raw, reasons=2, limits=Limits(seconds=SECONDS))
    assert time.thread_time() - begin < SECONDS
    assert math.isfinite(score.logit)
    assert 0 <= score.probability <= 1
    assert score.complete
    json.dumps(score.to_json(), allow_nan=False).encode()
    cut = bundle.score(raw, limits=Limits(bytes=max(1, len(raw) // 2), seconds=1e-9))
    assert len(cut.degraded) == len(bundle.features.extractors)
    assert cut.truncated == (len(raw) > 1 and not raw.startswith(b"From ")) or raw.startswith(b"From ")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00", b"\n", b"\r\n\r\n", b":", b"From ", b"From \n", b"\xff" * 10_000, b"\x00" * 1_000_000, b"Subject: x",
        b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n", b"=?utf-8?b?" * 1000, b"<" * 100_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_the_smallest_and_oddest(bundle: Bundle, raw: bytes) -> None:
    for limits in (Limits(), Limits(bytes=1), Limits(seconds=1e-9)):
        assert math.isfinite(bundle.score(raw, limits=limits).logit)
