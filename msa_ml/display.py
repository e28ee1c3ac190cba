"""Show one mail to a person who asked for it: as inert text, redacted unless revealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from msa_ml.bundle.read import Bundle
from msa_ml.bundle.score import Score
from msa_ml.errors import InputError
from msa_ml.features.mail.encoded import decode_words
from msa_ml.features.mail.message import Message
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.queries import query

_HEADERS = ("from", "reply-to", "to", "subject", "date", "authentication-results")
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){0,8})")
# Queries and long opaque words in the path of a URL often name the reader.
_URL = re.compile(r"(https?://[^\s/?#]{1,253}[^\s?#>\"')]{0,2000})([?#][^\s>\"')]{1,4000})?", re.IGNORECASE)
_OPAQUE = re.compile(r"(?<=/)[\w=%~+-]{16,}")
_HOST = re.compile(r"https?://(?:[^\s/@]{0,200}@)?([^\s/:?#]{1,253})", re.IGNORECASE)
_DIGITS = re.compile(r"\d{4,}")
_LONGEST = 4_000
# Control and direction characters would act on a terminal or reorder what is read.
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Shown:
    """A mail as inert text; HTML is never rendered."""

    text: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        look = "white-space:pre-wrap;overflow-wrap:anywhere;font-family:var(--jp-code-font-family,monospace);line-height:1.4"
        return f'<pre style="{look};border-left:3px solid #888;padding-left:.8em">{escape(self.text)}</pre>'


def show(event_id: str, *, reveal: bool = False, settings: Settings | None = None) -> Shown:
    """Return one stored mail for reading.

    Parameters
    ----------
    event_id
        As it stands in a dataset.
    reveal
        Show addresses, long numbers and the queries of URLs too; without it only domain, length and path.
    settings
        Default: environment and ``msa.toml``.

    Raises
    ------
    InputError
        No such event, or its raw mail was removed by retention.
    """
    return Shown(as_text(_raw(event_id, settings), reveal=reveal))


def message(event_id: str, *, settings: Settings | None = None) -> Message:
    """Return one stored mail, parsed, to try extractors on; nothing of it is redacted.

    Raises
    ------
    InputError
        No such event, or its raw mail was removed by retention.
    """
    return Message(_raw(event_id, settings))


def explain(event_id: str, bundle: Bundle, *, reasons: int = 8, settings: Settings | None = None) -> Score:
    """Return a bundle's verdict on one stored mail with the evidence that moved it most.

    Parameters
    ----------
    event_id
        As it stands in a dataset.
    bundle
        From ``msa_ml.load_bundle("spam@champion")``.
    reasons
        How many contributions; each says how far the logit would fall if this evidence were as in typical ham.
    settings
        Default: environment and ``msa.toml``.

    Raises
    ------
    InputError
        No such event, or its raw mail was removed by retention.
    """
    return bundle.score(_raw(event_id, settings), reasons=reasons)


def _raw(event_id: str, settings: Settings | None) -> bytes:
    chosen = settings or read_settings()
    store = connect(chosen.clickhouse_url, settings=chosen)
    found = store.frame(query("mail_by_ids", chosen), {"ids": [event_id]})
    if not len(found):
        raise InputError(
            f"no raw mail with the id {event_id[:40]!r} in {store.url_public}.",
            hint="There is no such event, or retention has removed its text.",
        )
    raw: bytes = found["raw"][0]
    return raw


def as_text(raw: bytes, *, reveal: bool = False) -> str:
    r"""Return a raw mail as inert text.

    Examples
    --------
    >>> print(as_text(b"From: Ann <ann@example.org>\nSubject: 1 code: 123456\n\nhello"))
    from:    Ann <...@example.org>
    subject: 1 code: ######
    <BLANKLINE>
    hello
    """
    mail = Message(raw)
    hosts = dict.fromkeys(found[1].lower() for url in mail.urls if (found := _HOST.match(url)))
    shown = {name: mail.header(name) or "" for name in _HEADERS}
    shown = {name: " ".join(decode_words(value).split())[:500] for name, value in shown.items()}
    shown["files"] = ", ".join(part.file_name for part in mail.parts[:20] if part.file_name)
    shown["links to"] = ", ".join(list(hosts)[:10])
    body = mail.text[:_LONGEST]
    if not reveal:
        # A date is no number to hide.
        shown = {name: value if name == "date" else _redacted(value) for name, value in shown.items()}
        body = _redacted(body)
    width = max(len(name) for name, value in shown.items() if value or name == "from") + 1
    lines = [f"{name + ':':<{width}} {value}" for name, value in shown.items() if value]
    return _ACTIVE.sub(" ", "\n".join([*lines, "", body]))


def _redacted(text: str) -> str:
    """Hide addresses, what URLs carry for one reader, and long numbers."""
    text = _URL.sub(lambda url: _OPAQUE.sub("...", url[1]) + ("?..." if url[2] else ""), text)
    text = _ADDRESS.sub(r"...@\1", text)
    return _DIGITS.sub(lambda found: "#" * len(found[0]), text)
