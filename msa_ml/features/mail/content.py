"""The bytes of a mail that a content model reads."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msa_ml.features.extractor import View
from msa_ml.features.mail import header_block
from msa_ml.features.mail.ignored import is_ignored
from msa_ml.features.mail.message import Message

_UNSEEN = re.compile("[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]+")


class Text(View):
    """What a reader sees: subject, text, and the hosts of the links; lower case, blanks collapsed, UTF-8.

    The text of the HTML is taken where there is HTML, since that is what is shown. Hosts stand before the text, so that
    a long text cannot push them over the limit. Characters without width are dropped: they exist to split words.
    """

    name = "text"
    kind = "mail"
    limit = 4096

    def content(self, mail: Message) -> bytes:
        """Return the bytes of one mail."""
        shown = mail.html_text if mail.html_text.strip() else mail.text
        return normalised(" ".join((mail.subject or "", *_hosts(mail), shown[: 2 * self.limit])), self.limit)


def _hosts(mail: Message, most: int = 20) -> list[str]:
    hosts: dict[str, None] = {}
    for url in mail.urls[:100]:
        try:
            host = urlsplit(url if "//" in url else f"//{url}").hostname
        except ValueError:
            continue
        if host:
            hosts.setdefault(host[:100])
        if len(hosts) >= most:
            break
    return list(hosts)


def normalised(text: str, limit: int) -> bytes:
    r"""Return text in lower case with single blanks and without characters that have no width, as UTF-8.

    Never more than ``limit`` bytes; a character is never cut in two.

    Examples
    --------
    >>> normalised("Via\u200bgra \n  NOW", 100), normalised("é" * 3, 5)
    (b'viagra now', b'\xc3\xa9\xc3\xa9')
    """
    words = " ".join(text.lower().split())
    data = _UNSEEN.sub("", words).encode("utf-8", "replace")
    if len(data) <= limit:
        return data
    return data[:limit].decode("utf-8", "ignore").encode("utf-8")


class Raw(View):
    """The first bytes of the message as it came, without the ignored fields (DeepMailNet-style raw input)."""

    name = "raw"
    kind = "mail"
    limit = 3000

    def content(self, mail: Message) -> bytes:
        """Return the bytes of one mail."""
        seen = (field for field in mail.block.fields if not is_ignored(header_block.name_of(field)))
        head = b"\n".join(seen)[: self.limit]
        body = mail.raw[mail.block.body : mail.block.body + self.limit]
        return (head + b"\n\n" + body)[: self.limit]
