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
_DOMAIN_TAG = re.compile(r"(?:^|;)\s{0,20}d\s{0,20}=\s{0,20}([^\s;]{1,255})")
_NOT_REPORTED = "method not reported by the receiving side"


class Authentication(Extractor):
    """SPF, DKIM and DMARC results of the receiving side, and the signatures that the mail carries.

    Only the topmost Authentication-Results field counts: the ones below may be the sender's own (RFC 8601 section 1.6).
    The receiving server must delete forged fields that carry its name (section 5); where it may not have written one at
    all, name it by ``trusted_host`` and other names are not believed.

    Parameters
    ----------
    trusted_host
        The authserv-id of the receiving side; ``''`` believes the topmost field whatever its name.
    """

    name = "mail.authentication"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("reported", "an Authentication-Results field of the receiving side", "flag", 0, 1, source="RFC 8601"),
        Feature("spf_pass", "SPF passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.3"),
        Feature("spf_fail", "SPF failed or failed softly", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.4"),
        Feature("spf_none", "SPF found no policy or stayed neutral", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7208 2.6.1"),
        Feature("dkim_pass", "a DKIM signature passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 6376 6.1"),
        Feature("dkim_fail", "no DKIM signature passed and one failed", "flag", 0, 1, nan=_NOT_REPORTED),
        Feature("dmarc_pass", "DMARC passed", "flag", 0, 1, nan=_NOT_REPORTED, source="RFC 7489 6.6"),
        Feature("dmarc_fail", "DMARC failed", "flag", 0, 1, nan=_NOT_REPORTED),
        Feature("signatures", "DKIM-Signature fields, 20 at most", high=20, source="RFC 6376 3.5"),
        Feature("aligned", "a signature claims the registrable domain of From", "flag", 0, 1,
                nan="no signature, or no sender's domain", source="RFC 7489 3.1.1"),
    )  # fmt: skip

    def __init__(self, *, lists: Lists | None = None, trusted_host: str = "") -> None:
        super().__init__(lists=lists, trusted_host=trusted_host)
        self.trusted_host = trusted_host.strip().lower()

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        results = self._results(mail)
        values: dict[str, float] = {"reported": results is not None}
        methods = results or {}
        if "spf" not in methods and not self.trusted_host:
            words = (mail.header("received-spf") or "").split(None, 1)
            if words:
                methods["spf"] = {words[0][:20].strip(";").lower()}
        if spf := methods.get("spf"):
            values["spf_pass"] = "pass" in spf
            values["spf_fail"] = not spf.isdisjoint(("fail", "softfail", "hardfail"))
            values["spf_none"] = not spf.isdisjoint(("none", "neutral"))
        if dkim := methods.get("dkim"):
            values["dkim_pass"] = "pass" in dkim
            values["dkim_fail"] = "pass" not in dkim and not dkim.isdisjoint(("fail", "permerror", "policy"))
        if dmarc := methods.get("dmarc"):
            values["dmarc_pass"] = not dmarc.isdisjoint(("pass", "bestguesspass"))
            values["dmarc_fail"] = "fail" in dmarc
        signatures = mail.all("dkim-signature")[:20]
        values["signatures"] = len(signatures)
        if signatures and mail.sender is not None and mail.sender.domain:
            suffixes = self.lists[PUBLIC_SUFFIXES]
            own = registrable(suffixes, mail.sender.domain)
            claimed = (_DOMAIN_TAG.search(value[:4096]) for value in signatures)
            values["aligned"] = bool(own) and any(
                tag and registrable(suffixes, tag[1]) == own for tag in claimed
            )
        return values

    def _results(self, mail: Message) -> dict[str, set[str]] | None:
        """Return the results by method of the topmost believed field, ``None`` when there is none."""
        value = mail.header("authentication-results")
        if value is None:
            return None
        host, _, rest = _COMMENT.sub(" ", value[:8192]).partition(";")
        if (
            self.trusted_host
            and host.split()[:1] != [self.trusted_host]
            and host.strip().lower() != self.trusted_host
        ):
            return None
        found: dict[str, set[str]] = {}
        for clause in rest.split(";")[:100]:
            match = _RESULT.match(clause)
            if match:
                found.setdefault(match[1].lower(), set()).add(match[2].lower())
        return found
