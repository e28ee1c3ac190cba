"""What was known before a sign-up of those like it: how many, how fast, and how many of them were abuse."""

from __future__ import annotations

from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency

_KIND = "signup"


def _counts(by: str | tuple[str, ...], *windows: str) -> tuple[History, ...]:
    return tuple(Count(_KIND, by=by, over=window) for window in windows)


def _rate(by: str, over: str) -> Rate:
    # Twenty labels of the usual share are assumed before the first, so that one report makes nobody an attacker.
    return Rate(_KIND, task="signup_abuse", by=by, over=over, prior=0.1, strength=20)


COUNTS: tuple[History, ...] = (
    *_counts("ip", "10m", "1h", "1d"),
    *_counts("ip_subnet", "1h", "1d", "7d"),
    *_counts("asn", "1h"),
    *_counts("email_domain", "1h", "1d"),
    *_counts("device", "1d", "7d"),
    *_counts("name_pattern", "1h"),
    *_counts(("name_pattern", "ip_subnet"), "1d"),
)
"""Bursts show in minutes, drips in a week. Similar names of the last hour are those of the same pattern."""

SPREAD: tuple[History, ...] = (
    CountDistinct(_KIND, of="user_name", by="ip", over="1d", cap=100),
    CountDistinct(_KIND, of="user_agent", by="ip", over="1d", cap=100),
    CountDistinct(_KIND, of="ip_subnet", by="device", over="7d", cap=100),
)
"""A carrier's address has many agents, an attacker's few; a farm's device has many networks."""

RATES: tuple[History, ...] = (
    _rate("ip", "7d"),
    _rate("ip_subnet", "30d"),
    _rate("asn", "30d"),
    _rate("email_domain", "30d"),
    _rate("device", "30d"),
)
"""Abuse among the labels that were known by then; more of it can only be worse, so the trees are held to that."""

AGES: tuple[History, ...] = (
    Recency(_KIND, by="ip", over="1d"),
    Recency(_KIND, by="ip_subnet", over="1d"),
    FirstSeen(_KIND, by="email_domain", over="30d"),
    FirstSeen(_KIND, by="ip_subnet", over="30d"),
)
"""A domain or subnet that was never seen before is another risk than one that is known for weeks."""

VELOCITY: tuple[History, ...] = (*COUNTS, *SPREAD, *RATES, *AGES)
"""The histories of ``signup_abuse``. Counts are not held to be monotone: behind the largest are carriers and offices."""
