"""The same tests on every engine: embedded, the real client over HTTP, and a real server when one is named."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.migrate import init
from tests.http_front import Front, running


def plain_settings(tmp_path: Path, **file: object) -> Settings:
    return Settings(
        home=tmp_path, clickhouse_url="chdb:///nowhere", results_url="", tracking_uri="", file=file
    )


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    with running() as found:
        yield found


@pytest.fixture(params=["embedded", "front", "server"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database."""
    database = f"test_{uuid.uuid4().hex[:12]}"
    if request.param == "embedded":
        yield f"chdb://{tmp_path / 'store'}"
    elif request.param == "front":
        front: Front = request.getfixturevalue("front")
        yield front.url(database=database)
    else:
        base = os.environ.get("MSA_TEST_CLICKHOUSE_URL")
        if not base:
            pytest.skip("no server: set MSA_TEST_CLICKHOUSE_URL=clickhouse://user:password@host:8123/")
        address, _, options = base.partition("?")
        scheme, rest = address.split("://", 1)
        url = f"{scheme}://{rest.split('/', 1)[0]}/{database}{'?' + options if options else ''}"
        yield url
        with connect(url, settings=plain_settings(tmp_path)) as store:
            store.command(f"DROP DATABASE IF EXISTS `{database}`")


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store with our tables, held open for the length of the test."""
    found = connect(store_url, settings=plain_settings(tmp_path))
    with found:
        init(found, retention={})
        yield found
    found.close()
