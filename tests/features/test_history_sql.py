"""The SQL of histories on a real store is held equal to the plain reference, whatever the stream."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.features.history_frame import read_histories
from msa_ml.features.history_reference import Past, values
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.migrate import init
from tests.features.history_worlds import EVERYTHING, HISTORIES, RULES, Named, pasts, store_past

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings(home=tmp_path_factory.mktemp("history") / ".msa", environ={})


@pytest.fixture(scope="module")
def store(here: Settings) -> Iterator[Store]:
    here.home.mkdir()
    store = connect(settings=here)
    with store:
        init(store, retention={})
        yield store


def ask(store: Store, here: Settings, source: str, **more: object) -> dict[str, Mapping[str, float]]:
    found = read_histories(
        HISTORIES,
        kind="signup",
        parameters={**EVERYTHING, "event_sources": [source], **more},
        rules=RULES,
        settings=here,
        store=store,
    )
    return {row.pop("event_id"): row for row in found.to_dicts()}


def same(found: float, wanted: float) -> bool:
    """Equal as float32; linear counting goes through a logarithm, whose last bit is the library's own."""
    if math.isnan(wanted):
        return math.isnan(found)
    return found == wanted or abs(found - wanted) <= 1e-6 * abs(wanted)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(several=st.lists(pasts(), min_size=1, max_size=8))
def test_sql_equals_the_reference(store: Store, here: Settings, several: list[Past]) -> None:
    source = f"s{next(_numbers)}"
    named = [Named(next(_numbers)) for _ in several]
    for past, name in zip(several, named, strict=True):
        store_past(store, past, name, source)
    found = ask(store, here, source)
    assert len(found) == sum(len(past.rows) for past in several)
    for past, name in zip(several, named, strict=True):
        for row in past.rows:
            wanted, got = values(HISTORIES, row, past), found[name(row.event_id)]
            wrong = {key: (got[key], wanted[key]) for key in wanted if not same(got[key], wanted[key])}
            assert not wrong, (row, wrong)
