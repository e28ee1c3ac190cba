"""The one list of header fields that no extractor and no view ever sees.

Two reasons to ignore a field. It tells the *verdict* of a filter or of the mailbox's owner, so a model that reads it
copies somebody else's answer (and has none on the day that filter is gone). Or it tells the *way* a message came, a
mailing list or a mailbox, so a model learns from which collection a row was taken and not what the sender intended.

Fields of the second sort carry honest evidence in a real mail flow (an answer to one's own mail is rarely spam), but
anybody can forge them and public collections are separated by them, so the first set of features does without.

A pattern is a lower-case name in which ``*`` stands for any characters: at the end, inside, or both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Group:
    """Header fields that are ignored for one reason."""

    reason: str
    patterns: tuple[str, ...]


GROUPS: tuple[Group, ...] = (
    Group(
        "verdict of a content filter",
        (
            *(
                "x-spam",
                "x-spam-*",
                "x-spamd-*",
                "x-spamprobe",
                "x-spambayes-*",
                "x-spamcop-*",
                "x-spamcatcher-*",
            ),
            *(
                "x-spampal*",
                "x-spamexperts-*",
                "x-spamtest-*",
                "x-spamhero-*",
                "x-*-spam-score",
                "x-*-spam-flag",
            ),
            *("x-*-spam-status", "x-*-spam-level", "x-*-spam-report", "x-*-spam-signature", "x-*-spamscore"),
            *(
                "x-*-spamcheck",
                "x-*-spamcheck-*",
                "x-*-spam",
                "x-*-bulk",
                "x-bogosity",
                "x-dspam-*",
                "x-crm114*",
            ),
            *(
                "x-rspamd*",
                "x-bayes*",
                "x-pyzor*",
                "x-razor*",
                "x-dcc-*",
                "x-ham-report",
                "x-junk*",
                "x-suspected*",
            ),
            *(
                "x-policyd-weight",
                "x-asg-*",
                "x-assp-*",
                "x-amavis-*",
                "x-quarantine*",
                "x-cloudmark*",
                "x-cmae-*",
            ),
            *(
                "x-vade-*",
                "x-vr-*",
                "x-oxid-*",
                "x-sieve*",
                "x-tmase-*",
                "x-tm-*",
                "x-tdt-*",
                "x-brightmail-*",
            ),
            *("x-ironport*", "ironport-*", "x-proofpoint*", "x-barracuda*", "x-mimecast-*", "x-fireeye*"),
            *(
                "x-cisco-*",
                "x-sophos*",
                "x-trendmicro*",
                "x-fortinet*",
                "x-feas-*",
                "x-hornet*",
                "x-retarus*",
            ),
            *("x-mailcontrol-*", "x-messagelabs-*", "x-msg-ref", "x-starscan-*", "x-perlmx*", "x-pmx-*"),
            *(
                "x-spf-scan*",
                "x-rbl-*",
                "x-dnsbl-*",
                "x-bwhitelist",
                "x-whitelist*",
                "x-blacklist*",
                "x-greylist*",
            ),
            *("x-bess-*", "x-eopattributedmessage", "x-ui-filterresults", "x-ui-sender-class", "x-ymail-osg"),
            *("x-yahoofilteredbulk", "x-aol-*", "x-hmxmroriginalrecipient", "x-message-flag", "x-me-*cause"),
            *(
                "x-scanned-by",
                "x-mailscanner*",
                "x-*-mailscanner*",
                "x-habeas-swe-*",
                "x-antivirus*",
                "x-virus-*",
            ),
            *(
                "x-av-*",
                "x-kaspersky-*",
                "x-klms-*",
                "x-drweb-*",
                "x-clamav-*",
                "x-authority-*",
                "x-cnfs-analysis",
            ),
        ),
    ),
    Group(
        "verdict of a Microsoft filter",
        (
            *("x-microsoft-antispam*", "x-forefront-*", "x-ms-exchange-*scl", "x-ms-exchange-*antispam*"),
            *(
                "x-ms-exchange-organization-*",
                "x-ms-office365-filtering*",
                "x-ms-antispam*",
                "x-exchange-antispam*",
            ),
            *(
                "x-sid-*",
                "x-auth-result",
                "x-message-delivery",
                "x-message-info",
                "x-message-status",
                "x-bypass*",
            ),
        ),
    ),
    Group(
        "kept by a mailbox: read, sorted or tagged by its owner or program",
        (
            *("status", "x-status", "x-uid", "x-uidl", "x-keywords", "x-label*", "x-folder", "x-mozilla-*"),
            *("x-gmail-*", "x-gm-*", "x-evolution*", "x-imap*", "x-pop3*", "x-priority-inbox", "x-kmail-*"),
            *(
                "x-account-key",
                "x-offlineimap*",
                "x-thunderbird*",
                "x-apple-*",
                "x-rmail-*",
                "x-vm-*",
                "x-gnus-*",
            ),
            *("x-sylpheed-*", "x-claws-*", "x-mailfolder*", "x-tuid", "content-length", "lines", "xref"),
        ),
    ),
    Group(
        "mailing list: separates collections, not intents",
        (
            *(
                "list-*",
                "x-list-*",
                "precedence",
                "x-precedence*",
                "x-beenthere",
                "x-been-there",
                "x-mailman-*",
            ),
            *("mailing-list", "x-mailing-list", "x-ml-*", "x-mlserver", "x-loop", "errors-to", "x-loop-*"),
            *("x-original-to", "x-content-filtered-by", "x-egroups-*", "x-google-group*", "x-no-archive"),
            *(
                "x-original-sender",
                "x-original-from",
                "x-spam-checked-in-group",
                "mail-followup-to",
                "x-ecartis-*",
            ),
            *(
                "x-listprocessor-*",
                "x-listserv*",
                "x-majordomo*",
                "x-sympa-*",
                "x-archive*",
                "x-authentication-warning",
            ),
            *("x-original-date", "x-topics", "x-reply-to", "x-unsubscription-info", "archived-at"),
        ),
    ),
    Group(
        "part of a thread: forged at will, absent from many collections",
        ("in-reply-to", "references", "thread-*"),
    ),
    Group(
        "delivery to one mailbox: names the receiving side",
        (
            *("delivered-to", "x-delivered-to", "envelope-to", "x-envelope-*", "x-rcpt-*", "x-apparently-to"),
            *("delivery-date", "x-delivery-*", "x-mdaemon-*", "x-mdrcpt-to", "x-mdremoteip", "x-received"),
            *("x-resolved-to", "x-deliveredinternally", "x-fetchmail-*", "old-*", "x-old-*", "x-forwarded-*"),
            *(
                "x-google-smtp-source",
                "x-mc-unique",
                "x-pair-*",
                "x-source*",
                "x-antiabuse",
                "x-local-domain",
            ),
            *("x-exim-id", "x-email-count", "x-mime-autoconverted", "x-return-path", "x-hops", "x-real-to"),
        ),
    ),
)


def _compiled() -> tuple[frozenset[str], tuple[str, ...], tuple[tuple[str, str], ...]]:
    exact, prefixes, both = set(), [], []
    for pattern in (pattern for group in GROUPS for pattern in group.patterns):
        before, star, after = pattern.partition("*")
        if not star:
            exact.add(before)
        elif not after:
            prefixes.append(before)
        else:
            both.append((before, after))
    return frozenset(exact), tuple(prefixes), tuple(both)


_EXACT, _PREFIXES, _BOTH = _compiled()


def _matches(name: str, before: str, after: str) -> bool:
    if not name.startswith(before):
        return False
    if after.endswith("*"):
        return after[:-1] in name[len(before) :]
    return name.endswith(after) and len(name) >= len(before) + len(after)


@lru_cache(maxsize=8192)
def is_ignored(name: str) -> bool:
    """Whether a header field is invisible to every extractor and view.

    Parameters
    ----------
    name
        Lower-case name without the colon.

    Examples
    --------
    >>> [is_ignored(name) for name in ("subject", "x-spam-status", "x-ms-exchange-organization-scl", "list-id")]
    [False, True, True, True]
    """
    return (
        name in _EXACT
        or name.startswith(_PREFIXES)
        or any(_matches(name, before, after) for before, after in _BOTH)
    )
