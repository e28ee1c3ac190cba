"""Where the client says it came from."""

from __future__ import annotations

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.domain import is_ip, listed
from msa_ml.features.shared.each import each
from msa_ml.features.shared.fold import small
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import Lists

_SHORTENERS, _HOSTING = "url_shorteners", "free_hosting"
_NONE = "no referrer"
_NO_HOST = "no referrer, or none with a host"
_FIELDS = ("ip_host", "shortener", "free_hosting", "own")


class Referrer(TableExtractor):
    """Form of the referrer, and kind of its host.

    At most 512 code points are read, without spaces around them and in small letters. The scheme is what stands before
    the first ``://``, if there is none of ``:/?#`` in it; else there is neither scheme nor host. The host follows up to
    one of ``/?#``, without what stands before the last ``@`` in it and without a colon and digits at its end; its first
    256 code points count. *depth* counts slashes from there up to one of ``?#``, and is 0 without a scheme. A host is an
    *address* when it begins with ``[``, holds a colon, or is one to four numbers with points between them: one to 20
    digits, or ``0x`` and one to 16 hexadecimal digits. A host is in a list when it or a domain above it is.

    Parameters
    ----------
    own
        Domains of the service itself, separated by commas; empty: unknown.
    """

    name = "signup.referrer"
    kind = "signup"
    inputs = ("referrer",)
    reads = (_SHORTENERS, _HOSTING)
    features = (
        Feature("given", "there is one", "flag", 0, 1, portable="yes", source="RFC 9110 10.1.3"),
        Feature("length", "code points, at most 512", "characters", 0, 512, portable="yes"),
        Feature("web", "its scheme is http or https", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("secure", "its scheme is https", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("depth", "slashes after the host", "count", 0, 512, nan=_NONE, portable="yes"),
        Feature("query", "it has a ?", "flag", 0, 1, nan=_NONE, portable="yes"),
        Feature("ip_host", "its host is an address", "flag", 0, 1, nan=_NO_HOST, portable="yes"),
        Feature("shortener", "its host shortens URLs", "flag", 0, 1, nan=_NO_HOST, portable="yes"),
        Feature("free_hosting", "anybody gets pages at its host", "flag", 0, 1, nan=_NO_HOST, portable="yes"),
        Feature("own", "its host is one of the service itself", "flag", 0, 1, nan="no host, or the own domains are not told", portable="yes"),
    )  # fmt: skip

    def __init__(self, *, lists: Lists | None = None, own: str = "") -> None:
        super().__init__(lists=lists, own=own)
        self._own = frozenset(domain.strip().lower() for domain in own.split(",") if domain.strip())

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        text = pl.col("referrer").fill_null("").str.slice(0, 512).str.strip_chars(" ")
        url = batch.select(text=small(text)).with_columns(
            scheme=pl.col("text").str.extract(r"^([^:/?#]*)://"),
            rest=pl.col("text").str.extract(r"(?s)^[^:/?#]*://(.*)$"),
        )
        host = pl.col("rest").str.extract(r"^([^/?#]*)").str.extract(r"([^@]*)$").str.replace(r":[0-9]*$", "")
        given = pl.col("text").str.len_bytes() > 0
        path = pl.col("rest").fill_null("").str.extract(r"(?s)^[^/?#]*([^?#]*)")
        looks = {
            "web": pl.col("scheme").is_in(["http", "https"]).fill_null(False),  # noqa: FBT003 - polars' own
            "secure": (pl.col("scheme") == "https").fill_null(False),  # noqa: FBT003 - polars' own
            "depth": path.str.count_matches("/", literal=True),
            "query": pl.col("text").str.contains("?", literal=True),
        }
        found = url.select(
            given=given,
            length=pl.col("text").str.len_chars(),
            **{name: pl.when(given).then(look) for name, look in looks.items()},
        )
        return found.hstack(each(url.select(host=host)["host"], self._host, _FIELDS))

    def _host(self, host: str) -> tuple[float | None, ...]:
        """Return the values of one host in the order of ``_FIELDS``; an empty one is unknown."""
        if not host:
            return (None,) * len(_FIELDS)
        return (
            is_ip(host),
            listed(self.lists[_SHORTENERS].words, host),
            listed(self.lists[_HOSTING].words, host),
            listed(self._own, host) if self._own else None,
        )
