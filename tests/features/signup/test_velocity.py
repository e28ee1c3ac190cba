"""The windows of sign-ups: names, what they group by, and what the trees are held to."""

from msa_ml.features.history import from_json
from msa_ml.features.signup.velocity import RATES, VELOCITY


def test_names_are_used_once() -> None:
    names = [history.name for history in VELOCITY]
    assert len(set(names)) == len(names) >= 25


def test_every_key_that_attackers_share_is_looked_at() -> None:
    keys = {key for history in VELOCITY for key in history.keys}
    assert keys >= {"ip", "ip_subnet", "asn", "email_domain", "device", "name_pattern"}
    assert {history.window.ms for history in VELOCITY} >= {600_000, 3_600_000, 86_400_000, 30 * 86_400_000}


def test_only_rates_are_monotone_and_they_say_where_nothing_is_known() -> None:
    assert {history.feature.monotone for history in RATES} == {1}
    assert {history.feature.monotone for history in VELOCITY if history not in RATES} == {0}
    assert all(history.to_json()["strength"] > 0 for history in RATES)


def test_they_travel_in_a_bundle() -> None:
    assert [from_json(history.to_json()) for history in VELOCITY] == list(VELOCITY)
    assert all(history.feature.portable == "yes" for history in VELOCITY)
