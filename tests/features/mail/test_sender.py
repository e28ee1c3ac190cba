"""From and what it poses as; Reply-To and Return-Path."""

import pytest

from msa_ml.features.mail.sender import Sender
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail("Subject: a"), {"missing": 1, "free": None, "display": None, "reply_elsewhere": None, "path_empty": None, "disposable": None}),
    (mail("From: nobody"), {"missing": 1, "free": None, "many": 0}),
    (mail("From: a@yahoo.co.uk, b@example.org"), {"free": 1, "many": 1, "display": 0, "display_brand": None}),
    (mail("From: Jo <jo7@mail.example.org>"), {"missing": 0, "local_digits": 1 / 3, "local_number": 0, "display": 1, "free": 0}),
    (mail("From: jo1962@example2.org"), {"local_number": 1, "domain_digits": 1 / 12}),
    # What the display name shows.
    (mail('From: "jo@example.org" <jo@example.org>'), {"display_address": 1, "display_differs": 0}),
    (mail('From: "Help <help@example.com>" <x@example.net>'), {"display_address": 1, "display_differs": 1}),
    (mail('From: "www.example.com service" <x@example.net>'), {"display_address": 0, "display_differs": 1}),
    (mail('From: "Example.Net" <x@mail.example.net>'), {"display_differs": 0}),
    (mail('From: "Dr. J. Doe Jr." <x@example.net>'), {"display_differs": None}),
    (mail('From: "PayPal" <x@example.net>'), {"display_brand": 1}),
    (mail('From: "P\u0430ypal Support" <x@example.net>'), {"display_brand": 1, "display_mixed": 1}),
    (mail('From: "PayPaI" <x@example.net>'), {"display_brand": 1}),
    (mail('From: "Bank of America" <x@example.net>'), {"display_brand": 1}),
    (mail("From: PayPal <service@paypal.co.uk>"), {"display_brand": 0}),
    (mail("From: PayPal <service@paypal.xyz>"), {"display_brand": 1}),
    (mail("From: Pineapple <x@example.net>"), {"display_brand": 0}),
    (mail('From: "\u041e\u043b\u044c\u0433\u0430 Weber" <x@example.net>'), {"display_mixed": 0, "display_non_ascii": 5 / 11}),
    (mail('From: "WIN 500$" <x@example.net>'), {"display_upper": 1, "display_marks": 1}),
    (mail("From: Jo Doe <x@example.net>"), {"display_upper": 0, "display_marks": 0, "display_non_ascii": 0, "display_mixed": 0}),
    # What the domain looks like.
    (mail("From: a@paypa1.com"), {"domain_brand": 1, "domain_lookalike": 1, "domain_mixed": 0}),
    (mail("From: a@paypal.com.account.example.net"), {"domain_brand": 1, "domain_lookalike": 0}),
    (mail("From: a@gmai1.com"), {"domain_lookalike": 1}),
    (mail("From: a@mail.paypal.com"), {"domain_brand": 0, "domain_lookalike": 0}),
    (mail("From: a@xn--pypal-4ve.com"), {"domain_brand": 1, "domain_lookalike": 1, "domain_mixed": 1}),
    (mail("From: a@xn--80ak6aa92e.com"), {"domain_brand": 1, "domain_lookalike": 1, "domain_mixed": 0}),
    (mail("From: a@xn--mnchen-3ya.example"), {"domain_lookalike": 0, "domain_mixed": 0}),
    (mail("From: a@example.org"), {"domain_brand": 0, "domain_lookalike": 0, "domain_mixed": 0}),
    # Providers.
    (mail("From: a@mailinator.com"), {"disposable": 1, "free": 0}),
    (mail("From: a@example.org", "Reply-To: b@x.mailinator.com"), {"disposable": 1}),
    (mail("From: a@example.org"), {"disposable": 0}),
    # Where answers go.
    (mail("From: a@example.org", "Reply-To: x@mail.example.org"), {"reply_elsewhere": 0, "reply_free": 0}),
    (mail("From: a@example.org", "Reply-To: x@gmail.com"), {"reply_elsewhere": 1, "reply_free": 1}),
    (mail("From: a@example.org", "To: list@example.com", "Reply-To: list@lists.example.com"), {"reply_elsewhere": 0}),
    (mail("From: a@gmail.com", "Reply-To: x@gmail.com"), {"reply_elsewhere": 0, "reply_free": 0}),
    (mail("From: a@example.org", "Reply-To: nobody"), {"reply_elsewhere": None}),
    (mail("From: a@example.org", "Return-Path: <>"), {"path_empty": 1}),
    (mail("From: a@example.org", "Return-Path: <b@example.org>"), {"path_empty": 0}),
    # Hostile ones.
    (mail("From: @" + "a." * 500), {"local_digits": None, "domain_brand": 0}),
    (mail("From: a@xn--\u00ff.xn--99999999999.xn--" + "9" * 90), {"domain_mixed": 0}),
    (mail('From: "' + "paypal." * 900 + '" <a@b.example>'), {"display_brand": 1}),
    (mail("From: a@" + "1.2.3." * 900), {"free": 0}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_sender(row: Row) -> None:
    assert_values(Sender(), *row)
