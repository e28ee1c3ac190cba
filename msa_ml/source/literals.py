"""Names and text inside SQL. Values of queries never come here: they are parameters."""

from __future__ import annotations


def name(value: str) -> str:
    r"""Quote an identifier.

    Examples
    --------
    >>> print(name("my`table"))
    `my\`table`
    """
    return "`" + value.replace("\\", "\\\\").replace("`", "\\`") + "`"


def text(value: str) -> str:
    r"""Quote a string.

    Examples
    --------
    >>> print(text("it's"))
    'it\'s'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
