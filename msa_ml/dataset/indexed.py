"""What the index of a dataset holds of each kind of event, beside what every event has.

Few columns of few distinct values: the index of millions of events stays in memory. They are what mistakes are sliced by.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from msa_ml.dataset.signup_campaigns import KEYS, campaigns
from msa_ml.records import Kind

INDEXED: Mapping[Kind, Mapping[str, str]] = {
    "mail": {"size": "e.size"},
    "signup": {
        "verification": "e.verification_method",
        "network": "multiIf(e.ip_subnet = '', 'unknown', endsWith(e.ip_subnet, '/48'), 'IPv6', 'IPv4')",
        **KEYS,
    },
    "login": {},
    "request": {},
}
"""Further columns by name, SQL over ``{{event}} AS e``."""


def finished(index: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Return an index as it is shown: of sign-ups the columns that tell campaigns are replaced by the campaign."""
    if kind != "signup":
        return index
    return index.with_columns(campaigns(index)).drop(*KEYS)
