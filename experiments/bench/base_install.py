"""The base install in an environment of its own, for the benchmarks: its size with bytecode, and its import, warm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IMPORT = """import time
wall, cpu = time.perf_counter(), time.process_time()
import msa_ml.bundle
print([time.perf_counter() - wall, time.process_time() - cpu])"""


def measure(place: Path) -> dict[str, Any]:
    """Build the wheel, install it with the locked versions, and return its figures, or null with the reason.

    ``install_mb`` is in 2**20 bytes; ``import_s`` and ``import_cpu_s`` are the best of five, by the clock on the wall and
    of processor time.
    """
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        return {
            "install_mb": None,
            "import_s": None,
            "install_reason": "no uv beside this Python or on the path",
        }
    folder, pins = place / "environment", place / "pins.txt"
    python = str(folder / "bin" / "python")
    frozen = ["--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--output-file", str(pins)]
    steps = [
        [uv, "build", "--quiet", "--wheel", "--out-dir", str(place / "dist"), str(ROOT)],
        [uv, "export", "--quiet", "--project", str(ROOT), *frozen],
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
    ]
    try:
        for words in steps:
            _call(words)
        wheel = next((place / "dist").glob("*.whl"))
        _call(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
                "--compile-bytecode",
                "--constraints",
                str(pins),
                str(wheel),
            ]
        )
    except subprocess.CalledProcessError as error:
        return {"install_mb": None, "import_s": None, "install_reason": error.stderr[-300:]}
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files) / 2**20
    wall, cpu = map(min, zip(*(json.loads(_call([python, "-c", IMPORT])) for _ in range(5)), strict=True))
    return {"install_mb": round(size, 1), "import_s": round(wall, 3), "import_cpu_s": round(cpu, 3)}


def _call(words: list[str]) -> str:
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=kept, cwd="/")
    return done.stdout
