"""The same text in another wrapping (RFC 2045, 2046)."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, Letter, written
from msa_ml.source.simulate.chance import Chance

_LINE = 70


def base64(raw: bytes, random: np.random.Generator) -> bytes:
    """Texts in base64."""
    del random
    return Letter(raw).rewritten(lambda leaf: _in(leaf, "base64"))


def quoted_printable(raw: bytes, random: np.random.Generator) -> bytes:
    """Texts in quoted-printable, with letters that need no escape escaped and lines broken inside words."""

    def change(leaf: Leaf) -> Entity:
        plain = _in(leaf, "8bit")
        return Entity(
            {**plain.fields, "content-transfer-encoding": "quoted-printable"}, _escaped(plain.body, random)
        )

    return Letter(raw).rewritten(change)


def nested(raw: bytes, random: np.random.Generator) -> bytes:
    """Texts two to four multiparts down."""
    chance = Chance(random)

    def change(leaf: Leaf) -> Entity:
        inner = _in(leaf, chance.pick(("base64", "quoted-printable")))
        for _ in range(chance.integer(2, 4)):
            boundary = f"----=_{chance.hex(24)}"
            fields = "".join(f"{name.title()}: {value}\n" for name, value in inner.fields.items())
            body = f"--{boundary}\n{fields}\n".encode() + inner.body + f"\n--{boundary}--\n".encode()
            kind = chance.pick(("mixed", "alternative", "related"))
            inner = Entity(
                {
                    "content-type": f'multipart/{kind}; boundary="{boundary}"',
                    "content-transfer-encoding": "7bit",
                },
                body,
            )
        return inner

    return Letter(raw).rewritten(change)


def _in(leaf: Leaf, encoding: str) -> Entity:
    """Return the same text in its own charset, in another encoding."""
    charset = leaf.charset if leaf.charset and leaf.charset not in ("us-ascii", "ascii") else "utf-8"
    return written(leaf.text, html=leaf.html, charset=charset, encoding=encoding)


def _escaped(data: bytes, random: np.random.Generator) -> bytes:
    """Escape half of all bytes and whatever must be (RFC 2045 6.7)."""
    drawn = random.random(len(data)) < 0.5
    lines: list[bytes] = []
    line: list[bytes] = []
    width = 0
    for byte, escape in zip(data, drawn.tolist(), strict=True):
        if byte == 10:
            lines.append(b"".join(line))
            line, width = [], 0
            continue
        literal = 33 <= byte <= 126 and byte != 61 and not escape
        said = bytes((byte,)) if literal else b"=%02X" % byte
        if width + len(said) > _LINE:
            lines.append(b"".join([*line, b"="]))
            line, width = [], 0
        line.append(said)
        width += len(said)
    return b"\n".join([*lines, b"".join(line)])
