"""Invented mails for the golden cases: ordinary ones, spam, and what an attacker may send.

Names, domains and addresses are reserved for examples (RFC 2606, RFC 5737); no text was ever received by anyone.
"""

from __future__ import annotations

import base64


def golden_mail() -> dict[str, bytes]:
    """Return raw messages by name.

    Examples
    --------
    >>> sorted(golden_mail())[:2]
    ['backscatter', 'bad_base64']
    """
    return {**_ordinary(), **_abusive(), **_hostile()}


def _mail(headers: str, body: str | bytes) -> bytes:
    text = body.encode() if isinstance(body, str) else body
    return headers.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n" + text.replace(b"\n", b"\r\n")


def _hop(by: str, helo: str, ip: str, when: str) -> str:
    return f"Received: from {helo} ({helo} [{ip}]) by {by} with ESMTPS id 7F3A2; {when}\n"


def _ordinary() -> dict[str, bytes]:
    when = "Tue, 10 Mar 2026 09:15:02 +0100"
    return {
        "personal": _mail(
            _hop("mx.example.net", "mail.example.org", "192.0.2.10", when)
            + "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org; dkim=pass header.d=example.org; "
            "dmarc=pass header.from=example.org\n"
            "From: Anna Weber <anna@example.org>\nTo: ben@example.net\nSubject: Lunch on Thursday?\n"
            f"Date: {when}\nMessage-ID: <a1b2c3@example.org>\nMIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8",
            "Hi Ben,\n\nshall we meet on Thursday at noon, at the usual place by the river?\n\nAnna\n",
        ),
        "newsletter": _mail(
            _hop("mx.example.net", "out3.news.example.com", "198.51.100.7", when)
            + "From: Garden Letter <letter@news.example.com>\nTo: ben@example.net\n"
            "Subject: =?utf-8?q?What_to_sow_in_M=C3=A4rz?=\n"
            f"Date: {when}\nMessage-ID: <20260310.77@news.example.com>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/alternative; boundary="b1"',
            "--b1\nContent-Type: text/plain; charset=utf-8\n\nPeas, spinach and radishes. https://news.example.com/m/77\n"
            "--b1\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
            '<html><body><h1>Sow now</h1><p>Peas, spinach and radishes.</p><img src=3D"https://news.example.com/t.gif" '
            'width=3D"1" height=3D"1"><a href=3D"https://news.example.com/m/77">Read on</a></body></html>\n--b1--\n',
        ),
        "bounce": _mail(
            _hop("mx.example.net", "mx.example.com", "203.0.113.4", when)
            + "Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mx.example.com>\nTo: ben@example.net\n"
            f"Subject: Undelivered Mail Returned to Sender\nDate: {when}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="r"',
            "--r\nContent-Type: text/plain\n\nYour message could not be delivered.\n"
            "--r\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n"
            "--r\nContent-Type: message/rfc822\n\nSubject: hello\nFrom: ben@example.net\n\nhello\n--r--\n",
        ),
        "invoice_with_attachment": _mail(
            _hop("mx.example.net", "shop.example.com", "198.51.100.90", when)
            + "From: Shop <billing@shop.example.com>\nReply-To: help@shop.example.com\nTo: ben@example.net\n"
            f"Subject: Your invoice 4711\nDate: {when}\nMessage-ID: <4711@shop.example.com>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="m"',
            "--m\nContent-Type: text/plain; charset=us-ascii\n\nThank you for your order. The invoice is attached.\n"
            '--m\nContent-Type: application/pdf; name="invoice.pdf"\nContent-Transfer-Encoding: base64\n'
            'Content-Disposition: attachment; filename="invoice.pdf"\n\n'
            + base64.b64encode(b"%PDF-1.4 invented " + bytes(range(64))).decode()
            + "\n--m--\n",
        ),
        "invitation": _mail(
            _hop("mx.example.net", "mail.example.org", "192.0.2.10", when)
            + "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=anna@example.org; dkim=pass header.d=example.org; "
            "dmarc=pass; arc=pass (i=1)\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=m; h=from; bh=x; b=y\n"
            "Feedback-ID: 77:example:calendar:example\nAuto-Submitted: auto-generated\nX-Mailer: Microsoft Outlook 16.0\n"
            "From: Anna Weber <anna@example.org>\nReply-To: anna@mail.example.org\nTo: carla@example.net, ben@example.net\n"
            "Cc: dora@example.com, emil@example.com\nSubject: Carla, lunch on Thursday\n"
            f"Date: {when}\nMessage-ID: <0001d9a1$4f3e2d10$0100007f$@example.org>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/alternative; boundary="c"',
            "--c\nContent-Type: text/plain; charset=utf-8\n\nLunch by the river.\n"
            "--c\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
            "ORGANIZER;CN=Anna:mailto:anna@example.org\nSUMMARY:Lunch\nEND:VEVENT\nEND:VCALENDAR\n--c--\n",
        ),
        "latin1": _mail(
            "From: =?iso-8859-1?q?J=FCrgen?= <juergen@example.org>\nTo: ben@example.net\nSubject: Gr\u00fc\u00dfe\n"
            f"Date: {when}\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit",
            "Sch\u00f6ne Gr\u00fc\u00dfe aus M\u00fcnchen.\n".encode("latin-1"),
        ),
        "cyrillic": _mail(
            "From: olga@example.org\nTo: ben@example.net\nSubject: =?utf-8?b?0J/RgNC40LLQtdGC?=\n"
            f"Date: {when}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64",
            base64.b64encode(
                "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?\n".encode()
            )
            + b"\n",
        ),
    }


def _abusive() -> dict[str, bytes]:
    when = "Tue, 10 Mar 2026 03:41:44 +0000"
    return {
        "pills": _mail(
            _hop("mx.example.net", "user-203-0-113-77.dyn.example.com", "203.0.113.77", when)
            + "From: Best Meds <x83k2@example.com>\nReply-To: sales@other.example.org\nTo: undisclosed-recipients:;\n"
            "Subject: CHEAP M.E.D.S 80% OFF!!! no prescription\nX-Mailer: The Bat! (v2.00)\n"
            f"Date: {when}\nMessage-ID: <000d01c2$5f@example.com>\nContent-Type: text/html; charset=windows-1251",
            '<html><body bgcolor="#ffffff"><font color="#ffffff">river lamp quiet seven</font>'
            '<h1>V1agra C1al1s</h1><a href="http://203.0.113.9:8080/buy?id=ben@example.net">CLICK HERE NOW</a>'
            '<img src="http://203.0.113.9/o.gif" width=1 height=1></body></html>\n',
        ),
        "phishing": _mail(
            _hop("mx.example.net", "srv1.host.example.org", "198.51.100.33", when)
            + "Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=bank.example; dmarc=fail\n"
            'From: "service@bank.example" <notice@host.example.org>\nTo: ben@example.net\n'
            f"Subject: Your account is suspended\nDate: {when}\nMessage-ID: <9@localhost>\n"
            "Content-Type: text/html; charset=utf-8",
            '<p>Dear customer, verify your password within 24 hours.</p><form action="http://xn--bnk-ioa.example/login">'
            '<input type="password"></form><a href="http://bit.ly/3xYz">https://bank.example/login</a>\n',
        ),
        "hidden_in_html": _mail(
            f"From: win@example.com\nTo: ben@example.net\nSubject: Fwd: M.e.d.s now,  v1agra      qzxvbk $\nDate: {when}\n"
            'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_d"\nContent-Transfer-Encoding: x-none',
            "--=_d\nContent-Type: text/html; charset=utf-8\n\n"
            "<p>Dear customer, V1agra f.r.e.e: &#98;uy for $ 50, 80% less!! Vi<!-- x -->agra, 2 million dollars</p>"
            "<table><tr><td style='font-size:1px'>river lamp</td></tr></table><b style='color:#fefefe'>quiet</b>"
            "<i style='display:none'>seven</i><qz>x</qz><iframe></iframe><img src='data:image/gif;base64,R0lG'>"
            "<meta http-equiv=refresh content=0><u><p>To be removed, reply. qzxvbkj k81x07</p>\n"
            "--=_d\nContent-Type: text/plain; charset=koi8-r\n\n> Minutes of the meeting about the garden by the river.\n--=_d--\n",
        ),
        "dressed_letters": _mail(
            f"From: win@example.com\nTo: ben@example.net\nSubject: Re: =?utf-8?q?hello?=\nDate: {when}\n"
            "Content-Type: text/plain; charset=utf-8",
            "\U0001d405\U0001d42b\U0001d41e\U0001d41e \u65e5\u672c \u05e9\u05dc \u03b1\u03b2 pay\u00adment!! BUY NOW\n> old\n",
        ),
        "disguised": _mail(
            "Return-Path: <bounce@example.com>\n"
            + _hop("mx.example.net", "mx.example.net", "203.0.113.80", when).replace(
                "(mx.example.net [", "(host-203-0-113-80.dyn.example.com ["
            )
            + _hop("relay.example.com", "[10.0.0.9]", "10.0.0.9", "Mon, 9 Mar 2026 20:00:00 +0900")
            + 'From: "P\u0430yPal 24" <postmaster@paypa1.example>\nReply-To: help@mailinator.com\nTo: ben@example.net\n'
            "X-PHP-Originating-Script: 33:form.php\nX-Report-Abuse: abuse@example.com\n"
            "Subject: ben, answer now\nDate: Wed, 11 Mar 2026 03:41:44 -0700\nMessage-ID: <77@mx.example.net>\n"
            "Content-Type: text/plain; charset=utf-8",
            "Your account is on hold. http://paypa1.example/unlock\n",
        ),
        "forged": _mail(
            "Return-Path: <x@example.com>\n"
            "Received: from yahoo.com (unknown [198.51.100.9]) by mx.example.net with SMTP; Tue, 10 Mar 2026 03:41:44 +0000\n"
            "Received: from 192.0.2.200 by yahoo.com; Tue, 10 Mar 2026 09:00:00 +0007\n"
            "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.com; dkim=fail header.d=example.com; arc=fail\n"
            "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; h=from; bh=x; b=y\n"
            'From: "WINNER 500$" <lucky1962@yah\u043eo.example>, b@example.org\nReply-To: claim@gmail.com\n'
            "To: anna@example.net, anno@example.net, anja@example.com, anke@example.com\nSubject: anna\n"
            "Date: Mon, 10 Mar 2026 23:00 +0007\nMessage-ID: <000d01c2$5f3a1b20$0a01a8c0@[192.0.2.9]>\n"
            "X-Mailer: Bulk Mailer 5\nAuto-Submitted: auto-replied\nContent-Type: text/calendar",
            "BEGIN:VCALENDAR\nORGANIZER:mailto:win@example.com\nEND:VCALENDAR\n",
        ),
        "letter": _mail(
            "From: Barrister John <barrister.john1962@example.com>\nReply-To: john.claims@example.org\n"
            f"To: ben@example.net\nSubject: URGENT BUSINESS PROPOSAL\nDate: {when}",
            "DEAR FRIEND,\n\nI WRITE CONCERNING THE SUM OF TWENTY FIVE MILLION DOLLARS LEFT BY MY LATE CLIENT.\n"
            "KINDLY SEND YOUR BANK DETAILS.\n",
        ),
        "hidden_letters": _mail(
            f"From: win@example.com\nTo: ben@example.net\nSubject: y\u200bo\u200bu w\u043en\nDate: {when}\n"
            "Content-Type: text/plain; charset=utf-8",
            "C o n g r a t u l a t i o n s, y\u200bou h\u0430ve w\u043en a pr\u0456ze. cl\u200baim: http://xn--e1awd7f.example/\n",
        ),
        "executable": _mail(
            f"From: scan@example.com\nTo: ben@example.net\nSubject: document\nDate: {when}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="e"',
            '--e\nContent-Type: application/pdf; name="scan.pdf.exe"\nContent-Transfer-Encoding: base64\n'
            'Content-Disposition: attachment; filename="scan.pdf.exe"\n\n'
            + base64.b64encode(b"MZ" + bytes(100)).decode()
            + "\n--e--\n",
        ),
        "careless": _mail(
            "Received: from friend (unknown [203.0.113.90]) by mx.example.net with SMTP; some day in spring\n"
            "Authentication-Results: mx.example.net; spf=neutral smtp.mailfrom=example.com; dkim=pass header.d=other.example\n"
            'From: "win@example.com" <win@mail.example.com>\nTo: carla@example.net, dora@example.net, emil@example.net\n'
            "Cc: win@mail.example.com, zoe@example.net\nFeedback-ID: 77:example\nX-Mailer: Microsoft Outlook Express 6.0\nMessage-ID: <77@example.com>\n"
            "Subject: a gift\nSubject: for you\nDate: 31 Feb 2026\nContent-Type: text/html; charset=utf-8",
            '<a href="http://gifts.blogspot.com/1">one</a> <a href="http://gifts.blogspot.com/2">two</a>\n',
        ),
        "backscatter": _mail(
            "Received: from 192.0.2.66 (mx.example.com [203.0.113.4]) by mx.example.net with SMTP; Tue, 10 Mar 2026 12:00:00 +0000\n"
            "From: anna <anna.example@gmail.com>\nTo: ben@example.net\nSubject: failure\nDate: Mon, 9 Mar 2026 03:41:44\n"
            'Message-ID: 77.example\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary="r"',
            '--r\nContent-Type: multipart/related; boundary="s"\n\n--s\nContent-Type: image/png\n\n\n--s--\n'
            "--r\nContent-Type: message/delivery-status\n\nAction: failed\n"
            "--r\nContent-Type: application/zip; name=mail.zip\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"PK\x03\x04\x14\x00\x00\x00" + bytes(18) + b"\x05\x00\x00\x00a.txt").decode()
            + "\n--r--\n",
        ),
        "odd_links": _mail(
            "From: Club <news@example.org>\nTo: ben@example.net\nSubject: your bonus\n"
            f"Date: {when}\nContent-Type: text/html; charset=utf-8",
            '<a href="http://0300.0.2.1:81/login.exe"><img src="http://i.example.com/1.png"></a>'
            '<a href="http://bank.example@xn--80ak6aa92e.example/%61?m=ben@example.net&t=3f2a9c81d0b7e6f4">www.bank.example</a>'
            '<a href="HTTP://go.example.com/r?u=http%3A%2F%2Fjo.blogspot.com">here</a> <a href="javascript:x()">now</a>'
            '<a href="http://news.example.org/unsubscribe/77">leave</a>\n',
        ),
        "odd_files": _mail(
            f"From: pay@example.com\nTo: ben@example.net\nSubject: invoice\nDate: {when}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="f"',
            "--f\nContent-Type: application/zip; name=invoice.pdf\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"PK\x03\x04\x14\x00\x01\x00" + bytes(18) + b"\x05\x00\x00\x00a.exe").decode()
            + "\n--f\nContent-Type: application/msword; name=letter.doc\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(
                bytes.fromhex("d0cf11e0a1b11ae1") + "_VBA_PROJECT".encode("utf-16-le")
            ).decode()
            + '\n--f\nContent-Type: text/html; name="=?utf-8?q?scan=E2=80=AEfdp.html?="\n\n<script>x()</script>\n--f--\n',
        ),
    }


def _hostile() -> dict[str, bytes]:
    nested = b"".join(
        f'Content-Type: multipart/mixed; boundary="n{depth}"\r\n\r\n--n{depth}\r\n'.encode()
        for depth in range(60)
    )
    return {
        "empty": b"",
        "no_header": b"just some words without any header\n",
        "only_header": b"Subject: nothing follows",
        "cut_short": b'Subject: cut\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="z"\r\n\r\n--z\r\nConte',
        "bad_base64": b"Subject: b\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!AAAA=A=A\r\n",
        "boundary_never_occurs": b'Subject: x\r\nContent-Type: multipart/mixed; boundary="q"\r\n\r\nhello there\r\n',
        "unknown_charset": b"Subject: =?no-such?q?x=FF?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\r\n",
        "null_bytes": b"Subject: a\x00b\r\n\r\nc\x00d\xff\xff\x00\r\n",
        "deeply_nested": b"Subject: deep\r\n" + nested + b"Content-Type: text/plain\r\n\r\nbottom\r\n",
        "many_received": b"Received: by a; x\r\n" * 300 + b"Subject: loop\r\n\r\nx\r\n",
        "long_line": b"Subject: long\r\n\r\n" + b"A" * 20_000 + b"\r\n",
    }
