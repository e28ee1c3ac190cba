"""What each family measures, as a table: a mail, some features, their values; ``None`` is unknown."""

import math

import numpy as np
import pytest

from msa_ml.features.extractor import Extractor, FeatureSet
from msa_ml.features.mail.authentication import Authentication
from msa_ml.features.mail.body import Body
from msa_ml.features.mail.date import Date
from msa_ml.features.mail.html import Html
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.received import Received
from msa_ml.features.mail.recipients import Recipients
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.structure import Structure
from msa_ml.features.mail.subject import Subject
from tests.features.mail.make import html, mail, multipart

NOW = "Thu, 22 Aug 2002 12:00:00 +0000"
INSIDE = f"Received: from localhost (localhost [127.0.0.1]) by home.example; {NOW}"
GOOD_HOP = f"Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org; {NOW}"
BAD_HOP = f"Received: from friend (dsl-12.example.net [198.51.100.3]) by mx.example.org; {NOW}"


TABLE: list[tuple[Extractor, Message, dict[str, float | None]]] = [
    (Received(), mail("Subject: a"), {"hops": None, "missing": 1, "helo_differs": None, "seconds": None, "no_reverse": None}),
    (Received(), mail(INSIDE, GOOD_HOP, INSIDE), {"hops": 2, "public": 1, "private": 1, "helo_differs": 0, "helo_short": 0, "access_line": 0, "seconds": 0}),
    (Received(), mail(BAD_HOP), {"helo_differs": 1, "helo_short": 1, "helo_ip": 0, "access_line": 1, "no_reverse": 0, "longest": None}),
    (Received(), mail("Received: from [192.0.2.9] by mx.example.org; never"), {"helo_ip": 1, "no_reverse": 1, "undated": 1, "access_line": None}),
    (Received(), mail(f"Received: from unknown (HELO mx.example.com) (192.0.2.9) by a; {NOW}"), {"no_reverse": 1, "helo_short": 0, "helo_differs": None}),
    (Received(), mail(f"Received: from a.example.com ([192.0.2.9] helo=b.example.net) by x; {NOW}"), {"helo_differs": 1}),
    (
        Received(),
        mail(GOOD_HOP, "Received: from a by b; Thu, 22 Aug 2002 13:00:00 +0000", "Received: by c; Thu, 22 Aug 2002 11:00:00 +0000"),
        {"backwards": 3600, "longest": 7200, "seconds": 3600},
    ),
    (Received(), mail(*[GOOD_HOP.replace(NOW, "Fri, 31 Dec 9999 00:00:00 +0000"), "Received: by x; Sat, 01 Jan 0001 00:00:00 +0000"]), {"seconds": 366 * 86400}),
    (Received(), mail(GOOD_HOP, *["Received: from"] * 99), {"hops": 50, "undated": 49, "public": 1}),
    (Received(), mail(INSIDE), {"missing": 0, "hops": None, "private": None, "seconds": None}),
    (Authentication(), mail("Subject: a"), {"reported": 0, "spf_pass": None, "dkim_pass": None, "signatures": 0, "aligned": None}),
    (
        Authentication(),
        mail("Authentication-Results: mx.example.org; spf=pass (x; y) smtp.mailfrom=a; dkim=fail; dkim=pass; dmarc=fail"),
        {"reported": 1, "spf_pass": 1, "spf_fail": 0, "dkim_pass": 1, "dkim_fail": 0, "dmarc_pass": 0, "dmarc_fail": 1},
    ),
    (Authentication(), mail("Authentication-Results: a; spf=softfail", "Authentication-Results: b; spf=pass; dkim=pass"), {"spf_fail": 1, "spf_pass": 0, "dkim_pass": None}),
    (Authentication(trusted_host="mx.example.org"), mail("Authentication-Results: evil.example; spf=pass"), {"reported": 0, "spf_pass": None}),
    (Authentication(trusted_host="MX.example.org"), mail("Authentication-Results: mx.example.org 1; spf=neutral"), {"reported": 1, "spf_none": 1}),
    (Authentication(trusted_host="mx.example.org"), mail("Received-SPF: pass"), {"spf_pass": None}),
    (Authentication(), mail("Received-SPF: Pass (x)"), {"reported": 0, "spf_pass": 1}),
    (Authentication(), mail("From: a@mail.example.org", "DKIM-Signature: v=1; d=example.org; s=x"), {"signatures": 1, "aligned": 1}),
    (Authentication(), mail("From: a@example.org", "DKIM-Signature: v=1; d=example.com; bd=example.org"), {"aligned": 0}),
    (Authentication(), mail("Authentication-Results: ;;;=;spf;(", "DKIM-Signature: " + "; " * 999), {"reported": 1, "spf_pass": None}),
    (Sender(), mail("Subject: a"), {"missing": 1, "free": None, "display_length": None, "id_missing": 1, "reply_differs": None}),
    (
        Sender(),
        mail("From: Jo <jo7@mail.example.org>", "Reply-To: x@example.org", "Return-Path: <y@b.example.org>", "Message-ID: <1@c.example.org>"),
        {"missing": 0, "local_digits": 1 / 3, "reply_differs": 0, "path_differs": 0, "id_differs": 0, "id_malformed": 0, "id_short": 0, "display_length": 2},
    ),
    (
        Sender(),
        mail('From: "Bank <help@bank.example.com>" <x@evil.example>', "Reply-To: x@gmail.com", "Return-Path: <>"),
        {"display_address": 1, "display_differs": 1, "reply_differs": 1, "reply_free": 1, "path_empty": 1, "path_differs": None},
    ),
    (Sender(), mail('From: "jo@example.org" <jo@example.org>'), {"display_address": 1, "display_differs": 0}),
    (Sender(), mail("From: a@yahoo.co.uk, b@example.org"), {"free": 1, "many": 1}),
    (Sender(), mail("From: a@example.org", "Message-ID: 123"), {"id_missing": 0, "id_malformed": 1, "id_short": None, "id_differs": None}),
    (Sender(), mail("From: a@example.org", "Message-ID: <1@localhost>"), {"id_malformed": 0, "id_short": 1, "id_differs": None}),
    (Sender(), mail("From: nobody"), {"missing": 1, "free": None, "many": 0}),
    (Sender(), mail("From: @" + "a." * 500), {"local_length": 0, "local_digits": None}),
    (Subject(), mail("From: a@b"), {"missing": 1, "length": None, "reply": None}),
    (Subject(), mail("Subject: FREE MONEY!!! $$$      x91"), {"missing": 0, "marks": 3, "money": 3, "gap": 1, "reply": 0, "encoded": 0}),
    (Subject(), mail("Subject: Re[2]: hello"), {"reply": 1, "forward": 0, "upper": 1 / 7, "digits": 1 / 12}),
    (Subject(), mail("Subject: =?utf-8?q?=C3=A9=C3=A9?="), {"encoded": 1, "raw_8bit": 0, "length": 2, "non_ascii": 1}),
    (Subject(), mail("Subject: é"), {"encoded": 0, "raw_8bit": 1}),
    (Subject(), mail("Subject: 日本"), {"upper": None, "length": 2}),
    (Subject(), mail("Subject:"), {"missing": 0, "length": 0, "digits": None}),
    (Recipients(), mail("Subject: a"), {"missing": 1, "to": 0, "undisclosed": None, "display": None}),
    (Recipients(), mail("To: undisclosed-recipients:;"), {"missing": 0, "undisclosed": 1}),
    (
        Recipients(),
        mail("From: ab@example.org", "To: Ab <ab@example.org>, ac@example.org", "Cc: ad@example.com, ae@example.net", "Subject: to ab"),
        {"to": 2, "cc": 2, "sorted": 1, "alike": 0, "domains": 0.75, "to_self": 1, "display": 0.25, "display_is_local": 1, "greeted": None},
    ),
    (Recipients(), mail("To: johndoe@example.org", "Subject: Johndoe, look"), {"greeted": 1, "sorted": None, "to_self": None}),
    (Recipients(), mail("To: " + "a@b.example," * 5000), {"to": 200}),
    (Date(), mail(GOOD_HOP), {"missing": 1, "unreadable": None, "age": None}),
    (Date(), mail(GOOD_HOP, "Date: Thu, 22 Aug 2002 13:30:00 +0200"), {"missing": 0, "age": 1800, "ahead": 0, "hour": 13.5, "odd_zone": 0, "wrong_day": 0, "malformed": 0}),
    (Date(), mail(GOOD_HOP, "Date: Mon, 22 Aug 2005 12:00 +0007"), {"age": -366 * 86400, "ahead": 1, "odd_zone": 1, "wrong_day": 0, "malformed": 0}),
    (Date(), mail("Date: Tue, 22 Aug 2002 12:00:00"), {"age": None, "no_zone": 1, "odd_zone": None, "wrong_day": 1, "malformed": 1}),
    (Date(), mail("Date: 31 Feb 2002 12:00:00 +0000"), {"unreadable": 1, "hour": None, "malformed": 0}),
    (Date(), mail("Date: tomorrow"), {"unreadable": 1, "malformed": 1, "no_zone": None}),
    (Date(), mail(INSIDE.replace("12:00", "15:00"), GOOD_HOP, "Date: Thu, 22 Aug 2002 12:00:00 +0000"), {"age": 0}),
    (Structure(), mail("Subject: a", body="b"), {"parts": 1, "depth": 0, "html_only": 0, "no_text": 0, "boundary_length": None, "mailer": 0, "damaged": 0}),
    (Structure(), html("<p>x"), {"html_only": 1, "undeclared": 1}),
    (
        Structure(),
        multipart("\na", "Content-Type: text/html\n\nb", kind="alternative", boundary="ab12"),
        {"parts": 3, "depth": 1, "alternative": 1, "mixed": 0, "html_only": 0, "boundary_length": 4, "boundary_digits": 0.5, "boundary_entropy": 2, "undeclared": 0},
    ),
    (Structure(), mail("Content-Transfer-Encoding: base64", "subject: a", "Subject: b", body="aGVsbG8="), {"base64_text": 1, "twice": 1, "odd_names": 1}),
    (Structure(), mail(body=b"caf\xe9", kind="text/plain; charset=us-ascii"), {"false_charset": 1, "unknown_charset": 0}),
    (Structure(), mail(body=b"caf\xe9", kind="text/plain; charset=iso-8859-1"), {"false_charset": 0}),
    (Structure(), mail(body=b"caf\xe9", kind="text/plain; charset=klingon"), {"unknown_charset": 1}),
    (Structure(), mail(body="x", kind="multipart/mixed"), {"damaged": 1}),
    (Structure(), mail("X-Mailer: x", "X-Spam-Flag: NO"), {"mailer": 1, "fields": 1, "damaged": 0}),
    (Body(), mail(), {"length": 0, "words": None, "upper": None, "compressed": None}),
    (Body(), mail(body="AB cd 12!!"), {"length": 10, "words": 3, "longest_word": 4, "upper": 0.5, "digits": 0.2, "punctuation": 0.2, "repeated": 0.1, "spaced": 0, "quoted": 0}),
    (Body(), mail(body="F R E E p\u0430ypal in\u200bvisible"), {"unseen": 1, "spaced": 4 / 19, "mixed": 2 / 19}),
    (Body(), mail(body="> a\n> b\n\nc\nd"), {"lines": 4, "quoted": 0.5}),
    (Body(), mail(body="\n\t \n"), {"length": 0, "words": None}),
    (Body(), mail(body="日本"), {"upper": None, "non_ascii": 1, "mixed": 0}),
    (Html(), mail(body="plain"), {"present": 0, "hidden": None, "images": None}),
    (Html(), html("<p>Hello</p>"), {"present": 1, "hidden": 0, "hidden_text": 0, "camouflage": 0, "length": 12, "text_share": 5 / 12}),
    (Html(), html("<div style='Display : NONE'>abcd</div>efgh"), {"hidden": 1, "hidden_text": 4 / 9}),
    (Html(), html("<body bgcolor=white><font color='#fff' size=-5>ink</font>"), {"camouflage": 1, "tiny": 1}),
    (Html(), html("<table bgcolor=red><tr><td><font color=white>sale</font></table>"), {"camouflage": 0, "tables": 1}),
    (Html(), html("<p style='color:#abc;background-color:#aabbcc'>ink<p style='font-size:1px'>dot<p style='font-size:12px'>ok"), {"camouflage": 1, "tiny": 1}),
    (Html(), html("<form><input type=password></form><script>x</script><iframe></iframe><meta http-equiv=Refresh>"), {"forms": 1, "passwords": 1, "scripts": 1, "frames": 1, "refresh": 1}),
    (Html(), html("<img src=http://a.example/x.gif width=1 height=1><img src=cid:1>"), {"images": 2, "outside_images": 1, "pixels": 1, "hidden_text": None}),
    (Html(), html("vi<!-- x -->agra &#118;&#x69;"), {"split_words": 1, "entities": 2 / 29}),
    (Html(), html("<" * 1000), {"present": 1, "forms": 0}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("extractor", "found", "expected"),
    TABLE,
    ids=[f"{number}-{extractor.name}" for number, (extractor, _, _) in enumerate(TABLE)],
)
def test_values(extractor: Extractor, found: Message, expected: dict[str, float | None]) -> None:
    row = dict(zip(extractor.columns, FeatureSet([extractor]).vector(found), strict=True))
    seen = {name: row[f"{extractor.name}.{name}"] for name in expected}
    wanted = {name: np.float32(math.nan if value is None else value) for name, value in expected.items()}
    assert {name: f"{value:.6g}" for name, value in seen.items()} == {
        name: f"{value:.6g}" for name, value in wanted.items()
    }


def test_the_filter_before_us_changes_nothing() -> None:
    features = FeatureSet({row[0].name: row[0] for row in TABLE}.values())
    plain = mail(GOOD_HOP, "From: a@example.org", "Subject: x", body="text http://example.org/")
    judged = mail(
        "X-Spam-Flag: YES",
        "X-Spam-Status: Yes, score=99",
        "Status: RO",
        *plain_fields(plain),
        body="text http://example.org/",
    )
    np.testing.assert_array_equal(features.vector(plain), features.vector(judged))


def plain_fields(found: Message) -> list[str]:
    return [field.decode() for field in found.block.fields]


def test_the_year_changes_nothing() -> None:
    def dated(year: str) -> Message:
        return mail(
            GOOD_HOP.replace("2002", year).replace("Thu, ", ""),
            f"Date: 22 Aug {year} 11:00:00 +0000",
            "From: a@example.org",
        )

    features = FeatureSet({row[0].name: row[0] for row in TABLE}.values())
    np.testing.assert_array_equal(features.vector(dated("2002")), features.vector(dated("2025")))
