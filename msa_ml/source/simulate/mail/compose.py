"""From a letter to its bytes: header fields, encodings and MIME structure, as the sender's program would write them."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.software import Software, boundary

CRLF = "\r\n"
_LIMIT = 60  # bytes of text in one encoded word, well under the 75 characters of RFC 2047


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a letter; ``related`` ones are images of the HTML."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    related: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A display name (may be empty) and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a sender's program is asked to write.

    Attributes
    ----------
    date
        What the sender's clock and time zone said.
    text, html
        Bodies; at least one is not empty, unless the letter is only a file.
    fields
        Further header fields by name.
    charset, encoding
        Wishes; text that does not fit them falls back to UTF-8 and quoted-printable.
    parts
        Ready-made MIME parts that replace bodies and attachments (reports), with their multipart subtype.
    """

    software: Software
    sender: Address
    to: Address
    subject: str
    date: datetime
    message_id: str
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    charset: str = "utf-8"
    encoding: str = "quoted-printable"
    parts: tuple[str, ...] = ()
    subtype: str = "mixed"


def encoded(text: str, *, charset: str = "utf-8", quoted: bool = False) -> str:
    """Return text for a header field, in encoded words where it is not ASCII (RFC 2047 section 2).

    Examples
    --------
    >>> encoded("plain"), encoded("schön")
    ('plain', '=?utf-8?B?c2Now7Zu?=')
    """
    if text.isascii():
        return text
    words, piece = [], ""
    for letter in text:
        if len((piece + letter).encode(charset, "replace")) > _LIMIT * (1 if quoted else 3) // 4:
            words.append(piece)
            piece = ""
        piece += letter
    words.append(piece)
    return f"{CRLF} ".join(_word(word, charset, quoted=quoted) for word in words)


def _word(text: str, charset: str, *, quoted: bool) -> str:
    data = text.encode(charset, "replace")
    if quoted:
        safe = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data)
        return f"=?{charset}?Q?{safe.replace('=20', '_')}?="
    return f"=?{charset}?B?{binascii.b2a_base64(data, newline=False).decode()}?="


def mailbox(who: Address, *, charset: str = "utf-8", quoted: bool = False) -> str:
    """Return a mailbox as it stands in From and To (RFC 5322 section 3.4)."""
    if not who.name:
        return who.address
    name = encoded(who.name, charset=charset, quoted=quoted)
    if name.isascii() and who.name.isascii() and any(mark in name for mark in ',.@"&()|!?'):
        name = '"' + name.replace('"', "'") + '"'
    return f"{name} <{who.address}>"


def write(letter: Letter, chance: Chance) -> tuple[str, bytes]:
    """Return header fields (ending with CRLF) and body of a letter.

    Unencoded 8-bit text is possible in the body only, as RFC 6152 allows it.
    """
    charset = _charset(letter)
    content_type, encoding, body = _content(letter, charset, chance)
    quoted = letter.software.name in ("thunderbird", "outlook", "apple", "mutt", "daemon")
    values = {
        "From": mailbox(letter.sender, charset=charset, quoted=quoted),
        "To": mailbox(letter.to, charset=charset, quoted=quoted),
        "Subject": encoded(letter.subject, charset=charset, quoted=quoted),
        "Date": format_datetime(letter.date),
        "Message-ID": letter.message_id,
        "MIME-Version": "1.0 (Mac OS X Mail 16.0)" if letter.software.name == "apple" else "1.0",
        "Content-Type": content_type,
        **letter.fields,
    }
    if letter.software.agent[0]:
        values[letter.software.agent[0]] = letter.software.agent[1]
    if encoding:
        values["Content-Transfer-Encoding"] = encoding
    return _fields(values, letter.software.order), body


def _fields(values: Mapping[str, str], order: tuple[str, ...]) -> str:
    """Write known fields in the program's order and spelling, then the rest, MIME fields last."""
    left = {name.lower(): (name, value) for name, value in values.items()}
    lines = []
    for name in order:
        found = left.pop(name.lower(), None)
        if found is not None:
            lines.append(f"{name}: {found[1]}{CRLF}")
    late = ("mime-version", "content-type", "content-transfer-encoding")
    rest = [*(name for name in left if name not in late), *(name for name in late if name in left)]
    lines += [f"{left[name][0]}: {left[name][1]}{CRLF}" for name in rest]
    return "".join(lines)


def _charset(letter: Letter) -> str:
    if letter.charset == "utf-8":
        return "utf-8"
    try:
        for text in (letter.text, letter.html, letter.subject, letter.sender.name):
            text.encode(letter.charset)
    except UnicodeEncodeError:
        return "utf-8"
    return letter.charset


def _content(letter: Letter, charset: str, chance: Chance) -> tuple[str, str, bytes]:
    """Return Content-Type, Content-Transfer-Encoding ('' for multiparts) and body."""
    if letter.parts:
        mark = boundary(letter.software, chance)
        kind = f'multipart/{letter.subtype};{CRLF}\tboundary="{mark}"'
        return kind, "", _join([part.encode() for part in letter.parts], mark)
    bodies = [
        _text_part(text, subtype, charset, letter.encoding)
        for text, subtype in ((letter.text, "plain"), (letter.html, "html"))
        if text
    ]
    content = bodies[0] if len(bodies) == 1 else _multipart("alternative", bodies, letter, chance)
    related = [_file_part(file, chance) for file in letter.attachments if file.related]
    if related:
        content = _multipart("related", [content, *related], letter, chance)
    files = [_file_part(file, chance) for file in letter.attachments if not file.related]
    if files:
        content = _multipart("mixed", [content, *files], letter, chance)
    return content


Part = tuple[str, str, bytes]


def _multipart(subtype: str, parts: list[Part], letter: Letter, chance: Chance) -> Part:
    mark = boundary(letter.software, chance)
    return f'multipart/{subtype};{CRLF}\tboundary="{mark}"', "", _join([_whole(part) for part in parts], mark)


def _whole(part: Part) -> bytes:
    kind, encoding, body = part
    head = f"Content-Type: {kind}{CRLF}" + (
        f"Content-Transfer-Encoding: {encoding}{CRLF}" if encoding else ""
    )
    return head.encode() + b"\r\n" + body


def _join(parts: list[bytes], mark: str) -> bytes:
    line = mark.encode()
    return b"".join(b"--" + line + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + line + b"--\r\n"


def _text_part(text: str, subtype: str, charset: str, encoding: str) -> Part:
    data = text.replace("\n", CRLF).encode(charset)
    long = any(len(line) > 990 for line in data.split(b"\r\n"))
    if encoding == "base64":
        return f'text/{subtype}; charset="{charset}"', "base64", _base64(data)
    if data.isascii() and not long and encoding != "always quoted-printable":
        name = "us-ascii" if subtype == "plain" and charset != "utf-8" else charset
        return f"text/{subtype}; charset={name}", "7bit", data
    if encoding == "8bit" and not long:
        return f"text/{subtype}; charset={charset}; format=flowed", "8bit", data
    quoted = binascii.b2a_qp(data, istext=True)
    # b2a_qp breaks long lines with the first newline it saw; a text of one line gets a bare one.
    quoted = quoted.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return f'text/{subtype}; charset="{charset}"', "quoted-printable", quoted


def _base64(data: bytes) -> bytes:
    # 57 bytes make a line of 76 characters (RFC 2045 section 6.8).
    return b"\r\n".join(
        binascii.b2a_base64(data[at : at + 57], newline=False) for at in range(0, len(data), 57)
    )


def _file_part(file: Attachment, chance: Chance) -> Part:
    name = encoded(file.name)
    if file.related:
        rest = f"{CRLF}Content-ID: <{file.name}>{CRLF}Content-Disposition: inline"
    else:
        rest = f'{CRLF}Content-Disposition: attachment;{CRLF}\tfilename="{name}"'
        if chance.yes(0.3):
            rest += f"; size={len(file.content)}"
    return f'{file.content_type};{CRLF}\tname="{name}"{rest}', "base64", _base64(file.content)
