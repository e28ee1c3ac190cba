"""Date against the clocks of the servers, and its form."""

import pytest

from msa_ml.features.mail.date import Date
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

NOW = "Thu, 22 Aug 2002 12:00:00 +0000"
HOP = f"Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org; {NOW}"
INSIDE = f"Received: from localhost (localhost [127.0.0.1]) by home.example; {NOW}"

TABLE: list[Row] = [
    (mail(HOP), {"missing": 1, "unreadable": None, "late": None, "malformed": None}),
    (mail(HOP, "Date: Thu, 22 Aug 2002 13:30:00 +0200"), {"missing": 0, "late": 0, "ahead": 0, "odd_zone": 0, "wrong_day": 0, "malformed": 0}),
    (mail(HOP, "Date: Wed, 21 Aug 2002 12:00:00 +0000"), {"late": 18 * 3600, "ahead": 0}),
    (mail(HOP, "Date: Thu, 22 Aug 2002 12:20:00 +0000"), {"late": 0, "ahead": 600}),
    (mail(HOP, "Date: Mon, 22 Aug 2005 12:00 +0007"), {"late": 0, "ahead": 366 * 86400, "odd_zone": 1, "wrong_day": 0, "malformed": 0}),
    (mail("Date: Tue, 22 Aug 2002 12:00:00"), {"late": None, "no_zone": 1, "odd_zone": None, "wrong_day": 1, "malformed": 1}),
    (mail("Date: 31 Feb 2002 12:00:00 +0000"), {"unreadable": 1, "no_zone": None, "malformed": 0}),
    (mail("Date: tomorrow"), {"unreadable": 1, "malformed": 1, "no_zone": None}),
    (mail("Date: Thu, 22 Aug 2002 12:00:00 GMT"), {"malformed": 1, "no_zone": 0, "unreadable": 0}),
    (mail("Date: Thu, 22 Aug 2002 12:00:00 +0000 (UTC)"), {"malformed": 0}),
    # The arrival is at the outside hop, not where a mailbox is polled.
    (mail(INSIDE.replace("12:00", "22:00"), HOP, f"Date: {NOW}"), {"late": 0}),
    (mail(INSIDE.replace("12:00", "22:00"), f"Date: {NOW}"), {"late": 4 * 3600}),
    # A zone that no server on the way writes.
    # Hostile ones.
    (mail(HOP, "Date: " + "1 " * 9000), {"unreadable": 1, "malformed": 1}),
    (mail(HOP, "Date: Fri, 31 Dec 9999 23:59:60 +9999"), {"ahead": 366 * 86400, "odd_zone": 1}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_date(row: Row) -> None:
    assert_values(Date(), *row)
