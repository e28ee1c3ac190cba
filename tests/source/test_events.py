from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.source.event_fields import CellError, EventRow, known_fields, reader
from msa_ml.source.events import Rejected, read_events
from msa_ml.source.instants import zone_of

TABLE = pl.DataFrame(
    {
        "name": ["jo", "an", "Ünal"],
        "seen": ["2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-03T12:00:00Z"],
        "addr": ["192.0.2.1", "2001:db8::1", None],
        "network": [64500, None, 64501],
    }
)
MAPPING = {"user_name": "name", "event_time": "seen", "ip": "addr", "asn": "network"}
EXPECTED = [
    {"user_name": "jo", "event_time": datetime(2026, 1, 1, 12, tzinfo=UTC), "ip": "192.0.2.1", "asn": 64500},
    {"user_name": "an", "event_time": datetime(2026, 1, 2, 12, tzinfo=UTC), "ip": "2001:db8::1"},
    {"user_name": "Ünal", "event_time": datetime(2026, 1, 3, 12, tzinfo=UTC), "asn": 64501},
]


def write(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        typed = TABLE.with_columns(pl.col("seen").str.to_datetime(time_unit="ns", time_zone="UTC"))
        typed.write_parquet(path)
        return path
    if ".jsonl" in name:
        text = "".join(json.dumps(row) + "\n" for row in TABLE.to_dicts())
    else:
        text = TABLE.write_csv(separator="\t" if ".tsv" in name else ";" if ".semi" in name else ",")
    content = text.encode()
    packers: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".xz": lzma.compress}
    path.write_bytes(packers[path.suffix](content) if path.suffix in packers else content)
    return path


@pytest.mark.parametrize(
    "name", ["t.csv", "t.semi.csv", "t.tsv", "t.csv.gz", "t.csv.xz", "t.jsonl", "t.jsonl.gz", "t.parquet"]
)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    rows = list(
        read_events(
            "signup", write(tmp_path, name), MAPPING, progress=lambda done, total: seen.append((done, total))
        )
    )
    assert [row.values for row in rows if isinstance(row, EventRow)] == EXPECTED
    assert [row.number for row in rows] == [1, 2, 3]
    assert seen[-1][0] == seen[-1][1] > 0


def rows_of(
    tmp_path: Path, text: str, mapping: Mapping[str, str] | None = None, name: str = "t.csv"
) -> list[EventRow | Rejected]:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(read_events("signup", tmp_path / name, mapping))


def test_malformed_rows_are_rejected_by_number_and_the_good_ones_kept(tmp_path: Path) -> None:
    text = """event_time,ip,asn,form_seconds,ingested_at
2026-01-01,192.0.2.1,1,1.5,2026-01-01
2026-01-01,192.0.2.1,1
2026-01-01,192.0.2.1,1,1,2026-01-01,extra
,192.0.2.1,1,1,
tomorrow,192.0.2.1,1,1,
2026-01-01,host,1,1,
2026-01-01,,many,1,

2026-01-01,,1,much,
2026-01-01T12:06:00,,AS64500,-,2026-01-01T12:00:00
2026-01-01T12:05:00,,AS64500,-,2026-01-01T12:00:00
"""
    rows = rows_of(tmp_path, text)
    assert {row.number: row.reason for row in rows if isinstance(row, Rejected)} == {
        2: "fewer cells than columns",
        3: "more cells than columns",
        4: "event_time: missing",
        5: "event_time: not a time between 1990 and 2099",
        6: "ip: not an IP address",
        7: "asn: not a whole number of 32 bits",
        8: "form_seconds: not a number",
        9: "event_time: more than 5 minutes after ingested_at",
    }
    good = [row for row in rows if isinstance(row, EventRow)]
    assert [row.number for row in good] == [1, 10]
    assert good[1].values["asn"] == 64500
    assert "form_seconds" not in good[1].values


def test_malformed_json_lines(tmp_path: Path) -> None:
    text = '{"event_time": 1782900000, "user_name": "a\\ud800b"}\nnot json\n[1]\n\n{"user_name": {"a": 1}, "event_time": "2026"}\n{"event_time": 1782900000, "user_name": ["x"]}\n'
    rows = rows_of(tmp_path, text, name="t.jsonl")
    assert [row.reason if isinstance(row, Rejected) else row.values["user_name"] for row in rows] == [
        "a?b",
        "not JSON",
        "not a JSON object",
        "user_name: not text",
        "user_name: not text",
    ]


def test_bytes_that_are_not_utf8_and_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    head = b"event_time,user_name\n2026-01-01,caf\xe9\n"
    path.write_bytes(head + b'2026-01-01,"never closed' + b"x" * 200_000 + b"\n")
    first, second = read_events("signup", path)
    assert isinstance(first, EventRow)
    assert first.values["user_name"] == "caf\ufffd"
    assert second == Rejected(2, "not readable as CSV")


def test_names_of_attributes_ids_and_labels(tmp_path: Path) -> None:
    text = "event_time,number,shoe,verdict,said\n2026-01-01,17,42,bad,2026-02-01\n"
    mapping = {"id": "number", "attributes.shoe_size": "shoe", "label": "verdict", "labelled_at": "said"}
    (row,) = rows_of(tmp_path, text, mapping)
    assert isinstance(row, EventRow)
    assert (row.native_id, row.label, row.labelled_at) == ("17", "bad", datetime(2026, 2, 1, tzinfo=UTC))
    assert row.values == {"event_time": datetime(2026, 1, 1, tzinfo=UTC), "attributes.shoe_size": "42"}


def test_a_label_is_no_part_of_an_events_identity(tmp_path: Path) -> None:
    text = "event_time,user_name,label\n2026-01-01,jo,{}\n"
    canonical = {
        row.canonical()
        for word in ("a", "b")
        for row in rows_of(tmp_path, text.format(word), {"label": "label"})
        if isinstance(row, EventRow)
    }
    assert canonical == {b'{"event_time":1767225600000,"user_name":"jo"}'}


class TestErrors:
    def test_unknown_column(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="Did you mean 'name'"):
            list(read_events("signup", write(tmp_path, "t.csv"), {"user_name": "nane"}))

    def test_unknown_field(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="Did you mean 'user_name'"):
            list(read_events("signup", write(tmp_path, "t.csv"), {"username": "name"}))
        with pytest.raises(UnknownNameError, match=r"unknown field of signup 'attributes\.'"):
            list(read_events("signup", write(tmp_path, "t.csv"), {"attributes.": "name"}))

    def test_no_time(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"gives event_time.*Columns: name, seen, addr, network"):
            list(read_events("signup", write(tmp_path, "t.csv"), {"user_name": "name"}))

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("t.csv", b"", "has no header"),
            ("t.csv", b"a,a\n", "columns of the same name: a"),
            ("t.jsonl", b"\n", "holds no JSON object"),
            ("t.xlsx", b"x", "unknown ending"),
            ("t.csv.gz", b"not packed", "damaged or incomplete"),
            ("t.csv.xz", lzma.compress(b"a,event_time\n" * 1000)[:-20], "damaged or incomplete"),
            ("t.parquet", b"PAR1 it is not", "damaged or incomplete"),
            ("t.parquet.gz", b"", "Unpack it"),
        ],
    )
    def test_files(self, name: str, content: bytes, message: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=message):
            list(read_events("signup", tmp_path / name))

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such file"):
            list(read_events("signup", tmp_path / "t.csv"))

    def test_mail_is_no_table(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="Use signup, login or request"):
            list(read_events("mail", write(tmp_path, "t.csv")))


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.lists(st.text(), max_size=2)
)
def test_no_cell_raises_anything_else(cell: object) -> None:
    for kind in ("signup", "login", "request"):
        for field in known_fields(kind):
            try:
                value = reader(kind, field, zone_of("UTC"))(cell)
            except CellError:
                continue
            assert value is None or isinstance(value, str | int | float | datetime)
            if isinstance(value, str):
                assert value.encode()
