"""Marks of bulk software."""

import pytest

from msa_ml.features.mail.bulk import Bulk
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail("Subject: a"), {"automatic": 0, "answered": 0, "feedback": None, "complaints": 0, "script": 0, "library": None}),
    (mail("Auto-Submitted: auto-generated; type=x"), {"automatic": 1, "answered": 0}),
    (mail("Auto-Submitted: Auto-Replied"), {"automatic": 1, "answered": 1}),
    (mail("Auto-Submitted: no"), {"automatic": 0}),
    (mail("Feedback-ID: campaign7:customer:marketing:example"), {"feedback": 4}),
    (mail("Feedback-ID: :::example"), {"feedback": 1}),
    (mail("X-Report-Abuse: mailto:abuse@example.com"), {"complaints": 1}),
    (mail("X-PHP-Originating-Script: 33:form.php"), {"script": 1}),
    (mail("X-Mailer: PHPMailer 6.8 (https://example.org)"), {"library": 1}),
    (mail("User-Agent: Mozilla Thunderbird"), {"library": 0}),
    # Hostile ones.
    (mail("Feedback-ID: " + "a:" * 9000), {"feedback": 10}),
    (mail("Auto-Submitted:", "X-Mailer: " + "p" * 9000), {"automatic": 0, "library": 0}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_bulk(row: Row) -> None:
    assert_values(Bulk(), *row)


def test_what_is_ignored_changes_nothing() -> None:
    plain = Bulk().extract(mail("Subject: a"))
    assert plain == Bulk().extract(
        mail("Subject: a", "Precedence: bulk", "List-Unsubscribe: <https://a.example>")
    )
