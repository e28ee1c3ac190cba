"""Where the links lead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property

from msa_ml.features.compiled import compiled
from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.link import (
    PLACE_MARKS,
    PLACE_SIZES,
    URL_MARKS,
    Place,
    Url,
    guide,
    parse,
    shown_host,
)
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import MOST_ANCHORS, MOST_SHOWN
from msa_ml.features.shared.domain import registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

__all__ = ["Urls", "parse"]

_SHORTENERS, _HOSTING = "url_shorteners", "free_hosting"
_NONE = "no URL with a host"
_NO_LINK = "no link in HTML to a host"
_SHARES = ("tokens", "host_capitals", "opt_out", "escapes")
_MOST = 500
_LOOKED_AT = MOST_ANCHORS
_LONGEST = 2_048
_SCRIPT = re.compile(r"\s{0,9}(?:javascript|vbscript|data):", re.IGNORECASE)


class Urls(Extractor):
    """Number, hosts and forms of the URLs, and links that show one place and lead to another.

    Fette et al. 2007, "Learning to detect phishing emails" (addresses as hosts, links that differ from their text, number
    of domains and dots); Ma et al. 2009, "Beyond blacklists" (lengths and tokens); Garera et al. 2007, "A framework for
    detection and measurement of phishing attacks" (redirectors, names in front of an @). Hosts are read as browsers
    read them (WHATWG URL: backslashes, missing or surplus slashes, escapes and full-width letters in hosts, addresses as
    one decimal, octal or hexadecimal number). The first hundred URLs and links are looked at.
    """

    name = "mail.urls"
    kind = "mail"
    version = 2
    reads = (PUBLIC_SUFFIXES, _SHORTENERS, _HOSTING)
    features = (
        Feature("count", "distinct URLs, 500 at most", high=_MOST),
        Feature("domains", "distinct registrable domains", high=_LOOKED_AT, nan=_NONE, source="Fette 2007"),
        Feature("one_domain", "share of URLs at the most frequent registrable domain", "share", 0, 1, nan=_NONE, source="Fette 2007"),
        Feature("ip", "URLs whose host is an address", high=_LOOKED_AT, nan=_NONE, source="Fette 2007"),
        Feature("odd_ip", "URLs whose host is an address in another form than four decimal numbers", high=_LOOKED_AT, nan=_NONE, monotone=1, source="WHATWG URL 3.5"),
        Feature("port", "URLs with a port other than 80 and 443", high=_LOOKED_AT, nan=_NONE, source="Fette 2007"),
        Feature("user", "URLs with a name before an @", high=_LOOKED_AT, nan=_NONE, source="RFC 3986 7.6"),
        Feature("punycode", "URLs whose host has a punycode label, or letters beyond ASCII", high=_LOOKED_AT, nan=_NONE, source="RFC 3492"),
        Feature("lookalike", "URLs whose host mixes Latin with letters that look like it, or is of such letters alone", high=_LOOKED_AT, nan=_NONE, monotone=1, source="UTS 39 5.2"),
        Feature("shorteners", "URLs at a shortening service", high=_LOOKED_AT, nan=_NONE),
        Feature("free_hosting", "URLs at a host where anybody gets a site for nothing", high=_LOOKED_AT, nan=_NONE),
        Feature("redirects", "URLs that hold another URL", high=_LOOKED_AT, nan=_NONE, source="Garera 2007"),
        Feature("tokens", "share of URLs with an opaque token of 16 letters and digits or more", "share", 0, 1, nan=_NONE),
        Feature("addresses", "URLs with an e-mail address in path or query", high=_LOOKED_AT, nan=_NONE),
        Feature("programs", "URLs whose path ends like a file that runs or an archive", high=_LOOKED_AT, nan=_NONE),
        Feature("mismatch", "links that show one registrable domain and lead to another", high=_LOOKED_AT, nan="no HTML", source="Fette 2007"),
        Feature("script", "links to a script or to inline data", high=_LOOKED_AT, nan="no HTML"),
        Feature("bare", "share of links without text, as around an image", "share", 0, 1, nan=_NO_LINK),
        Feature("from_links", "share of links in HTML at the registrable domain of From", "share", 0, 1, nan=_NO_LINK + ", or no sender's domain"),
        Feature("link_repeats", "share of links in HTML to a registrable domain that an earlier one led to", "share", 0, 1, nan=_NO_LINK),
        Feature("opt_out", "share of URLs whose path or query speaks of being removed from a list", "share", 0, 1, nan=_NONE, source="RFC 8058"),
        Feature("depth", "most segments in a path", high=2048, nan=_NONE, source="Ma 2009"),
        Feature("parameters", "most parameters in a query", high=2048, nan=_NONE, source="Ma 2009"),
        Feature("labels", "most labels in a host", high=254, nan="no URL with a named host", source="Fette 2007"),
        Feature("host_digits", "share of digits in the hosts, addresses left out", "share", 0, 1, nan="no URL with a named host"),
        Feature("host_hyphens", "most hyphens in a host", high=253, nan="no URL with a named host", source="Ma 2009"),
        Feature("host_capitals", "share of URLs whose scheme or host is written with capitals", "share", 0, 1, nan=_NONE),
        Feature("escapes", "share of URLs with %xx escapes of letters or digits", "share", 0, 1, nan=_NONE),
        Feature("domain_length", "characters beyond ten of the longest registrable domain, without its public suffix", "characters", 0, 253, nan="no URL with a named host", source="Ma 2009"),
        Feature("domain_entropy", "bits beyond three of the highest entropy of such a domain", "bits", 0, 16, nan="no URL with a named host", source="Ma 2009"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        texts = mail.urls
        values: dict[str, float] = {"count": min(len(texts), _MOST)}
        if mail.pages:
            self._links(mail, values)
        # What has no host leads nowhere, or to a place in the mail.
        urls = [url for text in texts[:_LOOKED_AT] if (url := parse(text)) is not None]
        if not urls:
            return values
        number = len(urls)
        marks, domains, depth, most, sizes, length, digits = _summed(urls, self._place, _NO_MARKS)
        values |= marks
        for name in _SHARES:
            values[name] /= number
        values["domains"] = len(domains)
        values["depth"] = depth
        values["one_domain"] = max(domains.values()) / number
        values["parameters"] = most
        if sizes is not None:
            values.update(zip(PLACE_SIZES, sizes, strict=True))
            values["host_digits"] = 1 - (length - digits) / length
        return values

    @cached_property
    def _place(self) -> Callable[[str], Place]:
        return guide(self.lists[PUBLIC_SUFFIXES], self.lists[_SHORTENERS], self.lists[_HOSTING])

    def __getstate__(self) -> dict[str, object]:
        # What remembers places cannot travel; it is made again from the lists.
        return {key: value for key, value in vars(self).items() if key != "_place"}

    def _links(self, mail: Message, values: dict[str, float]) -> None:
        suffixes, place = self.lists[PUBLIC_SUFFIXES], self._place
        mismatch = script = bare = 0
        targets: list[str] = []
        left, left_text = _LOOKED_AT, MOST_SHOWN
        for page in mail.pages:
            for target, shown in page.seen.anchors[:left]:
                left -= 1
                url = parse(target[:_LONGEST])
                if url is None:
                    script += _SCRIPT.match(target) is not None
                    continue
                text = shown if left_text > 0 else ""
                left_text -= len(text)
                bare += not text
                domain = place(url.host).domain
                targets.append(domain)
                if (host := shown_host(text)) and (claimed := registrable(suffixes, host)):
                    mismatch += claimed != domain
        values["mismatch"] = mismatch
        values["script"] = script
        if number := len(targets):
            values["bare"] = bare / number
            values["link_repeats"] = 1 - len(set(targets)) / number
            if mail.sender is not None and mail.sender.domain:
                values["from_links"] = targets.count(place(mail.sender.domain).domain) / number


_NO_MARKS: Mapping[str, float] = dict.fromkeys((*URL_MARKS, *PLACE_MARKS), 0)


@compiled("place")
def _summed(
    urls: list[Url], place: Callable[[str], Place], values: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, int], int, int, list[float] | None, int, int]:
    """Sum up what URLs are.

    Returns
    -------
    tuple
        How many have each mark, counted on from ``values``; how many are at each domain; the most segments and the most
        parameters; and of the distinct named hosts the largest of each size (``None`` when there is none), their length
        and their digits.
    """
    found = dict(values)
    places = {url.host: place(url.host) for url in urls}
    for url in urls:
        for mark in (*url.marks, *places[url.host].marks):
            found[mark] += 1
    named = [(host, one) for host, one in places.items() if one.is_named]
    return (
        found,
        dict(Counter([places[url.host].domain for url in urls])),
        max([url.depth for url in urls]),
        max([url.query.count("&") + 1 if url.query else 0 for url in urls]),
        [*map(max, zip(*[one.sizes for _, one in named], strict=True))] if named else None,
        sum([len(host) for host, _ in named]),
        sum([one.digits for _, one in named]),
    )
