"""The SELECTs, one file each. ``{{mail}}`` stands for a relation, ``{name:Type}`` for a value.

``{{event}}`` is the relation of the kind that a query is asked for, ``{{campaign}}`` the fingerprint of its rows ``e``,
``{{account}}`` the pseudonym of the account that they are about, ``{{columns}}`` are fields of it that the caller names, and
``{{more}}`` expressions over ``e`` that the caller writes. ``{{labels_of_events}}`` stands for that file, which several
queries share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from msa_ml.errors import UnknownNameError
from msa_ml.records import Kind
from msa_ml.settings import Settings
from msa_ml.source.fields import FIELDS
from msa_ml.source.literals import name as quoted
from msa_ml.source.mapping import relation

SHARED = ("labels_of_events",)
"""Files that are part of other queries."""
ACCOUNT: Mapping[Kind, str] = {
    "mail": "''",
    "signup": "e.user_pseudonym",
    "login": "e.account_pseudonym",
    "request": "''",
}
"""What a label about an account names, by kind of event; the empty text is nobody."""
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def query(
    name: str,
    settings: Settings,
    *,
    kind: Kind = "mail",
    columns: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> str:
    """Return the text of a query with its relations filled in: our views, or what ``msa.toml`` maps in their place.

    Parameters
    ----------
    name
        Of the file.
    kind
        What ``{{event}}`` stands for.
    columns
        Fields of the kind that ``{{columns}}`` stands for.
    more
        SQL by the name of its column, of ours and never of a user, that ``{{more}}`` stands for.

    Raises
    ------
    UnknownNameError
        No such file, a placeholder that is no relation, or a column that the kind does not have.
    InputError
        The mapping in ``msa.toml`` is malformed.
    """

    def filled(match: re.Match[str]) -> str:
        place = match.group(1)
        if place == "event":
            return relation(settings, kind)
        if place == "campaign":
            return "e.campaign" if any(field.name == "campaign" for field in FIELDS[kind]) else "''"
        if place == "account":
            return ACCOUNT[kind]
        if place in SHARED:
            return query(place, settings, kind=kind)
        if place == "more":
            return "".join(f"\n    {sql} AS {quoted(column)}," for column, sql in (more or {}).items())
        if place == "columns":
            return ",\n    ".join(
                f"e.{quoted(_known(kind, column))} AS {quoted(column)}" for column in columns
            )
        return relation(settings, place)

    return _PLACE.sub(filled, _text(name))


def _known(kind: Kind, column: str) -> str:
    known = [field.name for field in FIELDS[kind]]
    if column not in known:
        raise UnknownNameError(f"column of {kind}", column, known)
    return column


def fill(text: str, settings: Settings) -> str:
    """Return a query that stands in no file, with its relations filled in.

    Raises
    ------
    UnknownNameError
        A placeholder that is no relation.
    InputError
        The mapping in ``msa.toml`` is malformed.
    """
    return _PLACE.sub(lambda match: relation(settings, match.group(1)), text)


@cache
def _text(name: str) -> str:
    folder = files(__name__)
    try:
        return (folder / f"{name}.sql").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = [f.name[:-4] for f in folder.iterdir() if f.name.endswith(".sql")]
        raise UnknownNameError("query", name, known) from error
