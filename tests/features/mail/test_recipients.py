"""To and Cc."""

import pytest

from msa_ml.features.mail.recipients import Recipients
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail("Subject: a"), {"missing": 1, "to": 0, "undisclosed": None, "domains": None, "to_self": None}),
    (mail("To: undisclosed-recipients:;"), {"missing": 0, "undisclosed": 1}),
    (mail("To: a@example.org"), {"undisclosed": 0, "domains": None, "alike": None}),
    (
        mail("From: ab@example.org", "To: Ab <ab@example.org>, ac@example.org", "Cc: ad@example.com, ae@example.net", "Subject: to ab"),
        {"to": 2, "cc": 2, "sorted": 1, "alike": 0, "domains": 0.75, "to_self": 1, "greeted": None},
    ),
    (mail("To: b@example.org, a@example.org, d@example.org, c@example.org"), {"sorted": 0}),
    (mail("To: joanna@example.org, joe@example.org, john@example.com"), {"alike": 1, "domains": 2 / 3, "sorted": None}),
    # A list that writes itself into From says in Sender who posted.
    (mail("From: l@example.org", "To: l@example.org", "Sender: l-bounces@example.org"), {"to_self": 0}),
    (mail("From: L@EXAMPLE.org", "To: l@example.org"), {"to_self": 1}),
    (mail("To: johndoe@example.org", "Subject: Johndoe, look"), {"greeted": 1, "sorted": None, "to_self": None}),
    (mail("To: johndoe@example.org", "Subject: [johndoe] look"), {"greeted": 0}),
    (mail("To: johndoe@example.org", "Subject: look"), {"greeted": 0}),
    (mail("To: johndoe@example.org"), {"greeted": None}),
    (mail("To: " + "a@b.example," * 5000), {"to": 200}),
    (mail("To: aaaa@b.example", "Subject: " + "[" * 5000 + "aaaa"), {"greeted": 0}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_recipients(row: Row) -> None:
    assert_values(Recipients(), *row)
