"""A time for messages whose headers name none: between their neighbours in the archive's order.

Within one folder or mbox such a message gets the middle of the last and the next dated one, or the one of them that
exists; in a folder without any date, the time of its file. Only what waits for its next neighbour is held, and of that
at most 32 MB; beyond, the last neighbour alone must do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msa_ml.source.files import Found
from msa_ml.source.mail_head import Head, read_head
from msa_ml.source.mail_time import TimeFrom, arrival

_MOST_WAITING = 32 * 1024 * 1024
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dated:
    """A message, its head, its time in UTC, and where the time is from."""

    found: Found = field(repr=False)
    head: Head = field(repr=False)
    event_time: datetime
    time_from: TimeFrom


def dated(messages: Iterable[Found], *, most_waiting: int = _MOST_WAITING) -> Iterator[Dated]:
    r"""Yield each message with a time. Undated ones come later than they were found, the others in order.

    Parameters
    ----------
    messages
        As :func:`msa_ml.source.files.read_mail` yields them.
    most_waiting
        Bytes of messages that wait for a dated neighbour, at most.

    Examples
    --------
    >>> def found(position, raw):
    ...     return Found(raw, f"a/{position}", position, ("a",), "a")
    >>> mails = [b"Date: Thu, 1 Aug 2002 00:00:00 +0000\n\n", b"Subject: x\n\n", b"Date: Sat, 3 Aug 2002 00:00:00 Z\n\n"]
    >>> [(m.event_time.day, m.time_from) for m in dated(map(found, range(3), mails))]
    [(1, 'date'), (2, 'neighbours'), (3, 'date')]
    """
    last: dict[str, datetime] = {}
    waiting: dict[str, list[tuple[Found, Head]]] = {}
    bytes_waiting = 0
    for found in messages:
        head = read_head(found.raw, cut=found.cut)
        arrived = arrival(head.received, head.date)
        place = found.container
        if arrived is None:
            waiting.setdefault(place, []).append((found, head))
            bytes_waiting += len(found.raw)
            if bytes_waiting > most_waiting:
                yield from _all(waiting, last)
                bytes_waiting = 0
            continue
        held = waiting.pop(place, [])
        bytes_waiting -= sum(len(one.raw) for one, _ in held)
        moment, time_from = arrived
        yield from _between(held, last.get(place), moment)
        last[place] = moment
        yield Dated(found, head, moment, time_from)
    yield from _all(waiting, last)


def _all(waiting: dict[str, list[tuple[Found, Head]]], last: dict[str, datetime]) -> Iterator[Dated]:
    for place, held in waiting.items():
        yield from _between(held, last.get(place), None)
    waiting.clear()


def _between(
    held: list[tuple[Found, Head]], before: datetime | None, after: datetime | None
) -> Iterator[Dated]:
    for found, head in held:
        if before is not None and after is not None:
            middle = before + (after - before) / 2
            yield Dated(found, head, _milliseconds(middle), "neighbours")
        elif before is not None or after is not None:
            yield Dated(found, head, before or after or _NO_TIME, "neighbours")
        else:
            yield Dated(found, head, _milliseconds(found.modified or _NO_TIME), "file")


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
