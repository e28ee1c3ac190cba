"""What the receiving side found out about the sender's right to use its domain."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES, Lists

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]{0,30})(?:/\d{1,3})?\s{0,8}=\s{0,8}([a-z]{1,20})", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.[di]|smtp\.(?:mail)?from|envelope-from)\s{0,4}=\s{0,4}[\"<]?(?:[^\s;@\"]{0,255}@)?([^\s;@>\"]{1,255})",
    re.IGNORECASE,
)
_SENT_BY = re.compile(
    r"\benvelope-from\s{0,4}=\s{0,4}[\"<]{0,2}[^\s;@\"]{0,255}@([^\s;@>\"]{1,255})", re.IGNORECASE
)
_DOMAIN_TAG = re.compile(r"(?:^|;)\s{0,20}d\s{0,20}=\s{0,20}([^\s;]{1,255})")
_NOT_REPORTED = "method not reported by the receiving side"
_MOST_FIELDS = 5

_Results = dict[str, list[tuple[str, str]]]
"""By method: the result and the domain that it is about."""


class Authentication(Extractor):
    """SPF, DKIM, DMARC and ARC results of the receiving side, and whether they speak for the domain of From.

    Only the topmost Authentication-Results fields of one name count, since servers write one for each method: what stands
    below another name may be the sender's own (RFC 8601 section 1.6), and of two results the upper one is believed. The
    receiving server must delete forged fields that carry its name (section 5); where it may not have written one at all,
    name it by ``trusted_host`` and other names are not believed.

    A pass says who sent, not that it is good: spammers sign. Alignment is relaxed (RFC 7489 section 3.1): registrable
    domains are equal. That a mail carries a signature at all tells when it was sent rather than what it is, so
    signatures are not counted.

    Parameters
    ----------
    trusted_host
        The authserv-id of the receiving side; ``''`` believes the topmost field whatever its name.
    """

    name = "mail.authentication"
    kind = "mail"
    version = 2
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("spf_pass", "SPF passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.3"),
        Feature("spf_fail", "SPF failed or failed softly", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.4"),
        Feature("spf_none", "SPF found no policy or stayed neutral", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.1"),
        Feature("spf_aligned", "the domain that passed SPF is that of From", "flag", 0, 1,
                nan="no SPF pass with its domain, or no sender's domain", source="RFC 7489 3.1.2"),
        Feature("dkim_pass", "a DKIM signature passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 6376 6.1"),
        Feature("dkim_fail", "no DKIM signature passed and one failed", "flag", 0, 1, nan=_NOT_REPORTED),
        Feature("dkim_aligned", "a domain that passed DKIM is that of From", "flag", 0, 1,
                nan="no DKIM pass with its domain, or no sender's domain", source="RFC 7489 3.1.1"),
        Feature("dmarc_pass", "DMARC passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7489 6.6"),
        Feature("dmarc_fail", "DMARC failed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7489 6.6"),
        Feature("arc_pass", "the chain of forwarders passed ARC", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 8617 5.2"),
        Feature("arc_fail", "the chain of forwarders is broken", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 8617 5.2"),
        Feature("claimed", "a signature that the mail carries claims the domain of From", "flag", 0, 1,
                nan="no signature, or no sender's domain", source="RFC 6376 3.5"),
    )  # fmt: skip

    def __init__(self, *, lists: Lists | None = None, trusted_host: str = "") -> None:
        super().__init__(lists=lists, trusted_host=trusted_host)
        self.trusted_host = trusted_host.strip().lower()

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        methods = self._results(mail)
        signatures = mail.all("dkim-signature")
        values: dict[str, float] = {}
        if not methods and not signatures:
            return values
        own = registrable(self.lists[PUBLIC_SUFFIXES], mail.sender.domain) if mail.sender is not None else ""
        if spf := methods.get("spf"):
            said = {result for result, _ in spf}
            values["spf_pass"] = "pass" in said
            values["spf_fail"] = not said.isdisjoint(("fail", "softfail", "hardfail"))
            values["spf_none"] = not said.isdisjoint(("none", "neutral"))
            self._align(values, "spf_aligned", spf, own)
        if dkim := methods.get("dkim"):
            said = {result for result, _ in dkim}
            values["dkim_pass"] = "pass" in said
            values["dkim_fail"] = "pass" not in said and not said.isdisjoint(("fail", "permerror", "policy"))
            self._align(values, "dkim_aligned", dkim, own)
        for method in ("dmarc", "arc"):
            if found := methods.get(method):
                said = {result for result, _ in found}
                values[f"{method}_pass"] = not said.isdisjoint(("pass", "bestguesspass"))
                values[f"{method}_fail"] = "fail" in said
        if signatures and own:
            tags = (_DOMAIN_TAG.search(value[:4096]) for value in signatures[:20])
            values["claimed"] = any(tag and self._is_own(tag[1], own) for tag in tags)
        return values

    def _is_own(self, host: str, own: str) -> bool:
        return registrable(self.lists[PUBLIC_SUFFIXES], host) == own

    def _align(self, values: dict[str, float], name: str, results: list[tuple[str, str]], own: str) -> None:
        passed = [domain for result, domain in results if result == "pass" and domain]
        if passed and own:
            values[name] = any(self._is_own(domain, own) for domain in passed)

    def _results(self, mail: Message) -> _Results:
        """Return the results of the topmost believed fields; empty when there is none."""
        found: _Results = {}
        first = ""
        for number, value in enumerate(mail.all("authentication-results")[:_MOST_FIELDS]):
            host, clauses = _read(value)
            if number and host != first:
                break
            first = host
            if self.trusted_host and host != self.trusted_host:
                break
            upper = frozenset(found)
            for method, result, domain in clauses:
                if method not in upper:
                    found.setdefault(method, []).append((result, domain))
        if "spf" not in found and not self.trusted_host:
            value = (mail.header("received-spf") or "")[:2048]
            words = value.split(None, 1)
            if words:
                sent_by = _SENT_BY.search(value)
                found["spf"] = [(words[0][:20].strip(";").lower(), sent_by[1].lower() if sent_by else "")]
        return found


def _read(value: str) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the authserv-id, ``''`` when none is written, and method, result and domain of each clause."""
    host, _, rest = _COMMENT.sub(" ", value[:8192]).partition(";")
    if "=" in host:
        host, rest = "", f"{host};{rest}"
    words = host.split()
    clauses = []
    for clause in rest.split(";")[:100]:
        match = _RESULT.match(clause)
        if match:
            domain = _DOMAIN.search(clause, match.end())
            clauses.append((match[1].lower(), match[2].lower(), domain[1].lower() if domain else ""))
    return (words[0].lower() if words else ""), clauses
