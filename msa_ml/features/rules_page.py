"""One page with the rule of every feature and view that can be ported: ``docs/rules.md``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator

import msa_ml.features
from msa_ml.features.extractor import Extractor, Reader, View

_HEAD = """# Rules of the portable features

Made by `make docs` from the code; change the docstrings, not this page. How each feature and view that is marked
`portable: yes` is computed, precisely enough to port without reading Python. What the columns, types and missing values of
a bundle are stands in [bundle.md](bundle.md); history features have [a page of their own](history.md).

**What holds everywhere.** A text that is null is the empty text. A feature is computed in binary64 and rounded to float32 once, at
the end. Missing is NaN. `[low, high]` is a promise, not a step of the computation. A character is a Unicode code point; where
"at most" so many are read, the first ones are, and spaces are taken off after that. A letter is A to Z or a to z, a digit 0 to 9, a
space U+0020. *In small letters* means A to Z as a to z and nothing else changed. A flag is 1 or 0. A share of nothing is missing.
"""


def portable_readers() -> Iterator[type[Reader]]:
    """Yield the classes of the package that have a portable feature, or are portable views, in order of their names."""
    found: dict[str, type[Reader]] = {}
    for module in pkgutil.walk_packages(msa_ml.features.__path__, "msa_ml.features."):
        for value in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(value) and issubclass(value, Reader) and value.__module__ == module.name:
                found[value.__module__ + value.__qualname__] = value
    readers = [value for value in found.values() if not inspect.isabstract(value) and _is_portable(value)]
    yield from sorted(readers, key=lambda reader: (reader.kind, reader.name))


def _is_portable(reader: type[Reader]) -> bool:
    if issubclass(reader, View):
        return reader.portable == "yes"
    return issubclass(reader, Extractor) and any(feature.portable == "yes" for feature in reader.features)


def page(readers: Iterable[type[Reader]] | None = None) -> str:
    """Return the page as Markdown.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Rules of the portable features'
    """
    return "\n".join([_HEAD, *(_section(reader) for reader in readers or portable_readers())])


def _section(reader: type[Reader]) -> str:
    rule = (inspect.getdoc(reader) or "").replace("``", "`")
    reads = ", ".join(f"`lists/{name}.txt`" for name in reader.reads)
    lines = [f"## `{reader.name}`, version {reader.version}", "", rule, ""]
    if reads:
        lines += [f"Lists: {reads}.", ""]
    if issubclass(reader, Extractor):
        lines += ["| column | what | unit | range | missing |", "|---|---|---|---|---|"]
        for feature in reader.features:
            if feature.portable == "yes":
                cells = (
                    feature.description,
                    feature.unit,
                    f"{feature.low:g} to {feature.high:g}",
                    feature.nan,
                )
                text = " | ".join(cell.replace("|", "\\|") for cell in cells)
                lines.append(f"| `{reader.name}.{feature.name}` | {text} |")
        lines.append("")
    return "\n".join(lines)
