"""What the HTML shows, and what it hides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import Page

_NONE = "no HTML"
_MOST = 1000
_HIDING = (
    "display:none",
    "visibility:hidden",
    "opacity:0;",
    "mso-hide:all",
    "max-height:0",
    "font-size:0",
    "text-indent:-9",
)
_TINY = re.compile(r"font-size:(?:[01]?(?:\.\d{1,4})?(?:px|pt)|[0-9]%|0?\.[01]\d{0,3}r?em)")
_COLOUR = re.compile(r"(?:^|;)color:([^;!]{1,30})")
_GROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!\s]{1,30})")
_ENTITY = re.compile(r"&#[xX]?[0-9a-fA-F]{1,6};")
_SPLIT_WORD = re.compile(r"\w<!--[^<>]{0,200}-->\w")
_NAMED = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "blue": "#0000ff", "yellow": "#ffff00"}


class Html(Extractor):
    """Hidden text, tiny letters, text in the colour of its ground, forms, images, and how much markup there is.

    Text that a reader cannot see is there for the filter ("invisible ink", "camouflage": Graham-Cumming, The Spammers'
    Compendium, 2003-2006). Styles are read from attributes, not from style sheets; that is stated, not guessed.
    """

    name = "mail.html"
    kind = "mail"
    features = (
        Feature("present", "has HTML", "flag", 0, 1),
        Feature("length", "characters of the HTML source", "characters", nan=_NONE),
        Feature("text_share", "readable characters over characters of the source", "share", 0, 1, nan=_NONE),
        Feature("hidden", "elements that are not shown", high=_MOST, nan=_NONE),
        Feature("hidden_text", "share of the text inside them", "share", 0, 1, nan="no HTML, or none with text"),
        Feature("tiny", "elements with letters of 1 pixel or less than 20 % of an em", high=_MOST, nan=_NONE),
        Feature("camouflage", "elements whose text has the colour of its ground", high=_MOST, nan=_NONE),
        Feature("forms", "forms", high=_MOST, nan=_NONE),
        Feature("passwords", "fields for a password", high=_MOST, nan=_NONE),
        Feature("images", "images", high=_MOST, nan=_NONE),
        Feature("outside_images", "images fetched from a server", high=_MOST, nan=_NONE),
        Feature("pixels", "images of at most 2 x 2 pixels", high=_MOST, nan=_NONE),
        Feature("links", "anchors with a target", high=_MOST, nan=_NONE),
        Feature("scripts", "script elements", nan=_NONE),
        Feature("refresh", "meta refresh elements", nan=_NONE),
        Feature("frames", "frames, objects and embedded documents", high=3 * _MOST, nan=_NONE),
        Feature("entities", "numeric character references over characters of the source", "share", 0, 1, nan=_NONE),
        Feature("split_words", "words with a comment inside", nan=_NONE),
        Feature("fonts", "font elements", high=_MOST, nan=_NONE),
        Feature("tables", "tables", high=_MOST, nan=_NONE),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        pages = mail.pages
        if not pages:
            return {"present": 0}
        source = sum(len(page.source) for page in pages)
        readable = sum(len(page.text) for page in pages)
        counted = [_count(page) for page in pages]
        total = {name: min(sum(one[name] for one in counted), _MOST) for name in counted[0]}
        hidden_text = sum(one["hidden_characters"] for one in counted)
        del total["hidden_characters"]
        values: dict[str, float] = {
            **total,
            "present": 1,
            "length": source,
            "text_share": min(readable / source, 1),
            "scripts": sum(page.scripts for page in pages),
            "refresh": sum(page.refresh for page in pages),
            "entities": sum(len(_ENTITY.findall(page.source)) for page in pages) / source,
            "split_words": sum(len(_SPLIT_WORD.findall(page.source)) for page in pages),
        }
        if readable:
            values["hidden_text"] = min(hidden_text / readable, 1)
        return values


def _count(page: Page) -> dict[str, int]:
    tree = page.tree
    images = tree.css("img")[:_MOST]
    found = {
        "forms": len(tree.css("form")),
        "passwords": len(tree.css("input[type=password]")),
        "images": len(images),
        "outside_images": sum(_target(image).startswith(("http:", "https:", "//")) for image in images),
        "pixels": sum(_is_pixel(image) for image in images),
        "links": len(tree.css("a[href]")),
        "frames": len(tree.css("iframe")) + len(tree.css("object")) + len(tree.css("embed")),
        "fonts": len(tree.css("font")),
        "tables": len(tree.css("table")),
    }
    return found | _styled(page)


def _target(image: LexborNode) -> str:
    return (image.attributes.get("src") or "")[:16].strip().lower()


def _is_pixel(image: LexborNode) -> bool:
    attributes = image.attributes
    width, height = attributes.get("width") or "", attributes.get("height") or ""
    return width.strip() in ("0", "1", "2") and height.strip() in ("0", "1", "2")


def _styled(page: Page) -> dict[str, int]:
    """Count the elements whose style hides their text."""
    hidden = tiny = camouflage = characters = 0
    left = 4 * len(page.text)  # nested hidden elements hold one another's text: bound the sum
    body = page.tree.body
    page_ground = _colour(body.attributes.get("bgcolor") or "#ffffff") if body is not None else "#ffffff"
    for node in page.tree.css("[style]")[:_MOST]:
        style = (node.attributes.get("style") or "")[:2000].lower().replace(" ", "").replace("\n", "") + ";"
        is_tiny = _TINY.search(style) is not None
        text, ground = _COLOUR.search(style), _GROUND.search(style)
        is_camouflage = text is not None and _colour(text[1]) == (_colour(ground[1]) if ground else "")
        is_hidden = any(word in style for word in _HIDING)
        tiny += is_tiny
        camouflage += is_camouflage
        hidden += is_hidden
        if (is_hidden or is_tiny or is_camouflage) and left > 0:
            size = len(node.text())
            characters += size
            left -= size
    for node in page.tree.css("font[color]")[:_MOST]:
        camouflage += _colour(node.attributes.get("color") or "") == page_ground and not _has_ground(node)
    for node in page.tree.css("font[size]")[:_MOST]:
        tiny += (node.attributes.get("size") or "").strip() in ("0", "-7", "-6", "-5", "-4")
    return {"hidden": hidden, "tiny": tiny, "camouflage": camouflage, "hidden_characters": characters}


def _has_ground(node: LexborNode, most: int = 12) -> bool:
    """Whether an element near above has a ground of its own, as white letters on a coloured table have."""
    parent = node.parent
    while parent is not None and most and parent.tag != "body":
        attributes = parent.attributes
        if (
            "bgcolor" in attributes
            or "background" in attributes
            or "background" in (attributes.get("style") or "")
        ):
            return True
        parent, most = parent.parent, most - 1
    return False


def _colour(text: str) -> str:
    """Return a colour as ``#rrggbb`` where that is easy, else as it is written."""
    text = text.strip().lower()
    text = _NAMED.get(text, text)
    if len(text) == 4 and text[0] == "#":
        return "#" + "".join(2 * digit for digit in text[1:])
    return "#" + text if len(text) == 6 and all(digit in "0123456789abcdef" for digit in text) else text
