"""Nothing is lost: text and URLs are those of the standard library's parser, or the difference has a name and a reason.

The other reader is written here, with the ``email`` package and with selectolax for HTML, and shares no code with ours.
Each class of difference is checked by its own rule, so that a difference is explained and not only named.
"""

from __future__ import annotations

import email
import email.message
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from msa_ml.features.mail.message import Message
from tests.features.mail.make import html, mail, multipart
from tests.features.mail.test_corpora import mails

DOCS = Path(__file__).resolve().parents[3] / "docs" / "parsing.md"

# In the order of the table in docs/parsing.md.
REASONS = {
    "charset_undeclared": "bytes beyond ASCII without a charset, or under us-ascii: ours reads UTF-8, else Latin-1; theirs writes U+FFFD",
    "charset_unknown": "a charset that Python does not know: the same",
    "latin1_is_windows1252": "iso-8859-1 is read as Windows-1252, as browsers do; theirs leaves control characters",
    "base64_damaged": "broken base64: ours decodes what is there; theirs returns it undecoded or cut",
    "no_boundary": "a multipart whose boundary never occurs: ours reads one text; theirs has no part",
    "junk_after_end": "something follows the last boundary on its line: ours ends there; theirs keeps it as text",
    "delivery_status": "message/delivery-status: theirs makes an empty text part of each block of fields, ours one part",
    "not_shown": "URLs in head, script or template: ours reads what is shown",
    "limit": "ours stops at 500 URLs",
}  # fmt: skip


class Text(NamedTuple):
    """One text part that is shown: its type, charset and encoding as declared, its bytes and its text."""

    kind: str
    charset: str
    encoding: str
    data: bytes
    text: str


def theirs(raw: bytes) -> list[Text]:
    """Read the shown text parts with the standard library."""
    return [
        _text(part)
        for part in email.message_from_bytes(raw).walk()
        if not part.is_multipart()
        and part.get_content_maintype() == "text"
        and part.get_content_disposition() != "attachment"
    ]


def _text(part: email.message.Message) -> Text:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    charset = part.get_content_charset() or ""
    try:
        text = data.decode(charset or "ascii", "replace")
    except (LookupError, UnicodeError):
        text = data.decode("ascii", "replace")
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    return Text(part.get_content_type(), charset, encoding, data, text)


def ours(found: Message) -> list[Text]:
    return [
        Text(part.content_type, part.charset, part.encoding, part.content, part.text)
        for part in found.parts
        if part.is_text and part.disposition != "attachment"
    ]


def lines(text: str) -> str:
    """Line ends are no content, and those before a boundary belong to the boundary."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def same_bytes(one: Text, other: Text) -> bool:
    return lines(one.data.decode("latin-1")) == lines(other.data.decode("latin-1"))


def text_difference(found: Message, mine: list[Text], other: list[Text], raw: bytes) -> set[str]:
    """Return the classes of the differences between two readings; ``unclassified`` is one of them."""
    if b"delivery-status" in raw and len(other) > len(mine):
        other = [text for text in other if text.text.strip()]
        named = {"delivery_status"}
    elif "no_boundary" in found.damage and len(mine) == len(other) + 1 == 1:
        whole = email.message_from_bytes(raw).get_payload()
        shown = lines(mine[0].data.decode("ascii", "surrogateescape"))
        return {"no_boundary" if isinstance(whole, str) and lines(whole) == shown else "unclassified"}
    else:
        named = set()
    if [one.kind for one in mine] != [one.kind for one in other]:
        return {"unclassified"}
    pairs = zip(mine, other, strict=True)
    return named | {
        _pair(one, another, found) for one, another in pairs if lines(one.text) != lines(another.text)
    }


def _pair(one: Text, other: Text, found: Message) -> str:
    if same_bytes(one, other):
        return _charset(one)
    if one.encoding == "base64" and "base64" in found.damage and b"=" not in one.data[:4]:
        return "base64_damaged"
    mine, more = lines(one.text), lines(other.text)
    rest = more[len(mine) :].lstrip("\n")
    if more.startswith(mine) and re.match(r"--[^\n]{1,70}--[^\n]", rest):
        return "junk_after_end"
    return "unclassified"


def _charset(one: Text) -> str:
    """Read the bytes by the rule of the class; only then it is the class."""
    try:
        guessed = one.data.decode("utf-8")
    except UnicodeDecodeError:
        guessed = one.data.decode("latin-1")
    if one.charset in ("", "us-ascii", "ascii"):
        return "charset_undeclared" if guessed == one.text else "unclassified"
    if one.charset in ("iso-8859-1", "latin1", "latin-1"):
        return "latin1_is_windows1252" if one.data.decode("cp1252", "replace") == one.text else "unclassified"
    try:
        one.data.decode(one.charset, "replace")
    except LookupError:
        return "charset_unknown" if guessed == one.text else "unclassified"
    return "unclassified"


URL = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s<>\"'\x00-\x20`{}|\\^]+", re.IGNORECASE)
NOT_SHOWN = frozenset({"head", "title", "style", "script", "noscript", "template"})
END = ".,;:!?)]*_"
NO_URL = ("#", "cid:", "data:", "mailto:", "about:", "tel:")


def urls(texts: Iterable[Text]) -> dict[str, bool]:
    """Return the URLs of some texts, and whether each stands where it is shown."""
    found: dict[str, bool] = {}
    for one in texts:
        text = one.text
        if one.kind == "text/html":
            tree = LexborHTMLParser(text)
            for node in tree.css("[href],[src],[action],[background]"):
                for name in ("href", "src", "action", "background"):
                    url = (node.attributes.get(name) or "").strip()
                    if url and not url.startswith(NO_URL):
                        found[url[:2048]] = found.get(url[:2048], False) or _is_shown(node)
            for node in tree.css("noscript"):
                found |= {url[:2048].rstrip(END): False for url in URL.findall(node.text(separator=" "))}
            tree.strip_tags([*NOT_SHOWN])
            text = tree.body.text(separator=" ") if tree.body is not None else ""
        found |= {url[:2048].rstrip(END): True for url in URL.findall(text)}
    return found


def _is_shown(node: LexborNode | None) -> bool:
    while node is not None:
        if node.tag in NOT_SHOWN:
            return False
        node = node.parent
    return True


def url_difference(found: Message, mine: list[Text], other: list[Text]) -> set[str]:
    """Return the classes of the differences in URLs that no difference in text explains."""
    seen, wanted = set(found.urls), urls(mine)
    if len(seen) >= found.limits.urls:
        return {"limit"}
    named = {_lost(shown=wanted[url]) for url in wanted.keys() - seen}
    if seen - wanted.keys():
        named.add("unclassified")
    if {*wanted} != {*urls(other)} and [lines(text.text) for text in mine] == [lines(t.text) for t in other]:
        named.add("unclassified")
    return named


def _lost(*, shown: bool) -> str:
    return "unclassified" if shown else "not_shown"


def differences(raw: bytes) -> set[str]:
    found = Message(raw)
    mine, other = ours(found), theirs(raw)
    return text_difference(found, mine, other, raw) | url_difference(found, mine, other)


@pytest.mark.corpus
@pytest.mark.slow
def test_nothing_is_lost_in_the_public_corpora(shared_data: Path) -> None:
    table: dict[str, Counter[str]] = {}
    unclassified = []
    for name in ("spamassassin", "blinux-list"):
        table[name] = Counter()
        for number, raw in enumerate(mails(shared_data / f"{name}.tar.xz")):
            found = differences(raw)
            table[name].update(found or {"same"})
            if "unclassified" in found:
                unclassified.append((name, number))
    for reason in ("same", *REASONS):
        print(f"| {reason} | {' | '.join(f'{table[name][reason]:,}' for name in table)} |")  # noqa: T201 - shown with -s
    assert not unclassified
    assert table["spamassassin"]["same"] > 0.95 * 6047
    assert table["blinux-list"]["same"] > 0.99 * 6019


CASES = {
    "same": multipart("\nplain http://example.org/a", "Content-Type: text/html\n\n<a href=http://example.com/>x</a>").raw,
    "same in base64": mail("Content-Transfer-Encoding: base64", body="aGVsbG8gd3d3LmV4YW1wbGUub3Jn").raw,
    "same in quoted-printable": mail("Content-Transfer-Encoding: quoted-printable", body=b"caf=C3=A9=\n!", kind="text/plain; charset=utf-8").raw,
    "same in a message in a message": multipart("Content-Type: message/rfc822\n\nSubject: x\n\nwww.example.org\n").raw,
    "charset_undeclared": mail(body=b"caf\xe9").raw,
    "charset_unknown": mail(body="café", kind="text/plain; charset=x-klingon").raw,
    "latin1_is_windows1252": mail(body=b"it\x92s", kind="text/plain; charset=iso-8859-1").raw,
    "base64_damaged": mail("Content-Transfer-Encoding: base64", body="aGVsbG8gd").raw,
    "no_boundary": mail(body="--other\n\nhello\n", kind="multipart/mixed; boundary=b").raw,
    "junk_after_end": multipart("\nhello").raw.replace(b"--b1--", b"\n--b1--</BODY>"),
    "delivery_status": multipart("\nfailed", "Content-Type: message/delivery-status\n\nA: b\n\nC: d\n", kind="report").raw,
    "not_shown": html("<head><link href=http://example.org/a.css></head><p>x").raw,
    "limit": mail(body=" ".join(f"http://example.org/{number}" for number in range(600))).raw,
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_classes(name: str) -> None:
    assert differences(CASES[name]) == ({name} if name in REASONS else set())


@pytest.mark.parametrize(
    ("theirs_says", "ours_says"),
    [
        (b"Subject: a\n\none two", b"Subject: a\n\none"),
        (b"Subject: a\n\nhttp://example.org/", b"Subject: a\n\nhttp://example.com/"),
        (CASES["same"], CASES["same"].replace(b"text/html", b"text/plain")),
        (CASES["charset_undeclared"], CASES["charset_undeclared"].replace(b"\xe9", b"e")),
        (CASES["base64_damaged"], mail(body="hello ").raw),
    ],
)
def test_a_planted_loss_is_found(theirs_says: bytes, ours_says: bytes) -> None:
    found = Message(ours_says)
    mine, other = ours(found), theirs(theirs_says)
    assert "unclassified" in text_difference(found, mine, other, theirs_says)


def test_a_planted_loss_of_a_url_is_found() -> None:
    found = Message(CASES["same"])
    found.__dict__["urls"] = found.urls[:1]
    assert url_difference(found, ours(found), theirs(CASES["same"])) == {"unclassified"}


def test_every_class_stands_in_the_documentation() -> None:
    page = DOCS.read_text()
    assert [name for name in REASONS if f"`{name}`" not in page] == []
