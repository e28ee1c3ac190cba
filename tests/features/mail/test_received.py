"""The received chain: names at the outside hop, times below it."""

import pytest

from msa_ml.features.mail.received import Received
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

NOW = "Thu, 22 Aug 2002 12:00:00 +0000"
INSIDE = f"Received: from localhost (localhost [127.0.0.1]) by home.example; {NOW}"
GOOD = f"Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org; {NOW}"
ACCESS = f"Received: from friend (dsl-12.example.net [198.51.100.3]) by mx.example.org; {NOW}"


def hop(helo: str, client: str, when: str = NOW) -> str:
    return f"Received: from {helo} ({client}) by mx.example.org; {when}"


TABLE: list[Row] = [
    (mail("Subject: a"), {"missing": 1, "alone": None, "helo_differs": None, "slow": None, "no_reverse": None}),
    (mail(INSIDE), {"missing": 0, "alone": None, "slow": None}),
    # The receiving side's own hops above the outside hop are left out.
    (mail(INSIDE, GOOD, INSIDE), {"alone": 0, "helo_differs": 0, "helo_short": 0, "access_line": 0, "slow": 0}),
    (mail(GOOD), {"alone": 1, "no_reverse": 0, "direct": 0, "slow": None}),
    # Names of the client.
    (mail(ACCESS), {"helo_differs": 1, "helo_short": 1, "helo_ip": 0, "access_line": 1, "direct": 1, "no_reverse": 0}),
    (mail(ACCESS, GOOD), {"access_line": 1, "direct": 0, "alone": 0}),
    (mail(hop("a.example", "host-198-51-100-33.example.net [198.51.100.33]")), {"access_line": 1}),
    (mail(hop("www.example.com", "out.example.com [192.0.2.1]")), {"helo_differs": 0}),
    (mail(hop("mail.example.com", "mail.example.net [192.0.2.1]")), {"helo_differs": 1}),
    (mail(hop("mail.example.com", "unknown [192.0.2.1]")), {"no_reverse": 1, "helo_differs": None, "access_line": None, "direct": None}),
    (mail(f"Received: from unknown (HELO mx.example.com) (192.0.2.9) by a; {NOW}"), {"no_reverse": 1, "helo_short": 0, "helo_differs": None}),
    (mail(f"Received: from mx.example.com ([192.0.2.9]) by a; {NOW}"), {"no_reverse": None, "helo_provider": None}),
    # HELO that is an address, and whose.
    (mail("Received: from [192.0.2.9] by mx.example.org; never"), {"helo_ip": 1, "helo_other_ip": 0, "access_line": None}),
    (mail(hop("192.0.2.7", "a.example.com [192.0.2.9]")), {"helo_ip": 1, "helo_other_ip": 1, "helo_short": 0, "helo_recipient": 0}),
    (mail(hop("[192.0.2.9]", "a.example.com [192.0.2.9]")), {"helo_ip": 1, "helo_other_ip": 0}),
    # HELO that claims somebody else's name.
    (mail(hop("mx.example.org", "dsl-1.example.net [192.0.2.9]"), "To: a@example.org"), {"helo_recipient": 1}),
    (mail(hop("mx.example.org", "unknown [192.0.2.9]"), "To: a@example.org"), {"helo_recipient": 1}),
    (mail(hop("mx.example.org", "out.example.org [192.0.2.9]"), "To: a@example.org"), {"helo_recipient": 0}),
    (mail(hop("mx.example.com", "out.example.net [192.0.2.9]"), "To: a@example.org"), {"helo_recipient": 0}),
    (mail(hop("yahoo.com", "dsl-1.example.net [192.0.2.9]")), {"helo_provider": 1}),
    (mail(hop("mta1.yahoo.com", "unknown [192.0.2.9]")), {"helo_provider": 1}),
    (mail(hop("mta1.yahoo.com", "out7.yahoo.com [192.0.2.9]")), {"helo_provider": 0}),
    (mail(hop("mail.example.com", "dsl-1.example.net [192.0.2.9]")), {"helo_provider": 0}),
    # Times: below an hour nothing counts.
    (
        mail(GOOD, "Received: from a by b; never", "Received: by c; Thu, 22 Aug 2002 15:00:00 +0000"),
        {"backwards": 2 * 3600, "slow": 0, "alone": 0},
    ),
    (mail(GOOD, "Received: by c; Thu, 22 Aug 2002 11:10:00 +0000"), {"backwards": 0, "slow": 0}),
    # Hostile ones.
    (mail(GOOD.replace(NOW, "Fri, 31 Dec 9999 00:00:00 +0000"), "Received: by x; Sat, 01 Jan 0001 00:00:00 +0000"), {"slow": 366 * 86400}),
    (mail(GOOD, *["Received: from"] * 99), {"slow": None, "alone": 0}),
    (mail("Received: from " + "a." * 900 + f" ([192.0.2.9]) by x; {NOW}"), {"helo_recipient": 0, "helo_ip": 0}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_received(row: Row) -> None:
    assert_values(Received(), *row)
