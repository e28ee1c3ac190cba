"""Writes the vectors of many mails, by the compiled twins or by Python's own.

    python -m tests.features.compiled.vectors OUT.npz [--own] [mutants:NUMBER:SEED | ARCHIVE.tar.xz] ...

Mails come from archives, and from the mutants of ``experiments/bench/mail_hostile.py``. ``--own`` keeps the twins away.
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from tests.features.compiled.own import keep_own

HOSTILE = Path("experiments/bench/mail_hostile.py")


def mails(source: str) -> Iterator[bytes]:
    """Yield the mails that a word of the command line names."""
    if source.startswith("mutants:"):
        from msa_ml.bundle.golden_mail import golden_mail

        spec = spec_from_file_location("mail_hostile", HOSTILE)
        assert spec is not None
        assert spec.loader is not None
        script: Any = module_from_spec(spec)
        spec.loader.exec_module(script)
        bombs = script.bombs
        script.bombs = lambda scale=1: bombs(scale / 100)
        number, seed = map(int, source.split(":")[1:])
        for _, raw in script.mutants([raw for raw in golden_mail().values() if raw], number, seed):
            yield raw
    else:
        with tarfile.open(source) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield file.read()


def write(out: Path, sources: list[str]) -> None:
    """Compute all vectors and write them."""
    import numpy as np

    from msa_ml.features.mail.message import Message
    from msa_ml.tasks import get

    features = get("spam").features()
    found = features.extract(Message(raw) for source in sources for raw in mails(source))
    arrays: dict[str, Any] = {
        name: np.array([hashlib.sha256(data).hexdigest() for data in each])
        for name, each in found.content.items()
    }
    np.savez(out, dense=found.dense, columns=np.array(features.columns), **arrays)


if __name__ == "__main__":
    words = sys.argv[1:]
    if "--own" in words:
        words.remove("--own")
        keep_own()
    write(Path(words[0]), words[1:])
