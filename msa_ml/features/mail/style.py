"""What an inline style or a colour does to text: whether it is hidden, tiny, or in the colour of its ground."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import NamedTuple

# Forms that hide, in a style without blanks and in small letters, closed by ";".
_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|mso-hide:all|opacity:0?(?:\.0{1,4})?[;!]|opacity=0[);]"
    r"|(?:^|;)(?:max-height|max-width):0(?:px|pt|em|%)?[;!]"
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top):-[0-9]{3,6}|clip:rect\(0"
    r"|(?:^|;)(?:-webkit-text-fill-)?color:(?:transparent|rgba\([0-9,]{5,12},0?(?:\.0)?\))"
)
_BOX = re.compile(r"(?:^|;)(?:height|width):0(?:px|pt|em|%)?[;!]")
_TINY = re.compile(
    r"font-size:(?:[0-2]?(?:\.[0-9]{1,4})?(?:px|pt)|[0-9]%|0?\.[01][0-9]{0,3}r?em|0[;!])|(?:^|;)font:[0-2](?:px|pt)?/"
)
_COLOUR = re.compile(r"(?:^|;)color:([^;!]{1,30})")
_GROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!\s]{1,30})")
_BLANKS = re.compile(r"\s+|/\*[^*]{0,200}\*/")
_RGB = re.compile(r"rgba?\(([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3})")
_HEX = re.compile(r"#?([0-9a-f]{6})")
_SHORT = re.compile(r"#([0-9a-f]{3})")
_NAMED = {
    "white": 0xFFFFFF, "black": 0, "red": 0xFF0000, "blue": 0x0000FF, "yellow": 0xFFFF00, "snow": 0xFFFAFA, "ivory": 0xFFFFF0,
    "ghostwhite": 0xF8F8FF, "whitesmoke": 0xF5F5F5, "floralwhite": 0xFFFAF0, "mintcream": 0xF5FFFA, "azure": 0xF0FFFF,
    "silver": 0xC0C0C0, "gray": 0x808080, "grey": 0x808080, "green": 0x008000, "navy": 0x000080, "lightyellow": 0xFFFFE0,
}  # fmt: skip
_ALIKE = 16  # of 255 a channel: what nobody can read on a screen


class Style(NamedTuple):
    """What one style does; colours are 0xRRGGBB, ``None`` where none is given or it is not understood."""

    hidden: bool
    tiny: bool
    colour: int | None
    ground: int | None

    @property
    def camouflage(self) -> bool:
        """Whether text and ground of this very style have one colour."""
        return alike(self.colour, self.ground)


@lru_cache(maxsize=4096)
def style(text: str) -> Style:
    """Read an inline style (CSS Style Attributes); properties that a reader cannot tell from hiding count as hiding.

    Examples
    --------
    >>> style("Display : NONE").hidden, style("font-size:1px").tiny, style("font-size:12px").tiny
    (True, True, False)
    >>> style("color:#fefefe; background:white").camouflage
    True
    """
    small = _BLANKS.sub("", unescape(text[:1000]).lower()) + ";"
    hidden = _HIDING.search(small) is not None or (
        "overflow:hidden" in small and _BOX.search(small) is not None
    )
    found, ground = _COLOUR.search(small), _GROUND.search(small)
    return Style(
        hidden,
        _TINY.search(small) is not None,
        colour(found[1] if found else ""),
        colour(ground[1] if ground else ""),
    )


@lru_cache(maxsize=1024)
def colour(text: str) -> int | None:
    """Return a colour as 0xRRGGBB, ``None`` when it is not understood.

    Examples
    --------
    >>> hex(colour("#FFF")), colour("rgb(0,0,1)"), colour("inherit")
    ('0xffffff', 1, None)
    """
    text = text.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    if match := _HEX.fullmatch(text):
        return int(match[1], 16)
    if match := _SHORT.fullmatch(text):
        return int("".join(2 * digit for digit in match[1]), 16)
    if match := _RGB.match(text.replace(" ", "")):
        red, green, blue = (min(int(part), 255) for part in match.groups())
        return red << 16 | green << 8 | blue
    return None


def alike(first: int | None, second: int | None) -> bool:
    """Whether two colours cannot be told apart by eye; unknown ones can."""
    if first is None or second is None:
        return False
    return first == second or (
        abs((first >> 16) - (second >> 16)) <= _ALIKE
        and abs((first >> 8 & 255) - (second >> 8 & 255)) <= _ALIKE
        and abs((first & 255) - (second & 255)) <= _ALIKE
    )
