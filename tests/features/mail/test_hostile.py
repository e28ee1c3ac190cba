"""Two thousand mutated mails and every bomb: nothing raises, nothing is slow, memory is bounded."""

import importlib.util
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.features.extractor import Extractor, Feature, FeatureSet
from msa_ml.features.mail.message import Message

SCRIPT = Path(__file__).resolve().parents[3] / "experiments" / "bench" / "mail_hostile.py"
SECONDS = 2.0
MEBIBYTES = (
    700  # the largest mail has 30 MB, its text as many code points of four bytes, and the tables take 100
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mail_hostile", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(*words: str) -> tuple[dict[str, Any], int]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json", *words], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), done.returncode


@pytest.mark.slow
def test_two_thousand_mutated_mails(tmp_path: Path) -> None:
    found, code = _run("--mails", "2000", "--seed", "7", "--save", str(tmp_path))
    assert (found["mails"], found["exceptions"], found["out_of_range"]) == (2000, 0, 0), found
    assert found["slowest_s"] <= SECONDS, found["slowest"]
    assert found["peak_rss_mib"] <= MEBIBYTES
    assert 0 < found["fallbacks"] < 2000
    assert {"base64", "no_boundary", "no_end", "many_parts", "many_headers"} <= found["damage"].keys()
    assert (code, list(tmp_path.iterdir())) == (0, [])


def test_the_same_seed_gives_the_same_mails(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = script.bombs
    monkeypatch.setattr(script, "bombs", lambda scale=1: whole(scale / 1000))
    seeds = [raw for raw in golden_mail().values() if raw]
    number = len(script.bombs()) + 40

    def some(seed: int) -> list[tuple[str, bytes]]:
        return [
            found for index, found in enumerate(script.mutants(seeds, number, seed)) if index >= number - 40
        ]

    first = some(3)
    assert first == some(3) != some(4)
    assert len({raw for _, raw in first}) > 30
    assert {name for done, _ in first for name in done.split(" + ")} >= {"cut", "noise", "charset", "base64"}


def test_the_bombs_are_as_large_as_they_say(script: ModuleType) -> None:
    bombs = script.bombs()
    assert bombs["100,000 fields"]().count(b"\n") == 100_001
    assert bombs["1,000 nested parts"]().count(b"--b") == 1_000
    assert len(bombs["a line of 30 MB"]()) > 30_000_000
    assert all(len(make()) < 1_100_000 for make in script.bombs(scale=0.001).values())
    assert all(left != right for left, right in pairwise(sorted(bombs)))


class Raises(Extractor):
    """Raises on a third of the mails."""

    name = "mail.planted"
    kind = "mail"
    features = (Feature("x", "nothing", nan="always"),)

    def extract(self, record: Message) -> dict[str, float]:
        return {} if sum(record.raw[:100]) % 3 else {"x": 1 / 0}


def test_a_planted_fault_is_counted(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script, "readers", lambda: FeatureSet([Raises()]))
    monkeypatch.setattr(script, "bombs", dict)
    found = script.run([b"Subject: a\n\nb", b"Subject: ab\n\nb"], 60, 1, SECONDS, tmp_path)
    assert found["exceptions"] > 0
    assert next(iter(found["exception_places"])).startswith("ZeroDivisionError in test_hostile.py:")
    assert len(list(tmp_path.glob("*_raised.eml"))) == found["exceptions"]
