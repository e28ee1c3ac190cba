from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.source.files import read_mail
from msa_ml.source.index_files import Index, read_index
from tests.source.mails import mail, tar, tree

FILES = {
    "trec/data/inmail.1": mail(1),
    "trec/data/inmail.2": mail(2),
    "trec/data/inmail.3": mail(3),
    "trec/full/index": b"spam ../data/inmail.1\nHam ../data/inmail.2\nspam ../data/inmail.9\n",
}


def labels(index: Index, path: Path) -> list[str | None]:
    found = (index.look_up(one) for one in read_mail([path]))
    return [label.label if label else None for label in found]


@pytest.mark.parametrize("packed", [False, True])
def test_lines_of_public_corpora(packed: bool, tmp_path: Path) -> None:
    tree(tmp_path, FILES)
    index = read_index(tmp_path / "trec/full/index")
    path = tar(tmp_path / "t.tar.gz", FILES, mode="w:gz") if packed else tmp_path / "trec"
    assert labels(index, path) == ["spam", "ham", None]
    assert (index.not_found, index.unlisted) == (1, 1)


def test_csv_with_times(tmp_path: Path) -> None:
    tree(tmp_path, FILES)
    (tmp_path / "labels.csv").write_text(
        "label,path,labelled_at\nspam,trec/data/inmail.1,2026-03-01T12:00:00+01:00\nham,trec/data/inmail.2,\n"
    )
    index = read_index(tmp_path / "labels.csv")
    found = list(read_mail([tmp_path / "trec"]))
    first, second = index.look_up(found[0]), index.look_up(found[1])
    assert first is not None
    assert first.labelled_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert second is not None
    assert second.labelled_at is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "lists no message"),
        ("spam\n", "line 1: expected 'LABEL PATH'"),
        ("spam a\nham a\n", "line 2: this path was listed with another label"),
        ("path,label\na,spam,x\n", "line 2: 3 fields"),
        ("path,label,labelled_at\na,spam,soon\n", "line 2: labelled_at is no time"),
        ("path,word\na,spam\n", "no column 'label'"),
        ("path,label\na,<b>\n", "line 2: a label must be one word"),
    ],
)
def test_what_is_wrong_with_it_is_said(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "index").write_text(content)
    with pytest.raises(InputError, match=message):
        read_index(tmp_path / "index")


def test_an_unknown_column(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("path,label,labeled_at\na,spam,\n")
    with pytest.raises(UnknownNameError, match="Did you mean 'labelled_at'"):
        read_index(tmp_path / "index")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such index file"):
        read_index(tmp_path / "index")
