"""Labels of mail from an index file.

Two forms. Lines of public corpora (TREC)::

    spam ../data/inmail.1

and CSV with a header that has ``path`` and ``label``, and may have ``labelled_at`` (a date or time with its zone; without
one it is UTC)::

    path,label,labelled_at
    inbox/0001.eml,spam,2026-03-01T12:00:00Z

Paths are relative to the index file. A message on disk is looked up by its path; one in an archive by the end of its
name there, so the index of an unpacked corpus fits the packed one.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.source.compressed import DAMAGE, broken, open_stream
from msa_ml.source.files import Found
from msa_ml.source.instants import parse_instant
from msa_ml.source.label_rules import label_word

_COLUMNS = ("path", "label", "labelled_at")


class IndexLabel(NamedTuple):
    """A label word, and when it was given, if the index says so."""

    label: str
    labelled_at: datetime | None = None


@dataclass
class Index:
    """The labels of an index file by path, and which of them were met."""

    by_path: dict[str, IndexLabel]
    by_end: dict[str, str] = field(repr=False)
    met: set[str] = field(default_factory=set, repr=False)
    unlisted: int = 0

    def look_up(self, found: Found) -> IndexLabel | None:
        """Return the label of a message, and remember that it was met; ``None`` when it is not listed."""
        key = self._key(found)
        if key is None:
            self.unlisted += 1
            return None
        self.met.add(key)
        return self.by_path[key]

    def _key(self, found: Found) -> str | None:
        if found.path is not None:
            path = os.path.abspath(found.path)  # noqa: PTH100 - links keep their names
            return path if path in self.by_path else None
        end = found.origin
        while end:
            if end in self.by_end:
                return self.by_end[end]
            end = end.partition("/")[2]
        return None

    @property
    def not_found(self) -> int:
        """How many listed messages were not met."""
        return len(self.by_path) - len(self.met)


def read_index(path: str | Path) -> Index:
    """Read an index file, of either form; it may be compressed.

    Raises
    ------
    InputError
        The file cannot be read, a line has neither form, a label is no word, a time is none, or one path has two labels.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"no such index file: {file}.", hint="Check the path.")
    base = file.absolute().parent
    by_path: dict[str, IndexLabel] = {}
    by_end: dict[str, str] = {}
    try:
        with open_stream(file) as (stream, _):
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
            for number, name, label in _rows(text, file):
                key = os.path.normpath(base / name)
                if by_path.setdefault(key, label).label != label.label:
                    raise InputError(f"{file}, line {number}: this path was listed with another label above.")
                by_end[_end(name)] = key
    except DAMAGE as error:
        raise broken(file, error) from error
    if not by_path:
        raise InputError(f"{file} lists no message.", hint="Wanted: lines 'spam ../data/inmail.1', or CSV.")
    return Index(by_path, by_end)


def _end(name: str) -> str:
    """Return a path without the steps upwards that it begins with."""
    parts = Path(os.path.normpath(name)).parts
    return "/".join(part for part in parts if part not in ("..", "/", "."))


def _rows(text: io.TextIOWrapper, file: Path) -> list[tuple[int, str, IndexLabel]]:
    first = text.readline()
    columns = [column.strip().lower() for column in next(csv.reader([first]), [])]
    if "path" in columns or "label" in columns:
        for wanted in ("path", "label"):
            if wanted not in columns:
                raise InputError(
                    f"{file} has no column '{wanted}'.", hint=f"Its header must be: {', '.join(_COLUMNS)}."
                )
        for column in columns:
            if column not in _COLUMNS:
                raise UnknownNameError(f"column of {file}", column, _COLUMNS)
        return [
            _of_csv(number, row, columns, file) for number, row in enumerate(csv.reader(text), start=2) if row
        ]
    lines = (line.strip() for line in (first, *text))
    return [_of_line(number, line, file) for number, line in enumerate(lines, start=1) if line]


def _of_csv(number: int, row: list[str], columns: list[str], file: Path) -> tuple[int, str, IndexLabel]:
    if len(row) != len(columns):
        raise InputError(f"{file}, line {number}: {len(row)} fields, the header has {len(columns)}.")
    values = dict(zip(columns, row, strict=True))
    said = values.get("labelled_at", "").strip()
    labelled_at = parse_instant(said) if said else None
    if said and labelled_at is None:
        raise InputError(
            f"{file}, line {number}: labelled_at is no time.", hint="Write 2026-03-01T12:00:00Z."
        )
    return number, values["path"], IndexLabel(_word(values["label"], number, file), labelled_at)


def _of_line(number: int, line: str, file: Path) -> tuple[int, str, IndexLabel]:
    label, _, name = line.partition(" ")
    if not name.strip():
        raise InputError(
            f"{file}, line {number}: expected 'LABEL PATH'.", hint="As in: spam ../data/inmail.1"
        )
    return number, name.strip(), IndexLabel(_word(label, number, file))


def _word(text: str, number: int, file: Path) -> str:
    try:
        return label_word(text)
    except InputError as error:
        raise InputError(f"{file}, line {number}: {error.message}", hint=error.hint) from error
