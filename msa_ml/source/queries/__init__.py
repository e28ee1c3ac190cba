"""The SELECTs, one file each. ``{{mail}}`` stands for a relation, ``{name:Type}`` for a value."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from msa_ml.errors import UnknownNameError
from msa_ml.settings import Settings
from msa_ml.source.mapping import relation

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def query(name: str, settings: Settings) -> str:
    """Return the text of a query with its relations filled in: our views, or what ``msa.toml`` maps in their place.

    Raises
    ------
    UnknownNameError
        No such file, or a placeholder that is no relation.
    InputError
        The mapping in ``msa.toml`` is malformed.
    """
    return _PLACE.sub(lambda match: relation(settings, match.group(1)), _text(name))


@cache
def _text(name: str) -> str:
    folder = files(__name__)
    try:
        return (folder / f"{name}.sql").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = [f.name[:-4] for f in folder.iterdir() if f.name.endswith(".sql")]
        raise UnknownNameError("query", name, known) from error
