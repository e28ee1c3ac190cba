"""Results of the receiving side, by whom, and for which domain."""

import pytest

from msa_ml.features.mail.authentication import Authentication
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

A = "Authentication-Results:"
TRUSTED = "mx.example.org"

TABLE: list[Row] = [
    (mail("Subject: a"), {"spf_pass": None, "dkim_pass": None, "claimed": None, "arc_pass": None}),
    (
        mail(f"{A} {TRUSTED}; spf=pass (x; y) smtp.mailfrom=a; dkim=fail; dkim=pass; dmarc=fail"),
        {"spf_pass": 1, "spf_fail": 0, "dkim_pass": 1, "dkim_fail": 0, "dmarc_pass": 0, "dmarc_fail": 1, "spf_aligned": None},
    ),
    (mail(f"{A} {TRUSTED}; dkim=none"), {"dkim_pass": 0, "dkim_fail": 0, "spf_pass": None}),
    (mail(f"{A} {TRUSTED} 1; spf=neutral"), {"spf_none": 1, "spf_pass": 0}),
    (mail(f"{A} {TRUSTED}; arc=pass (i=2)"), {"arc_pass": 1, "arc_fail": 0}),
    (mail(f"{A} {TRUSTED}; arc=fail"), {"arc_pass": 0, "arc_fail": 1}),
    # Some servers write no name of theirs.
    (mail(f"{A} spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=none"), {"spf_pass": 1, "dkim_pass": 0}),
    # One server, one field for each method; the upper of two results is believed; what stands below another name is not.
    (mail(f"{A} {TRUSTED}; dkim=pass", f"{A} {TRUSTED}; spf=fail", f"{A} {TRUSTED}; spf=pass"), {"dkim_pass": 1, "spf_fail": 1, "spf_pass": 0}),
    (mail(f"{A} a.example; spf=softfail", f"{A} b.example; spf=pass; dkim=pass"), {"spf_fail": 1, "spf_pass": 0, "dkim_pass": None}),
    # Alignment, relaxed.
    (mail("From: a@example.org", f"{A} x; spf=pass smtp.mailfrom=bounce@news.example.org"), {"spf_aligned": 1}),
    (mail("From: a@example.org", f"{A} x; spf=pass smtp.mailfrom=example.com"), {"spf_aligned": 0}),
    (mail("From: a@example.org", f"{A} x; spf=fail smtp.mailfrom=example.org"), {"spf_aligned": None}),
    (mail("From: a@mail.example.org", f"{A} x; dkim=pass header.d=example.com; dkim=pass header.i=@example.org"), {"dkim_aligned": 1}),
    (mail("From: a@example.org", f"{A} x; dkim=fail header.d=example.org; dkim=pass header.d=example.com"), {"dkim_aligned": 0}),
    (mail(f"{A} x; dkim=pass header.d=example.org"), {"dkim_aligned": None}),
    (mail("From: a@mail.example.org", "DKIM-Signature: v=1; d=example.org; s=x"), {"claimed": 1}),
    (mail("From: a@example.org", "DKIM-Signature: v=1; d=example.com; bd=example.org"), {"claimed": 0}),
    # Received-SPF where nothing else is written.
    (mail("From: a@example.org", 'Received-SPF: Pass (x) envelope-from="b@example.org"'), {"spf_pass": 1, "spf_aligned": 1}),
    (mail(f"{A} x; spf=fail", "Received-SPF: pass"), {"spf_pass": 0}),
    # Hostile ones.
    (mail(f"{A} ;;;=;spf;(", "DKIM-Signature: " + "; " * 999), {"spf_pass": None, "claimed": None}),
    (mail(f"{A} x; spf=pass smtp.mailfrom=" + "@" * 5000), {"spf_pass": 1}),
    (mail("Received-SPF:"), {"spf_pass": None}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_authentication(row: Row) -> None:
    assert_values(Authentication(), *row)


@pytest.mark.parametrize(
    "row",
    [
        (mail(f"{A} evil.example; spf=pass"), {"spf_pass": None}),
        (mail(f"{A} {TRUSTED}.evil.example; spf=pass"), {"spf_pass": None}),
        (mail(f"{A} evil.example; spf=pass", f"{A} {TRUSTED}; spf=pass"), {"spf_pass": None}),
        (mail(f"{A} spf=pass"), {"spf_pass": None}),
        (mail(f"{A} {TRUSTED} 1; spf=neutral"), {"spf_none": 1}),
        (mail(f"{A} MX.Example.Org; spf=pass", f"{A} evil.example; dkim=pass"), {"spf_pass": 1, "dkim_pass": None}),
        (mail("Received-SPF: pass"), {"spf_pass": None}),
    ],
    ids=range(7),
)  # fmt: skip
def test_only_the_trusted_host_is_believed(row: Row) -> None:
    assert_values(Authentication(trusted_host=TRUSTED.upper()), *row)
