"""data/README.md says what is there: every column, and examples that are read as they stand."""

import re
import tomllib
from pathlib import Path

import pytest

from msa_ml.source.clickhouse import connect
from msa_ml.source.fields import TABLES
from msa_ml.source.mapping import SECTIONS, relation
from msa_ml.source.migrate import init, retention_targets
from tests.source.conftest import plain_settings

README = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
EXAMPLES = [tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)]


def test_every_column_of_every_table_is_described(tmp_path: Path) -> None:
    with connect(f"chdb://{tmp_path / 'store'}", settings=plain_settings(tmp_path)) as store:
        init(store, retention={})
        found = store.frame(
            "SELECT table, name, type, comment FROM system.columns WHERE database = {d:String} AND table IN {t:Array(String)}"
            " ORDER BY table, position",
            {"d": store.database, "t": list(TABLES.values())},
        )
    for view, table in TABLES.items():
        section = README.split(f"### `{table}`, read through `{view}`\n")[1].split("\n#")[0]
        written = re.findall(r"^\| `(\w+)` \| `(.*?)` \| (.*?) \| .*\|$", section, re.MULTILINE)
        real = [row[1:] for row in found.iter_rows() if row[0] == table]
        assert written == real


@pytest.mark.parametrize("kind", SECTIONS.values())
def test_the_mapping_of_the_example_is_read(kind: str, tmp_path: Path) -> None:
    example = next(toml for toml in EXAMPLES if "source" in toml)
    sql = relation(plain_settings(tmp_path, **example), kind)
    assert ("SELECT" in sql) == (kind in ("mail", "label", "login"))


def test_limits_and_retention_of_the_examples(tmp_path: Path) -> None:
    limits = next(toml for toml in EXAMPLES if "limits" in toml)
    connect("chdb:///x", settings=plain_settings(tmp_path, **limits))
    retention = next(toml["retention"] for toml in EXAMPLES if "retention" in toml)
    assert set(retention) <= set(retention_targets())
    assert [key for key in retention_targets() if key not in README] == []
