"""Score events that come as JSON lines: for other programs, and for a bundle that only other code can load.

In, one object a line: ``{"id": "...", "raw": "<base64 of a mail>"}``, or ``{"id": "...", "event": {...}, "history": {...}}``
for events of plain fields. Out, first a line that says who answers, ``{"bundle_id": ..., "task": ...,
"package_version": ...}``, then for each event in order ``{"id", "logit", "probability", "decisions"}``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from msa_ml import __version__
from msa_ml.bundle.manifest import strict_json
from msa_ml.bundle.read import Bundle
from msa_ml.errors import InputError
from msa_ml.features.event_json import to_json

History = Mapping[str, float]
"""What was known before an event, by name; what is left out is unknown."""


def mail_line(name: str, raw: bytes, history: History | None = None) -> bytes:
    r"""Return one line for :func:`score_lines`.

    Examples
    --------
    >>> mail_line("a", b"Subject: x")
    b'{"id": "a", "raw": "U3ViamVjdDogeA=="}\n'
    """
    return _line({"id": name, "raw": base64.b64encode(raw).decode(), **_told(history)})


def event_line(name: str, event: Mapping[str, Any], history: History | None = None) -> bytes:
    r"""Return one line for :func:`score_lines` of an event of plain fields.

    Examples
    --------
    >>> event_line("a", {"user_name": "ann", "asn": None}, {"signup.count_by_ip_1h": 3.0})
    b'{"id": "a", "event": {"user_name": "ann"}, "history": {"signup.count_by_ip_1h": 3.0}}\n'
    """
    return _line({"id": name, "event": to_json(event), **_told(history)})


def _told(history: History | None) -> dict[str, Any]:
    return {"history": dict(history)} if history else {}


def score_lines(bundle: Bundle, lines: Iterable[bytes], *, batch: int = 1) -> Iterator[bytes]:
    """Yield the answer to each line, the first one before any is read.

    Parameters
    ----------
    batch
        So many lines are read before they are answered together, which is faster; 1 for a caller who waits for each answer.

    Raises
    ------
    InputError
        A line is no such object; it is named by its number.
    """
    who = {"bundle_id": bundle.id, "task": bundle.manifest.task, "package_version": __version__}
    yield _line(who)
    entries = (_entry(number, line) for number, line in enumerate(lines, 1))
    while held := list(islice(entries, batch)):
        names, events, histories = zip(*held, strict=True)
        scores = bundle.score_vectors(bundle.vectors(events, histories if any(histories) else None))
        for name, score in zip(names, scores, strict=True):
            yield _line(
                {
                    "id": name,
                    "logit": score.logit,
                    "probability": score.probability,
                    "decisions": dict(score.decisions),
                }
            )


def _entry(number: int, line: bytes) -> tuple[str, Any, Any]:
    try:
        entry = strict_json(line)
        history = entry.get("history")
        if not isinstance(history, dict | None):
            raise TypeError("no history")
        return str(entry["id"]), _event(entry), history
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"line {number} is no event.",
            hint='Write {"id": "...", "raw": "<base64>"} or {"id": "...", "event": {...}}.',
        ) from error


def _event(entry: Mapping[str, Any]) -> Any:
    if "raw" not in entry:
        return dict(entry["event"])
    try:
        return base64.b64decode(entry["raw"], validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False).encode() + b"\n"
