"""Where the links lead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import is_ip, listed, registrable
from msa_ml.features.shared.text import entropy
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_SHORTENERS = "url_shorteners"
_NONE = "no URL"
_MOST = 500
_SHOWN = re.compile(
    r"(?:https?://)?((?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,24})(?:[/:?#]\S{0,2000})?", re.IGNORECASE
)


class Url(NamedTuple):
    """What matters of one URL; empty strings and ``None`` where it has none."""

    host: str
    port: int | None
    user: bool
    path: str
    query: str


@lru_cache(maxsize=8192)
def parse(text: str) -> Url | None:
    """Split a URL; ``None`` when it has no host, or is none.

    Examples
    --------
    >>> parse("http://paypal.com@192.0.2.9:81/a?b=c")
    Url(host='192.0.2.9', port=81, user=True, path='/a', query='b=c')
    >>> parse("http://[::") is None
    True
    """
    text = text.strip().replace("\\", "/")
    if text[:4].lower() == "www.":
        text = "http://" + text
    try:
        found = urlsplit(text)
        host, port = found.hostname, found.port
    except ValueError:
        return None
    if not host:
        return None
    return Url(host.rstrip(".")[:253], port, "@" in found.netloc, found.path, found.query)


class Urls(Extractor):
    """Number, hosts and forms of the URLs, and links that show one place and lead to another.

    Fette et al. 2007, "Learning to detect phishing emails" (addresses as hosts, links that differ from their text, number
    of domains and dots); Ma et al. 2009, "Beyond blacklists" (lengths and tokens).
    """

    name = "mail.urls"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES, _SHORTENERS)
    features = (
        Feature("count", "distinct URLs, 500 at most", high=_MOST),
        Feature("hosts", "distinct hosts", high=_MOST, nan=_NONE),
        Feature("domains", "distinct registrable domains", high=_MOST, nan=_NONE, source="Fette 2007"),
        Feature("from_domain", "share of URLs at the registrable domain of From", "share", 0, 1, nan="no URL or no sender's domain"),
        Feature("ip", "URLs whose host is an address", high=_MOST, nan=_NONE, source="Fette 2007"),
        Feature("port", "URLs with a port other than 80 and 443", high=_MOST, nan=_NONE, source="Fette 2007"),
        Feature("user", "URLs with a name before an @", high=_MOST, nan=_NONE, source="RFC 3986 7.6"),
        Feature("punycode", "hosts with a punycode label, or beyond ASCII", high=_MOST, nan=_NONE, source="RFC 3492"),
        Feature("shorteners", "URLs at a shortening service", high=_MOST, nan=_NONE),
        Feature("mismatch", "links that show one registrable domain and lead to another", high=_MOST, nan="no HTML", source="Fette 2007"),
        Feature("script", "links to a script or to inline data", high=_MOST, nan="no HTML"),
        Feature("longest", "characters of the longest URL", "characters", nan=_NONE, source="Ma 2009"),
        Feature("labels", "most labels in a host", high=254, nan=_NONE, source="Fette 2007"),
        Feature("host_digits", "share of digits in the hosts, addresses left out", "share", 0, 1, nan="no URL with a named host"),
        Feature("escapes", "share of URLs with %xx escapes of letters or digits", "share", 0, 1, nan=_NONE),
        Feature("entropy", "mean entropy of path and query", "bits", 0, 16, nan="no URL with a path", source="Ma 2009"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        texts = mail.urls[:_MOST]
        values: dict[str, float] = {"count": len(texts)}
        if mail.pages:
            values |= self._links(mail)
        urls = [url for text in texts if (url := parse(text)) is not None]
        if not urls:
            return values
        suffixes = self.lists[PUBLIC_SUFFIXES]
        shorteners = self.lists[_SHORTENERS].words
        domains = [registrable(suffixes, url.host) or url.host for url in urls]
        hosts = {url.host for url in urls}
        named = "".join(host for host in hosts if not is_ip(host))
        tails = [tail for url in urls if len(tail := url.path + url.query) > 1]
        values |= {
            "hosts": len(hosts),
            "domains": len(set(domains)),
            "ip": sum(is_ip(url.host) for url in urls),
            "port": sum(url.port not in (None, 80, 443) for url in urls),
            "user": sum(url.user for url in urls),
            "punycode": sum("xn--" in host or not host.isascii() for host in hosts),
            "shorteners": sum(listed(shorteners, url.host) for url in urls),
            "longest": max(map(len, texts)),
            "labels": max(host.count(".") + 1 for host in hosts),
            "escapes": sum(_ESCAPED.search(text) is not None for text in texts) / len(texts),
        }
        if named:
            values["host_digits"] = sum(map(str.isdecimal, named)) / len(named)
        if tails:
            values["entropy"] = sum(entropy(tail[:200]) for tail in tails[:50]) / len(tails[:50])
        if mail.sender is not None and mail.sender.domain:
            own = registrable(suffixes, mail.sender.domain) or mail.sender.domain
            values["from_domain"] = domains.count(own) / len(domains)
        return values

    def _links(self, mail: Message) -> dict[str, float]:
        suffixes = self.lists[PUBLIC_SUFFIXES]
        mismatch = script = 0
        for node in [node for page in mail.pages for node in page.tree.css("a[href]")[:_MOST]][:_MOST]:
            target = (node.attributes.get("href") or "").strip()[:2048]
            if target[:11].lower() == "javascript:" or target[:5].lower() == "data:":
                script += 1
                continue
            url = parse(target)
            shown = _SHOWN.fullmatch(node.text()[:2100].strip()) if url else None
            if url and shown:
                claimed = registrable(suffixes, shown[1])
                mismatch += bool(claimed) and claimed != registrable(suffixes, url.host)
        return {"mismatch": mismatch, "script": script}


_ESCAPED = re.compile(r"%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])")
