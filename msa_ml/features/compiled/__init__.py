"""Compiled twins of functions that every record passes.

A function with a twin is written twice: in Python where it belongs, which is what it means and what runs everywhere, and
in Cython in this folder, which runs instead where the installation found a C compiler. Both return the same for every
input. A twin may leave what is rare to Python's own: it finds that in its ``PYTHON``, where :func:`compiled` puts it.

Twins read what attackers write: indices are checked and integers are wide, so that the worst a bug can do is an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from msa_ml.features.compiled.made_of import made_of

_Written = TypeVar("_Written", bound=Callable[..., Any])

TWINS: dict[str, tuple[Any, Any]] = {}
"""Python's own and the twin, by the name of the latter; empty where nothing was compiled."""


def compiled(module: str) -> Callable[[_Written], _Written]:
    """Put the twin from a module of this folder in the place of a function or class.

    Parameters
    ----------
    module
        Name of the module; the twin has the name of what it replaces.

    Examples
    --------
    >>> from msa_ml.features.shared.once import once
    >>> TWINS.get("row.once", (once, once))[1] is once
    True
    """

    def replaced(own: _Written) -> _Written:
        built = _built(module)
        if built is None:
            return own
        twin = getattr(built, own.__name__)
        built.PYTHON[own.__name__] = own
        TWINS[f"{module}.{own.__name__}"] = (own, twin)
        chosen: _Written = twin
        return chosen

    return replaced


def built() -> tuple[str, ...]:
    """Return the names of the modules that were compiled.

    Examples
    --------
    >>> set(built()) <= {source.stem for source in Path(__file__).parent.glob("*.pyx")}
    True
    """
    here = Path(__file__).parent
    return tuple(
        sorted({path.name.split(".")[0] for end in EXTENSION_SUFFIXES for path in here.glob(f"*{end}")})
    )


def _built(module: str) -> ModuleType | None:
    """Return a compiled module, ``None`` where it was not built, or where its source has changed since."""
    try:
        found = import_module(f"{__name__}.{module}")
    except ImportError:
        return None
    source = Path(__file__).with_name(f"{module}.pyx")  # a checkout has it, a wheel has not
    if source.is_file() and made_of(source) != found.SOURCE:
        warnings.warn(
            f"what was compiled of {source.name} is old, Python's own runs instead: make setup", stacklevel=4
        )
        return None
    return found
