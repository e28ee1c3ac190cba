"""The message as a picture (Biggio et al., A survey and experimental evaluation of image spam filtering, 2011)."""

from __future__ import annotations

import base64 as _base64
import html as _html
import re
import struct
import textwrap
import zlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, Letter, written
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import Page
from msa_ml.source.simulate.chance import Chance

_WIDTH, _LINES = 72, 60
_POINTS, _HEIGHT, _ADVANCE, _BASE = 12, 18, 8, 13
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,500}")


def image_only(raw: bytes, random: np.random.Generator) -> bytes:
    """Texts as a picture that links to where the message led; letters that the font lacks stay text.

    The first 60 lines are drawn. A second text of the same mail (its plain alternative) becomes the same picture's name.
    """
    chance = Chance(random)
    letter = Letter(raw)
    if not letter.leaves:
        return raw
    main = next((leaf for leaf in letter.leaves if leaf.html), letter.leaves[0])
    text = Page(main.text).text if main.html else main.text
    lines = _lines(text)
    if not lines or not _can_draw("".join(lines)):
        return raw
    image = _png(_drawn(lines))
    link = next(iter(Message(raw).urls), "")
    name, boundary = f"{chance.hex(8)}.png", f"----=_{chance.hex(24)}"
    shown = f'<img src="cid:{name}" alt="">'
    if _ADDRESS.fullmatch(link):
        shown = f'<a href="{_html.escape(link)}">{shown}</a>'
    page = written(f"<html><body>{shown}</body></html>\n", html=True, encoding="7bit")

    def change(leaf: Leaf) -> Entity:
        if leaf.start != main.start:
            return leaf.restated("\n")
        parts = [
            *(f"{field.title()}: {value}" for field, value in page.fields.items()), "", page.body.decode(),
            f"--{boundary}", f'Content-Type: image/png; name="{name}"', f"Content-ID: <{name}>",
            "Content-Transfer-Encoding: base64", f'Content-Disposition: inline; filename="{name}"', "",
        ]  # fmt: skip
        body = f"--{boundary}\n" + "\n".join(parts) + "\n" + _base64.encodebytes(image).decode()
        fields = {
            "content-type": f'multipart/related; boundary="{boundary}"',
            "content-transfer-encoding": "7bit",
        }
        return Entity(fields, f"{body}--{boundary}--\n".encode())

    return letter.rewritten(change)


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text[:20_000].splitlines():
        lines += textwrap.wrap(line, _WIDTH)[: _LINES - len(lines)]
        if len(lines) >= _LINES:
            break
    return lines


@cache
def _font() -> Any:
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"))
    font.set_size(_POINTS, 72)
    return font


@cache
def _letters() -> frozenset[str]:
    return frozenset(map(chr, _font().get_charmap()))


def _can_draw(text: str) -> bool:
    """Whether the font has nearly all of the letters, so that a person can read the picture."""
    letters = [letter for letter in text if not letter.isspace()]
    return sum(letter not in _letters() for letter in letters) <= 0.02 * len(letters)


@lru_cache(maxsize=2048)
def _cell(letter: str) -> NDArray[np.uint8]:
    """Return one letter, uint8[18, 8], 255 where it is dark. Letters of one width need no layout: 50 times faster."""
    cell = np.zeros((_HEIGHT, _ADVANCE), np.uint8)
    if letter.isspace() or letter not in _letters():
        return cell
    font = _font()
    font.set_text(letter)
    font.draw_glyphs_to_bitmap(antialiased=True)
    image = np.array(font.get_image(), np.uint8)
    glyph = font.load_char(ord(letter))
    top, left = max(_BASE - glyph.horiBearingY // 64, 0), max(glyph.horiBearingX // 64, 0)
    seen = image[: _HEIGHT - top, : _ADVANCE - left]
    cell[top : top + seen.shape[0], left : left + seen.shape[1]] = seen
    return cell


def _drawn(lines: list[str]) -> NDArray[np.uint8]:
    """Return lines of text as dark letters on white, uint8[height, width]."""
    width = max(map(len, lines))
    rows = [np.hstack([_cell(letter) for letter in line.ljust(width)]) for line in lines]
    return np.asarray(255 - np.pad(np.vstack(rows), 8), np.uint8)


def _png(grey: NDArray[np.uint8]) -> bytes:
    r"""Return an image of greys, uint8[height, width], as PNG.

    Examples
    --------
    >>> _png(np.zeros((2, 2), np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )
