"""Fields of mailing lists, which the default task does not read."""

import pytest

from msa_ml.features.mail.lists import Lists
from msa_ml.tasks.spam import SPAM
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

FROM = "From: News <news@example.org>"
HTTPS = "List-Unsubscribe: <mailto:leave@mail.example.org?subject=x>, <https://www.example.org/leave?u=1>"
POST = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"

TABLE: list[Row] = [
    (mail(FROM), {"unsubscribe": 0, "one_click": None, "false_one_click": None, "list_id": 0, "list_id_differs": None, "bulk": 0, "sender_differs": None}),
    (mail(FROM, HTTPS, POST), {"unsubscribe": 1, "one_click": 1, "false_one_click": 0, "unsubscribe_differs": 0}),
    (mail(FROM, HTTPS), {"one_click": 0, "false_one_click": None}),
    (mail(FROM, "List-Unsubscribe: <http://example.com/x>", POST), {"one_click": 0, "false_one_click": 1, "unsubscribe_differs": 1}),
    (mail(FROM, "List-Unsubscribe: nonsense"), {"unsubscribe": 1, "one_click": 0, "unsubscribe_differs": None}),
    (mail(FROM, 'List-Id: "Our news" <news.example.org>'), {"list_id": 1, "list_id_malformed": 0, "list_id_differs": 0}),
    (mail(FROM, "LIST-ID: news"), {"list_id": 1, "list_id_malformed": 1, "list_id_differs": None}),
    (mail(FROM, "List-Id: <news.example.com>", "List-Post: NO"), {"list_id_differs": 1, "post": 0}),
    (mail(FROM, "List-Post: <mailto:l@example.org>", "Precedence: Bulk"), {"post": 1, "bulk": 1}),
    (mail(FROM, "Precedence: first-class"), {"bulk": 0}),
    (mail(FROM, "Sender: x@lists.example.com", "Return-Path: <y@example.com>"), {"sender_differs": 1, "path_differs": 1}),
    (mail(FROM, "Sender: x@lists.example.org", "Return-Path: <>"), {"sender_differs": 0, "path_differs": None}),
    # Hostile ones: only the header block is read, and the first field of a name counts.
    (mail(FROM, body="List-Id: <a.example.org>"), {"list_id": 0}),
    (mail(FROM, "List-Id: <a.example.org>", "List-Id: <b.example.com>"), {"list_id_differs": 0}),
    (mail(FROM, "List-Unsubscribe: " + "<mailto:" * 20_000), {"unsubscribe": 1, "unsubscribe_differs": None}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_lists(row: Row) -> None:
    assert_values(Lists(), *row)


def test_it_is_not_in_the_default_task() -> None:
    assert "mail.lists" not in {extractor.name for extractor in SPAM.features().extractors}
