"""The e-mail address given for recovery, and how it goes with the name."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.characters import DIGIT, Characters, Counts
from msa_ml.features.shared.domain import listed
from msa_ml.features.shared.each import each
from msa_ml.features.shared.fold import fold, likeness, small
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_FREE, _DISPOSABLE, _RELAY, _RESERVED = "free_mail", "disposable_mail", "relay_mail", "reserved_domains"
_FREE_MORE = "free_mail_more"
_NO_ADDRESS = "no address, or none with something before and after an @"
_HOST = re.compile(r"[^\x00-\x2c\x2f\x3a-\x60\x7b-\x7f]+")
_HOST_FIELDS = ("free", "free_more", "disposable", "relay", "takes_no_mail", "odd_domain", "labels", "domain_length", "domain_digits", "domain_hyphens", "international")  # fmt: skip
_DIGITS = "0123456789"


class Email(TableExtractor):
    """Provider, build and aliases of the recovery address, and its likeness to the user name.

    Of the address at most 256 code points are read, without spaces around them and in small letters. *Local* is what
    stands before the last ``@``, *domain* what follows, without one point at its end; what still ends with a point then
    is no domain. *base* is the local part up to the first ``+``; shares and the entropy of an empty base are missing. A
    domain is *odd* when a label is empty or holds an ASCII character other than a letter, digit or hyphen. It *takes no
    mail* when it is odd, has no point, is reserved by the list ``reserved_domains``, or ends neither with the label
    ``example`` nor with a public suffix: one by a rule that ``public_suffixes`` states (so not the rule ``*`` for names
    without any), for domains in the small letters of Unicode, and for labels in Unicode as for the same in punycode. A
    bot that needs no answer gives such ones. A *space or control character* is one of U+0000 to 20 and 7F. A domain is
    in a list when it or a domain above it is; the lists are ``free_mail`` for *free*, ``free_mail_more`` for *free_more*,
    ``disposable_mail`` and ``relay_mail``. Names (of the user name at most 256 code points) are folded before they
    are compared: in small letters, and of ASCII nothing but letters and digits.
    """

    name = "signup.email"
    kind = "signup"
    inputs = ("email", "user_name")
    reads = (PUBLIC_SUFFIXES, _FREE, _FREE_MORE, _DISPOSABLE, _RELAY, _RESERVED)
    features = (
        Feature("given", "an address is given", "flag", 0, 1, portable="yes"),
        Feature("malformed", "nothing before or after an @, a space or control character, or an odd domain", "flag", 0, 1,
                nan="no address is given", portable="yes", source="RFC 5321 4.1.2"),
        Feature("free", "it is at a free-mail provider", "flag", 0, 1, nan=_NO_ADDRESS, portable="yes"),
        Feature("free_more", "it is at one of the thousands of free-mail providers that few people know", "flag", 0, 1, nan=_NO_ADDRESS, portable="yes"),
        Feature("disposable", "it is at a provider of disposable mailboxes", "flag", 0, 1, monotone=1, nan=_NO_ADDRESS, portable="yes"),
        Feature("relay", "it is at a service that forwards from aliases", "flag", 0, 1, nan=_NO_ADDRESS, portable="yes"),
        Feature("takes_no_mail", "its domain cannot take mail", "flag", 0, 1, monotone=1, nan=_NO_ADDRESS, portable="yes", source="RFC 6761"),
        Feature("labels", "labels of the domain, at most 16", "count", 0, 16, nan=_NO_ADDRESS, portable="yes"),
        Feature("domain_length", "code points of the domain", "characters", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("domain_digits", "share of digits in the domain", "share", 0, 1, nan=_NO_ADDRESS, portable="yes"),
        Feature("domain_hyphens", "hyphens of the domain, at most 16", "count", 0, 16, nan=_NO_ADDRESS, portable="yes"),
        Feature("international", "a label is punycode or beyond ASCII", "flag", 0, 1, nan=_NO_ADDRESS, portable="yes", source="RFC 5891"),
        Feature("length", "code points of the local part", "characters", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("digits", "share of digits in the base", "share", 0, 1, nan=_NO_ADDRESS, portable="yes"),
        Feature("digit_tail", "digits at the end of the base", "characters", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("entropy", "entropy of the code points of the base", "bits", 0, 8, nan=_NO_ADDRESS, portable="yes"),
        Feature("dots", "points of the base", "count", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("single_parts", "parts of the base between points that are one code point long", "count", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("plus", "the local part has a +", "flag", 0, 1, nan=_NO_ADDRESS, portable="yes", source="RFC 5233"),
        Feature("tag_length", "code points after the first + of the local part", "characters", 0, 256, nan=_NO_ADDRESS, portable="yes"),
        Feature("tag_digits", "share of digits in them", "share", 0, 1, nan="no +, or nothing after it", portable="yes"),
        Feature("same_name", "base and user name are the same when folded", "flag", 0, 1, nan="either is empty when folded", portable="yes"),
        Feature("holds_name", "one of them holds the other, which has four code points or more", "flag", 0, 1, nan="either is empty when folded",
                portable="yes"),
        Feature("likeness", "pairs of neighbouring code points that they share, by all that either has, folded, each pair once", "share", 0, 1,
                nan="no address, or neither has two code points", portable="yes", source="Jaccard 1901"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        text = small(pl.col("email").fill_null("").str.slice(0, 256).str.strip_chars(" "))
        parts = batch.select(text=text, user=fold(pl.col("user_name").fill_null("").str.slice(0, 256)))
        parts = parts.with_columns(
            local=pl.col("text").str.extract(r"(?s)^(.+)@"),
            domain=pl.col("text").str.extract(r"(?s)^.+@([^@]*[^@.])\.?$"),
        ).with_columns(known=pl.col("local").is_not_null() & pl.col("domain").is_not_null())
        local = pl.when("known").then("local").otherwise(pl.lit(""))
        parts = parts.with_columns(local=local).with_columns(
            base=pl.col("local").str.extract(r"(?s)^([^+]*)"),
            tag=pl.col("local").str.extract(r"(?s)^[^+]*\+(.*)$"),
        )
        parts = parts.with_columns(folded=fold(pl.col("base")))
        host = each(parts["domain"], self._host, _HOST_FIELDS)
        base, tag = Characters.of(parts["base"]), Characters.of(parts["tag"])
        dot = base.among(".")
        known = parts["known"].to_numpy()
        given = (parts["text"].str.len_bytes() > 0).to_numpy()
        blank = parts["text"].str.contains(r"[\x00-\x20\x7f]").to_numpy()
        odd = host["odd_domain"].to_numpy() == 1
        values = {
            "length": parts["local"].str.len_chars().to_numpy(),
            "digits": base.share(base.between(DIGIT)),
            "digit_tail": base.tail(base.between(DIGIT)),
            "entropy": base.entropy(),
            "dots": base.count(dot),
            "single_parts": _single(base),
            "plus": parts["tag"].is_not_null().to_numpy(),
            "tag_length": tag.sizes,
            "tag_digits": tag.share(tag.between(DIGIT)),
            "likeness": likeness(parts["folded"], parts["user"]),
        }
        names = parts.select(
            same_name=_if_both(pl.col("folded") == pl.col("user")),
            holds_name=_if_both(_holds("folded", "user") | _holds("user", "folded")),
        )
        found = {key: np.where(known, number, np.nan) for key, number in values.items()}
        return pl.DataFrame(
            {"given": given, "malformed": np.where(given, ~known | blank | odd, np.nan), **found}
        ).hstack([*host.select(pl.exclude("odd_domain")), *names])

    def _host(self, host: str) -> tuple[float | None, ...]:
        """Return the values of one domain in the order of ``_HOST_FIELDS``; an empty one is unknown."""
        if not host:
            return (None,) * len(_HOST_FIELDS)
        labels = host.split(".")
        odd = not all(_HOST.fullmatch(label) for label in labels)
        suffix = "" if odd else self.lists[PUBLIC_SUFFIXES].suffixes.publicsuffix(host, accept_unknown=False)
        reserved = listed(self.lists[_RESERVED].words, host)
        return (
            listed(self.lists[_FREE].words, host),
            listed(self.lists[_FREE_MORE].words, host),
            listed(self.lists[_DISPOSABLE].words, host),
            listed(self.lists[_RELAY].words, host),
            odd or len(labels) < 2 or reserved or not (suffix or labels[-1] == "example"),
            odd,
            min(16, len(labels)),
            len(host),
            sum(one in _DIGITS for one in host) / len(host),
            min(16, host.count("-")),
            any(label.startswith("xn--") or not label.isascii() for label in labels),
        )


def _single(base: Characters) -> Counts:
    """Return the parts between points that are one code point long."""
    dot = base.among(".")
    starts = ~base.follows
    starts[1:] |= dot[:-1]
    ends = np.ones(len(dot), np.bool_)
    ends[:-1] = dot[1:] | ~base.follows[1:]
    return base.count(~dot & starts & ends)


def _holds(whole: str, part: str) -> pl.Expr:
    long = pl.col(part).str.len_chars() >= 4
    return long & pl.col(whole).str.contains(pl.col(part), literal=True)


def _if_both(found: pl.Expr) -> pl.Expr:
    """Return what was found where neither name is empty."""
    return pl.when((pl.col("folded") != "") & (pl.col("user") != "")).then(found)
