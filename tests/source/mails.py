"""Invented messages and archives of them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def mail(number: int, *, date: str | None = None, received: str | None = None, body: str = "hello") -> bytes:
    """A sound message; the number makes it unlike the others."""
    lines = []
    if received:
        lines.append(
            f"Received: from a.example (a.example [192.0.2.{number % 250 + 1}]) by mx.example; {received}"
        )
    lines += [f"From: Jo <jo{number}@example.org>", "To: an@example.com", f"Subject: number {number}"]
    if date:
        lines.append(f"Date: {date}")
    return ("\n".join(lines) + f"\n\n{body} {number}\n").encode()


def day(number: int) -> str:
    """Noon of a day of January 2026."""
    return f"{number:02} Jan 2026 12:00:00 +0000"


def in_mbox(raw: bytes, sender: str = "jo@example.org") -> bytes:
    return b"From " + sender.encode() + b" Thu Jan  1 12:00:00 2026\n" + raw + b"\n"


def tree(top: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return top


def tar(path: Path, files: Mapping[str, bytes], *, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload] # the mode is a variable
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mtime = 1_767_225_600  # 2026-01-01
            archive.addfile(member, io.BytesIO(content))
    return path
