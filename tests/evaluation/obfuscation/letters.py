"""Invented mails of every form that the suite must read."""

import base64
import quopri

PLAIN = b"""From: Shop <shop@example.org>
To: jo@example.org
Subject: Cheap watches for you
Date: Mon, 7 Oct 2024 09:00:00 +0000
Message-ID: <1@example.org>

Dear customer,

Order your new watch today at http://watches.example/buy?id=7 and save money.
Write to sales@watches.example or visit www.watches.example soon.
"""

HTML = b"""Subject: =?utf-8?q?Caf=C3=A9_prices?=
MIME-Version: 1.0
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: 8bit

<html><head><title>offer</title><style>p {color: red}</style></head>
<body bgcolor="#ffffff"><p title="a > b">Caf\xe9 and cake &amp; tea</p>
<a href="http://cakes.example/now?a=1&amp;b=2">Order here</a> <!-- nothing --> please
<img src="http://cakes.example/logo.gif"></body></html>
"""

BOTH = b"""Subject: Hello friend
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="out er"

preamble
--out er
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

%s
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

%s
--inner--

--out er
Content-Type: application/pdf; name="offer.pdf"
Content-Disposition: attachment; filename="offer.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--out er--
epilogue
""" % (
    base64.encodebytes("Große Freude: besuchen Sie http://lotto.example/ noch heute".encode()).strip(),
    quopri.encodestring(
        "<div>Große <b>Freude</b>: besuchen Sie <a href='http://lotto.example/'>uns</a></div>".encode()
    ),
)

WINDOWS = PLAIN.replace(b"\n", b"\r\n")
MAILS = {"plain": PLAIN, "html": HTML, "both": BOTH, "windows": WINDOWS}
