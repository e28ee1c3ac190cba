"""Charsets that readers guess and filters do not."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, Letter, transfer, written
from msa_ml.source.simulate.chance import Chance

_ODD = (
    "x-user-defined",
    "x-unknown",
    "unicode-1-1-utf-8",
    "utf-8-mac",
    "ansi_x3.110-1983",
    "default",
    "windows-1252http-equivcontent-type",
)


def utf16(raw: bytes, random: np.random.Generator) -> bytes:
    """Texts in UTF-16, which only base64 can carry (RFC 2781)."""
    del random
    return Letter(raw).rewritten(
        lambda leaf: written(leaf.text, html=leaf.html, charset="utf-16", encoding="base64")
    )


def undeclared(raw: bytes, random: np.random.Generator) -> bytes:
    """UTF-8 as it is, with no word about it."""
    del random
    return Letter(raw).rewritten(lambda leaf: _utf8(leaf, ""))


def odd_name(raw: bytes, random: np.random.Generator) -> bytes:
    """UTF-8 under a name that nobody registered."""
    name = Chance(random).pick(_ODD)
    return Letter(raw).rewritten(lambda leaf: _utf8(leaf, f'; charset="{name}"'))


def _utf8(leaf: Leaf, charset: str) -> Entity:
    data = leaf.text.encode("utf-8", "replace")
    encoding = leaf.encoding if leaf.encoding in ("base64", "quoted-printable") else "8bit"
    fields = {"content-type": f"{leaf.kind}{charset}", "content-transfer-encoding": encoding}
    return Entity(fields, transfer(data, encoding))
