"""The catalogue of features as a page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msa_ml.features.catalogue import Catalogue, Entry, Family, ListEntry, ViewEntry

_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_CODE = re.compile(r"(`[^`]*`)")

_FEATURES = (
    "name", "what is measured", "unit", "range", "missing when", "portable", "monotone", "source", "importance",
)  # fmt: skip

_LEGEND = """\
- **range**: the value never leaves it. A *flag* is 0 or 1, a *share* lies between them.
- **missing when**: the number is then `nan`, never 0.
- **portable**: `yes` can be ported from these words alone; `runtime` needs this package.
- **monotone**: `+` where more of it can only make a mail more suspect, `-` for the opposite; the trees are held to it.
- **source**: RFC section, paper or habit that the idea comes from.
- **importance**: share of what the trees of one model gained by all their splits; all shares add up to 100 %. Features that
  say the same thing divide it among them; a small one may still decide a rare mail. `0`: never split on."""


def page(task: str, catalogue: Catalogue, *, model: str = "", note: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    model
        Which model the importances come from, in Markdown; empty when none is known.
    note
        How the page was made, in Markdown.

    Examples
    --------
    >>> from msa_ml.features.extractor import FeatureSet
    >>> from msa_ml.features.mail.date import Date
    >>> page("spam", Catalogue.of(FeatureSet([Date()]))).splitlines()[0]
    '# Features of `spam`'
    """
    said = model or "No model was asked, so no importances are given."
    if model and catalogue.views and not catalogue.other:
        said += (
            "\nWhat the model of the content views says is added beside the trees and has no share in them."
        )
    blocks = [
        f"# Features of `{task}`",
        f"{counted(catalogue)}. Specification `{catalogue.digest[:12]}`.",
        note,
        _LEGEND,
        f"## Where the importances come from\n\n{said}",
        "## Families",
        _overview(catalogue),
        *(_family(family) for family in catalogue.families),
        "## Content views",
        "The bytes whose n-grams the content model hashes.",
        *(_view(view) for view in catalogue.views),
        "## Lists",
        "Files in the bundle, read from there when scoring; the digest of a feature covers the hashes of those it reads.",
        _lists(catalogue.lists),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def counted(catalogue: Catalogue) -> str:
    """Say how many features there are.

    Examples
    --------
    >>> from msa_ml.features.extractor import FeatureSet
    >>> from msa_ml.features.mail.date import Date
    >>> counted(Catalogue.of(FeatureSet([Date()])))
    '8 numbers of a mail in 1 family and 0 content views'
    """
    families, views = len(catalogue.families), len(catalogue.views)
    return (
        f"{catalogue.count} numbers of a {catalogue.kind} in {families} {'family' if families == 1 else 'families'} "
        f"and {views} content view{'' if views == 1 else 's'}"
    )


def share(value: float | None) -> str:
    """Return an importance for reading.

    Examples
    --------
    >>> share(0.1234), share(0.0002), share(0.0), share(None)
    ('12.3 %', '0.02 %', '0', '')
    """
    if not value:
        return "" if value is None else "0"
    if value < 0.00005:
        return "< 0.01 %"
    return f"{value:.1%}".replace("%", " %") if value >= 0.01 else f"{value:.2%}".replace("%", " %")


def prose(docstring: str) -> str:
    r"""Return a docstring as Markdown: code in single backticks, parameters as a list, examples as code.

    Examples
    --------
    >>> print(prose("The *form* of ``a`` < :mod:`~b.c`.\n\nParameters\n----------\nd\n    What it is."))
    The *form* of `a` \< `b.c`.
    <BLANKLINE>
    **Parameters**
    <BLANKLINE>
    - `d`: What it is.
    """
    parts = _HEADING.split(docstring)
    blocks = [text_of(parts[0])]
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        if ">>>" in body:
            blocks.append(f"```python\n{body.strip()}\n```")
        else:
            blocks.append(f"**{heading}**\n\n{_definitions(body)}")
    return "\n\n".join(block for block in blocks if block)


def _definitions(body: str) -> str:
    lines: list[str] = []
    for line in body.strip().splitlines():
        if line.startswith(" "):
            lines[-1] += f" {text_of(line.strip())}"
        elif line:
            lines.append(f"- `{line}`:")
    return "\n".join(lines)


def text_of(text: str) -> str:
    """Return words of a docstring or a declaration as Markdown that shows them as they are."""
    text = _ROLE.sub(r"`\1`", text).replace("``", "`")
    parts = _CODE.split(text)
    parts[::2] = [part.replace("<", "\\<") for part in parts[::2]]
    return "".join(parts).strip()


def cell_of(text: str) -> str:
    r"""Return words for a cell of a table, where no mark may mean anything.

    Examples
    --------
    >>> print(cell_of("marks (*|<) as fr*e"))
    marks (\*\|\<) as fr\*e
    """
    return text_of(text.replace("*", "\\*")).replace("|", "\\|")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    rule = ["---:" if name in right else "---" for name in head]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _overview(catalogue: Catalogue) -> str:
    rows = [
        (
            f"[`{family.name}`](#{family.name.replace('.', '')})",
            cell_of(family.about.partition("\n")[0]),
            str(len(family.entries)),
            share(family.importance),
        )
        for family in catalogue.families
    ]
    rows += [
        (f"`{name}`", "given to the trees beside the features", "", share(value))
        for name, value in catalogue.other.items()
    ]
    return _table(
        ("family", "what it looks at", "features", "importance"), rows, right=("features", "importance")
    )


def _family(family: Family) -> str:
    rows = [_row(family, entry) for entry in family.entries]
    return "\n\n".join(
        block
        for block in (
            f"### {family.name}",
            prose(family.about),
            _reading(family.version, family.lists),
            _table(_FEATURES, rows, right=("importance",)),
        )
        if block
    )


def _row(family: Family, entry: Entry) -> tuple[str, ...]:
    feature = entry.feature
    return (
        f"`{entry.column.removeprefix(f'{family.name}.')}`",
        cell_of(feature.description),
        feature.unit,
        entry.range,
        cell_of(feature.nan),
        feature.portable,
        {1: "+", -1: "-", 0: ""}[feature.monotone],
        cell_of(feature.source),
        share(entry.importance),
    )


def _view(view: ViewEntry) -> str:
    limit = f"At most {view.limit:,} bytes. {_reading(view.version, view.lists)}"
    return f"### {view.name}\n\n{prose(view.about)}\n\n{limit}"


def _reading(version: int, lists: Sequence[str]) -> str:
    reads = f" Reads {', '.join(f'`{name}`' for name in lists)}." if lists else ""
    return f"Version {version}.{reads}"


def _lists(lists: Iterable[ListEntry]) -> str:
    rows = [
        (
            f"`{entry.name}`",
            cell_of(entry.source),
            entry.licence,
            f"{entry.count:,}",
            f"`{entry.sha256[:12]}`",
            ", ".join(f"`{name}`" for name in entry.readers),
        )
        for entry in lists
    ]
    return _table(("list", "source", "licence", "entries", "SHA-256", "read by"), rows, right=("entries",))
