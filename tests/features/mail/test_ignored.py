"""Which header fields are seen."""

import time

import pytest

from msa_ml.features.mail.content import Head
from msa_ml.features.mail.ignored import IGNORED, is_ignored
from msa_ml.features.mail.raw import Raw
from msa_ml.features.word_lists import packaged
from tests.features.mail.make import mail


@pytest.mark.parametrize(
    "name",
    [
        "x-spam-status", "x-spam", "x-spamd-bar", "x-bogosity", "x-dspam-result", "x-rspamd-score", "x-mozilla-status",
        "x-gmail-labels", "x-gm-spam", "x-microsoft-antispam", "x-forefront-antispam-report", "x-ms-exchange-organization-scl",
        "x-barracuda-spam-score", "x-ironport-av", "x-proofpoint-spam-details", "x-virus-scanned", "x-junk-score",
        "x-spambayes-classification", "x-crm114-status", "x-keywords", "status", "x-status", "x-uid", "x-redhat-spam-score",
        "x-ucsc-cats-mailscanner", "x-ucsc-cats-mailscanner-spamcheck", "x-mimecast-spam-score", "list-id", "precedence",
        "x-beenthere", "x-mailman-version", "in-reply-to", "references", "delivered-to", "x-original-to", "thread-index",
    ],
)  # fmt: skip
def test_ignored(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize(
    "name",
    [
        "subject", "from", "to", "received", "return-path", "reply-to", "x-mailer", "user-agent", "date", "message-id",
        "authentication-results", "dkim-signature", "content-type", "mime-version", "x-priority", "statusx", "spam", "",
    ],
)  # fmt: skip
def test_seen(name: str) -> None:
    assert not is_ignored(name)


def test_every_pattern_can_match() -> None:
    assert len(packaged(IGNORED).words) > 200
    for pattern in packaged(IGNORED).words:
        assert pattern == pattern.lower()
        assert is_ignored(pattern.replace("*", "word")), pattern


@pytest.mark.parametrize("name", ["x-" * 30_000, "x-spam" * 10_000, "-spam-" * 10_000])
def test_a_long_name_takes_no_long_time(name: str) -> None:
    began = time.process_time()
    is_ignored(name)
    assert time.process_time() - began < 1


def test_no_view_holds_an_ignored_field() -> None:
    found = mail(
        "X-Spam-Status: verdict", "Subject: seen", "List-Id: verdict", "X-KEYWORDS: verdict", body="text"
    )
    for view in (Raw(), Head()):
        assert b"verdict" not in view.content(found)
        assert b"list-id" not in view.content(found).lower()
        assert b"seen" in view.content(found)
