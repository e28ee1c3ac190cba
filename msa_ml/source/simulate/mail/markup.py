"""HTML as programs and designers make it. One set of skeletons serves honest senders and attackers alike."""

from __future__ import annotations

import html as _html
from collections.abc import Sequence
from dataclasses import dataclass

from msa_ml.source.simulate.chance import Chance

_FONTS = (
    "Arial, Helvetica, sans-serif",
    "Verdana, sans-serif",
    "Georgia, serif",
    "'Segoe UI', Tahoma, sans-serif",
)
_COLOURS = (
    "#1a73e8",
    "#0b5394",
    "#c0392b",
    "#2e7d32",
    "#333333",
    "#8e44ad",
    "#e67e22",
    "#00796b",
    "#d81b60",
    "#004d40",
)


@dataclass(frozen=True, slots=True)
class Look:
    """The design a sender keeps: colours, font, width, and whether it counts openings with a picture."""

    colour: str
    font: str
    width: int
    pixel: bool
    preheader: bool
    rounded: bool
    upper: bool
    prefix: str


def look(chance: Chance) -> Look:
    """Return a new design."""
    return Look(
        colour=chance.pick(_COLOURS),
        font=chance.pick(_FONTS),
        width=chance.pick((560, 600, 600, 640, 700)),
        pixel=chance.yes(0.6),
        preheader=chance.yes(0.5),
        rounded=chance.yes(0.5),
        upper=chance.yes(0.2),
        prefix=chance.pick(("", "mc", "em", "x", "c")),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """What a designed mail says.

    Attributes
    ----------
    blocks
        Paragraphs, plain text.
    buttons
        Labels with addresses; the first is the main one.
    foot
        Small print, and the addresses it links to.
    """

    title: str
    blocks: Sequence[str]
    buttons: Sequence[tuple[str, str]]
    foot: Sequence[str] = ()
    foot_links: Sequence[tuple[str, str]] = ()
    picture: str = ""
    pixel: str = ""
    hidden: str = ""


def teaser(text: str) -> str:
    """Return the begin of a text, up to 80 characters of whole words: what mail programs show beside the subject."""
    return text if len(text) <= 80 else text[:80].rpartition(" ")[0]


def plain(page: Page) -> str:
    """Return a page as plain text."""
    lines = [*page.blocks, *(f"{label}: {link}" for label, link in page.buttons), *page.foot]
    return "\n\n".join([*lines, *(f"{label}: {link}" for label, link in page.foot_links)]) + "\n"


def designed(page: Page, design: Look) -> str:
    """Return a page in nested tables, as newsletters, shops and those who imitate them send it."""
    cell = f'style="font-family:{design.font};font-size:15px;line-height:22px;color:#333333;padding:8px 24px"'
    name = f' class="{design.prefix}-text"' if design.prefix else ""
    button = (
        f"display:inline-block;padding:12px 28px;background:{design.colour};color:#ffffff;text-decoration:none;"
        f"{'border-radius:6px;' if design.rounded else ''}font-weight:bold"
    )
    title = page.title.upper() if design.upper else page.title
    head = f"padding:18px;color:#ffffff;font-family:{design.font};font-size:22px"
    rows = [
        f'<tr><td align="center" bgcolor="{design.colour}" style="{head}">{_safe(title)}</td></tr>',
    ]
    if page.picture:
        rows.append(f'<tr><td><img src="{page.picture}" width="{design.width}" alt="" border="0"></td></tr>')
    rows += [f"<tr><td{name} {cell}>{_safe(block)}</td></tr>" for block in page.blocks]
    rows += [
        f'<tr><td align="center" style="padding:16px"><a href="{link}" style="{button}">{_safe(label)}</a></td></tr>'
        for label, link in page.buttons
    ]
    links = " | ".join(
        f'<a href="{link}" style="color:#888888">{_safe(label)}</a>' for label, link in page.foot_links
    )
    small = "<br>".join(_safe(line) for line in page.foot)
    rows.append(
        f'<tr><td style="font-family:{design.font};font-size:11px;color:#888888;padding:16px 24px">{small}<br>{links}</td></tr>'
    )
    hidden = (
        f'<div style="display:none;max-height:0;overflow:hidden;font-size:1px">{_safe(page.hidden)}{"&#847;&zwnj;&nbsp;" * 12}</div>'
        if page.hidden
        else ""
    )
    pixel = f'<img src="{page.pixel}" width="1" height="1" alt="">' if page.pixel else ""
    body = "\n".join(rows)
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">\n<html><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{_safe(page.title)}</title></head>\n'
        f'<body style="margin:0;background:#f4f4f4">{hidden}\n<table width="100%" cellpadding="0" cellspacing="0">'
        f'<tr><td align="center"><table width="{design.width}" cellpadding="0" cellspacing="0" bgcolor="#ffffff">\n'
        f"{body}\n</table></td></tr></table>{pixel}</body></html>\n"
    )


def written(manner: str, paragraphs: Sequence[str], links: Sequence[tuple[str, str]] = ()) -> str:
    """Return HTML as a person's program makes it: ``div`` (web mail), ``word`` (Outlook), ``table`` (scripts)."""
    anchors = [f'<a href="{link}">{_safe(label)}</a>' for label, link in links]
    lines = [_safe(text).replace("\n", "<br>\n") for text in paragraphs] + anchors
    if manner == "word":
        body = "\n".join(f'<p class="MsoNormal">{line}<o:p></o:p></p>' for line in lines)
        return (
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name="Generator" content="Microsoft Word 15">'
            "<style>p.MsoNormal{margin:0cm;font-size:11.0pt;font-family:Calibri,sans-serif}</style></head>"
            f'<body lang="EN" link="#0563C1"><div class="WordSection1">\n{body}\n</div></body></html>\n'
        )
    if manner == "table":
        body = "<br><br>\n".join(lines)
        return f"<html><body>\n{body}\n</body></html>\n"
    body = "\n".join(f"<div>{line}</div><div><br></div>" for line in lines)
    return f'<div dir="ltr">{body}</div>\n'


def _safe(text: str) -> str:
    return _html.escape(text, quote=False)
