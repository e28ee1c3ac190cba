"""What the index of a dataset holds of each kind of event, beside what every event has: SQL over the row ``e``.

Few columns of few distinct values: the index of millions of events stays in memory. They are what mistakes are sliced by.
"""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.records import Kind

CAMPAIGN: Mapping[Kind, str] = {
    "mail": "e.campaign",
    # One machine that registers many accounts keeps the shape of its names, its network and its program, and works in
    # runs; the six hours keep people behind one carrier, who share all of these too, from being one campaign for good.
    "signup": "if(e.name_pattern = '' OR e.ip_subnet = '', '', lower(hex(sipHash64(e.name_pattern, e.ip_subnet, "
    "e.user_agent, toStartOfInterval(e.event_time, INTERVAL 6 HOUR)))))",
    "login": "''",
    "request": "''",
}
"""Fingerprint that the events of one campaign share; empty where there is nothing to say."""

INDEXED: Mapping[Kind, Mapping[str, str]] = {
    "mail": {"size": "e.size"},
    "signup": {
        "verification": "e.verification_method",
        "network": "multiIf(e.ip_subnet = '', 'unknown', endsWith(e.ip_subnet, '/48'), 'IPv6', 'IPv4')",
    },
    "login": {},
    "request": {},
}
"""Further columns of the index by name."""
