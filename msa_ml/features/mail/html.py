"""What the HTML shows, and what it hides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from msa_ml.features.compiled import compiled
from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import Page
from msa_ml.features.mail.style import alike, colour, style

_NONE = "no HTML"
_ELEMENTS = "html_elements"
_MOST = 1000
_LOOKED_AT = 100_000
_FRAMES = ("iframe", "object", "embed", "frame")

# One pass over the source each; they begin with a fixed character, repeat only what cannot meet its own end, and are bounded.
_COUNTED = re.compile(r"<(form|img|script|font|table|meta|input|iframe|object|embed|frame)(?![a-z0-9:-])")
_IMAGE = re.compile(r"<img\b([^>]{0,3000})")
_SOURCE = re.compile(r"src\s{0,9}=\s{0,9}[\"']?\s{0,9}(https?:|//|data:)")
_WIDTH = re.compile(r"width\s{0,9}=\s{0,9}[\"']?\s{0,9}[0-2](?![0-9%])")
_HEIGHT = re.compile(r"height\s{0,9}=\s{0,9}[\"']?\s{0,9}[0-2](?![0-9%])")
_BODY = re.compile(r"<body\b([^>]{0,1000})")
_INK = re.compile(r"color(?<![a-z-]color)\s{0,9}=\s{0,9}[\"']?\s{0,9}([#\w]{1,30})")
_GROUND = re.compile(r"bgcolor\s{0,9}=\s{0,9}[\"']?\s{0,9}([#\w]{1,30})")
_SIZE = re.compile(r"size(?<![a-z-]size)\s{0,9}=\s{0,9}[\"']?\s{0,9}(?:0|-[4-7])(?![0-9])")
_PASSWORD = re.compile(r"type\s{0,9}=\s{0,9}[\"']?\s{0,9}password")
_REFRESH = re.compile(r"http-equiv\s{0,9}=\s{0,9}[\"']?\s{0,9}refresh")
_ENTITY = re.compile(r"&#x?[0-9a-f]{1,6};")
_IN_WORD = re.compile(r"<(?<=[^\W_]<)(/?[a-z][a-z0-9:-]{0,15})(?:[\s/][^<>]{0,100})?>(</\1>)?(?=[^\W_])")
_WHITE = 0xFFFFFF


class Html(Extractor):
    """Hidden text, tiny letters, text in the colour of its ground, forms, images, and how the markup is made.

    Text that a reader cannot see is there for the filter ("invisible ink", "camouflage", "slice and dice":
    Graham-Cumming, The Spammers' Compendium, 2003-2006). Measured on the first 100,000 characters of each part's source,
    comments left out. Styles are read from attributes, not from style sheets; that is stated, not guessed.
    """

    name = "mail.html"
    kind = "mail"
    version = 3
    reads = (_ELEMENTS,)
    features = (
        Feature("present", "has HTML", "flag", 0, 1),
        Feature("length", "characters of the HTML source", "characters", nan=_NONE),
        Feature("text_share", "readable characters over characters of the source", "share", 0, 1, nan=_NONE),
        Feature("hidden", "elements whose style hides them: not displayed, no height, no opacity, off the screen", high=_MOST, nan=_NONE),
        Feature("hidden_text", "share of the text inside hidden, tiny and camouflaged elements", "share", 0, 1, nan="no HTML, or none with text"),
        Feature("tiny", "elements whose own text is of 2 pixels or less, or of less than 20 % of an em", high=_MOST, nan=_NONE),
        Feature("camouflage", "elements whose own text has (nearly) the colour of its ground", high=_MOST, nan=_NONE),
        Feature("forms", "forms", high=_MOST, nan=_NONE),
        Feature("passwords", "fields for a password", high=_MOST, nan=_NONE),
        Feature("images", "images", high=_MOST, nan=_NONE),
        Feature("outside_images", "images fetched from a server", high=_MOST, nan=_NONE),
        Feature("inline_images", "images written into the source (data:)", high=_MOST, nan=_NONE, source="RFC 2397"),
        Feature("pixels", "images of at most 2 x 2 pixels", high=_MOST, nan=_NONE),
        Feature("text_per_image", "readable characters per image", "characters", nan="no HTML, or no image"),
        Feature("links", "anchors with a target", high=_MOST, nan=_NONE),
        Feature("scripts", "script elements", high=_MOST, nan=_NONE),
        Feature("refresh", "meta refresh elements", high=_MOST, nan=_NONE),
        Feature("frames", "frames, objects and embedded documents", high=_MOST, nan=_NONE),
        Feature("entities", "numeric character references over characters of the source", "share", 0, 1, nan=_NONE),
        Feature("split_words", "words with a comment, an empty element or an unknown one inside", high=_MOST, nan=_NONE, monotone=1),
        Feature("comments", "share of the source inside comments", "share", 0, 1, nan=_NONE),
        Feature("fonts", "font elements", high=_MOST, nan=_NONE),
        Feature("tables", "tables", high=_MOST, nan=_NONE),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        pages = mail.pages
        if not pages:
            return {"present": 0}
        known = self.lists[_ELEMENTS].words
        source = sum([len(page.source) for page in pages])
        readable = sum([len(page.text) for page in pages])
        total = _count(pages[0], known)
        for page in pages[1:]:
            for name, count in _count(page, known).items():
                total[name] += count
        hidden_text, entities, commented = total.pop("ink"), total.pop("entities"), total.pop("commented")
        looked_at = total.pop("looked_at")
        values: dict[str, float] = {name: min(count, _MOST) for name, count in total.items()}
        values |= {
            "present": 1,
            "length": source,
            "text_share": min(readable / source, 1),
            "entities": entities / looked_at,
            "comments": commented / looked_at,
        }
        if values["images"]:
            values["text_per_image"] = readable / values["images"]
        if readable:
            values["hidden_text"] = min(hidden_text / readable, 1)
        return values


def _count(page: Page, known: frozenset[str]) -> dict[str, int]:
    """Count in one part; keys are features, or named in :meth:`Html.extract`."""
    counts, ground, inks, has_small = _marks(page.small[:_LOOKED_AT], known)
    counts["links"] = page.seen.number
    counts |= _unseen(page, ground, inks, has_small=has_small)
    return counts


@compiled("html")
def _marks(whole: str, known: frozenset[str]) -> tuple[dict[str, int], str | None, set[str], bool]:
    """Return what the source in small letters tells.

    Returns
    -------
    tuple
        Counts, the ground of the page as it is written, the colours of fonts, and whether a font is tiny.
    """
    source, splits = _without_comments(whole)
    for name, end in _IN_WORD.findall(source):
        # An empty element, or one that programs do not know and skip; names with a colon are those of office programs.
        splits += bool(end) or (name.lstrip("/") not in known and ":" not in name)
    tags = _COUNTED.findall(source)
    count = tags.count
    images = _IMAGE.findall(source)[:_MOST] if "img" in tags else []
    kinds = [match[1] for image in images if (match := _SOURCE.search(image))]
    inline = kinds.count("data:")
    counts = {
        "looked_at": len(whole),
        "commented": len(whole) - len(source),
        "split_words": splits,
        "entities": len(_ENTITY.findall(source)) if "&#" in source else 0,
        "forms": count("form"),
        "passwords": len(_PASSWORD.findall(source)) if "input" in tags and "password" in source else 0,
        "images": count("img"),
        "outside_images": len(kinds) - inline,
        "inline_images": inline,
        "pixels": sum(
            _WIDTH.search(image) is not None and _HEIGHT.search(image) is not None for image in images
        ),
        "scripts": count("script"),
        "refresh": len(_REFRESH.findall(source)) if "meta" in tags and "refresh" in source else 0,
        "frames": sum(map(count, _FRAMES)),
        "fonts": count("font"),
        "tables": count("table"),
    }
    body = _BODY.search(source)
    ground = _GROUND.search(body[1]) if body else None
    fonts = bool(counts["fonts"])
    return (
        counts,
        ground[1] if ground else None,
        set(_INK.findall(source)) if fonts else set(),
        fonts and "size" in source and _SIZE.search(source) is not None,
    )


def _without_comments(whole: str) -> tuple[str, int]:
    """Return the source without comments, and how many of them stand inside a word."""
    begin, splits = whole.find("<!--"), 0
    if begin < 0:
        return whole, 0
    kept, at = [], 0
    while begin >= 0:
        kept.append(whole[at:begin])
        at = whole.find("-->", begin + 4) + 3
        if at < 3:  # never closed: all the rest
            at = len(whole)
        splits += _is_inside(whole, begin, at)
        begin = whole.find("<!--", at)
    kept.append(whole[at:])
    return "".join(kept), splits


def _is_inside(source: str, begin: int, end: int) -> bool:
    return source[begin - 1 : begin].isalnum() and source[end : end + 1].isalnum()


def _unseen(page: Page, ground_text: str | None, inks: set[str], *, has_small: bool) -> dict[str, int]:
    """Count the elements whose text cannot be seen, and the characters inside (``ink``).

    The source tells whether there may be any; only then the tree is asked, since that costs more than all the rest.
    """
    ground = None if ground_text is None else colour(ground_text)
    ground = _WHITE if ground is None else ground
    for text in page.styles:
        own = style(text.lstrip("\"'"))
        if own.hidden or own.tiny or alike(own.colour, ground if own.ground is None else own.ground):
            return _walk(page, ground)
    if has_small or any(alike(colour(ink), ground) for ink in inks):
        return _walk(page, ground)
    return {"hidden": 0, "tiny": 0, "camouflage": 0, "ink": 0}


@compiled("tree")
def _walk(page: Page, page_ground: int) -> dict[str, int]:
    """Look at each element with a style or a font of its own.

    What is not displayed hides all that is inside; size and colour count for an element's own text alone, since
    elements inside may set theirs again (newsletters stand in cells of size 0).
    """
    hidden = tiny = camouflage = ink = 0
    left = 4 * len(page.text)  # nested hidden elements hold one another's text: bound the sum
    tree = page.tree
    # Not one selector with a comma: that returns a node once for each branch.
    for node in [*tree.css("[style]")[:_MOST], *tree.css("font:not([style])")[:_MOST]]:
        attributes = node.attributes
        own = style(attributes.get("style") or "")
        own_ink, is_tiny = own.colour, own.tiny
        if node.tag == "font":
            own_ink = colour(attributes.get("color") or "") if own_ink is None else own_ink
            is_tiny = is_tiny or (attributes.get("size") or "").strip() in _SMALL_SIZES
        size = 0
        if own.hidden:
            hidden += 1
            size = len(node.text()) if left > 0 else 0
        elif is_tiny or alike(own_ink, page_ground if own.ground is None else own.ground):
            size = len(node.text(deep=False).strip())
            is_tiny = is_tiny and size > 0
            on_ground = alike(own_ink, page_ground if own.ground is None else own.ground)
            is_ink = on_ground and size > 0 and (own.ground is not None or not _has_ground(node))
            tiny += is_tiny
            camouflage += is_ink
            size = size if is_tiny or is_ink else 0
        ink += size
        left -= size
    return {"hidden": hidden, "tiny": tiny, "camouflage": camouflage, "ink": ink}


_SMALL_SIZES = ("0", "-4", "-5", "-6", "-7")


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
