"""Marks of software that sends in bulk or by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message

_SCRIPT = frozenset(
    ("x-php-originating-script", "x-php-script", "x-php-filename", "x-script-url", "x-cgi-script")
)
_COMPLAINTS = frozenset(
    (
        "x-report-abuse",
        "x-report-abuse-to",
        "x-abuse",
        "x-complaints-to",
        "x-csa-complaints",
        "x-abuse-reports-to",
    )
)
_LIBRARY = re.compile(
    r"php|swift|nodemailer|python|perl|jakarta|javamail|mime::lite|libwww|aspemail|cdonts|chilkat|\bcurl\b|mailkit|sendblaster"
    r"|bulk|mass|\bgroup ?mail",
    re.IGNORECASE,
)


class Bulk(Extractor):
    """Automatic answers, feedback loops, complaint addresses, web scripts and mailing libraries.

    All of it is written by the sender and can be forged; services that send for many customers name themselves so that
    complaints find them, which those who do not care leave out. A mail by a web script is often a form of a web site that
    somebody else fills in. Which fields mailing lists write (List-Unsubscribe and the like) is not seen here, for the
    reasons of :mod:`~msa_ml.features.mail.ignored`; the optional ``mail.lists`` reads them.
    """

    name = "mail.bulk"
    kind = "mail"
    features = (
        Feature("automatic", "Auto-Submitted says that no person sent it", "flag", 0, 1, source="RFC 3834 5"),
        Feature("answered", "Auto-Submitted says that it answers a mail", "flag", 0, 1, source="RFC 3834 5"),
        Feature("feedback", "parts of Feedback-ID by which a service knows its customer, 10 at most", high=10,
                nan="no Feedback-ID", source="Gmail feedback loop, FBL identifiers"),
        Feature("complaints", "names an address for complaints", "flag", 0, 1, source="RFC 5965, CSA rules 5.6"),
        Feature("script", "names the web script that sent it", "flag", 0, 1, source="PHP mail.add_x_header"),
        Feature("library", "the program that wrote it is a library or names bulk", "flag", 0, 1,
                nan="no X-Mailer and no User-Agent"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        said = (mail.header("auto-submitted") or "")[:100].strip().lower()
        names = mail.by_name.keys()
        values: dict[str, float] = {
            "automatic": said != "" and not said.startswith("no"),
            "answered": said.startswith("auto-replied"),
            "complaints": not _COMPLAINTS.isdisjoint(names),
            "script": not _SCRIPT.isdisjoint(names),
        }
        feedback = mail.header("feedback-id")
        if feedback is not None:
            values["feedback"] = min(sum(bool(part.strip()) for part in feedback[:1000].split(":")), 10)
        program = mail.header("x-mailer") or mail.header("user-agent")
        if program is not None:
            values["library"] = _is_library(program[:200])
        return values


@lru_cache(maxsize=4096)
def _is_library(program: str) -> bool:
    return _LIBRARY.search(program) is not None
