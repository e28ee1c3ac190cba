"""What was known before a sign-up of those like it: how many, how fast, and how many of them were abuse."""

from __future__ import annotations

from msa_ml.features.history import (
    ApproxCountDistinct,
    Count,
    CountDistinct,
    FirstSeen,
    History,
    Rate,
    Recency,
)

_TASK = "signup_abuse"
_KIND = "signup"
# What a rate says where nothing is known, and how many labels that weighs: a new address is no saint and no villain.
_PRIOR, _STRENGTH = 0.05, 10.0

COUNTS: tuple[History, ...] = (
    Count(_KIND, by="ip", over="10m"),
    Count(_KIND, by="ip", over="1h"),
    Count(_KIND, by="ip", over="1d"),
    Count(_KIND, by="ip_subnet", over="1h"),
    Count(_KIND, by="ip_subnet", over="1d"),
    Count(_KIND, by="asn", over="1h"),
    Count(_KIND, by="email_domain", over="1h"),
    Count(_KIND, by="email_domain", over="1d"),
    Count(_KIND, by="device", over="1d"),
    Count(_KIND, by="name_pattern", over="1h"),
    Count(_KIND, by=("ip_subnet", "name_pattern"), over="1h"),
    Count(_KIND, by=("ip_subnet", "user_agent"), over="1h"),
    Count(_KIND, by=("asn", "name_pattern"), over="1d"),
    Count(_KIND, by="user_name", over="30d"),
)
"""Bursts show in minutes, drips in a day. A name pattern in the last hour is how similar names are counted."""

SPREAD: tuple[History, ...] = (
    CountDistinct(_KIND, of="user_name", by="ip", over="1d", cap=100),
    CountDistinct(_KIND, of="user_agent", by="ip", over="1d", cap=100),
    CountDistinct(_KIND, of="device", by="ip_subnet", over="1d", cap=1_000),
    CountDistinct(_KIND, of="ip", by="device", over="7d", cap=100),
    ApproxCountDistinct(_KIND, of="ip_subnet", by=("asn", "name_pattern"), over="1d"),
)
"""A carrier's address has many agents and many name patterns, an attacker's few; a farm's device has many addresses."""

AGES: tuple[History, ...] = (
    Recency(_KIND, by="ip", over="7d"),
    Recency(_KIND, by="ip_subnet", over="7d"),
    Recency(_KIND, by="device", over="30d"),
    FirstSeen(_KIND, by="ip", over="30d"),
    FirstSeen(_KIND, by="email_domain", over="30d"),
    FirstSeen(_KIND, by="device", over="30d"),
)
"""A domain or subnet that was never seen before is another risk than one that is known for weeks."""

RATES: tuple[History, ...] = tuple(
    Rate(_KIND, task=_TASK, by=by, over="30d", prior=_PRIOR, strength=_STRENGTH)
    for by in ("ip", "ip_subnet", "asn", "email_domain", "device", "name_pattern")
)
"""Abuse among the labels that were known by then; more of it can only be worse, so the trees are held to that."""

VELOCITY: tuple[History, ...] = (*COUNTS, *SPREAD, *AGES, *RATES)
"""The histories of ``signup_abuse``. Counts are not held to be monotone: behind the largest are carriers and offices."""
