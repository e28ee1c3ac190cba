"""Histories as one SELECT: no DDL, no temporary table, the same text on a server and embedded, over own and mapped tables.

How it works. Every event is one element with its time of becoming known ``k``, its moment ``m`` (:data:`FAR` where it is not asked for),
the hashes of its keys and the numbers it brings. For each group of keys the elements pass one stage: they are grouped
by the key into arrays, the arrays are put in order of the moment, every number is a difference of running totals over one
sorted array of points, and the elements are spread out again, with the results beside them, for the next stage. So the table is read
once (twice for the span of the moments), and nothing is ever joined. Where an event has several values of a key it is an element for each, and
one GROUP BY in the end takes the greatest of their numbers, or the least. Time is that of sorting, for a hot key too; no window is
recomputed, and no lambda captures an array (ClickHouse would copy it for each element).

A point is a time with a code in its low bits: ``time * 32 + code``. Questions have smaller codes than rows, so
what became known in the same millisecond stands behind them, and is not counted.

Roads not taken: RANGE frames (offsets are signed 32-bit, and moving frames recompute on a hot key); ASOF joins (one hash
table for each window; on event time they leak); a join of one result per key (the join of 10 million ids costs more than the windows).

Keys are compared by 64 bits of SipHash: among 10 million different keys two are confused with a probability of 3e-6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msa_ml.errors import InputError
from msa_ml.features.history import CountDistinct, History, require_unique
from msa_ml.features.history_plan import FAR, MOST_STAGES, Plan, portions
from msa_ml.features.history_sql_events import parts
from msa_ml.features.history_sql_stages import group_stage, pair_stage
from msa_ml.records import KINDS

__all__ = ["Compiled", "compile_histories"]


@dataclass(frozen=True)
class Compiled:
    """A SELECT and what it returns.

    Attributes
    ----------
    text
        One SELECT. ``{{signup}}`` and ``{{label}}`` stand for relations; see :func:`msa_ml.source.queries.fill`.
        Parameters: ``since``, ``until``, ``as_of``, ``event_sources``, ``with_simulated`` as in the queries over
        events, and for the n-th task ``words_n``, ``word_values_n``, ``sources_n``, ``source_ranks_n``.
    columns
        Names of the histories, in the order of the columns behind ``event_id``.
    tasks
        Tasks whose labels are read, in the order of the parameters.
    """

    text: str
    columns: tuple[str, ...]
    tasks: tuple[str, ...]


def compile_histories(histories: Iterable[History], *, kind: str, text_ids: bool = False) -> Compiled:
    """Return the SELECT that computes histories of the events of a kind.

    Parameters
    ----------
    histories
        What to compute, of any kinds of events.
    kind
        Kind of the events that are asked about.
    text_ids
        Ids may be any text. By default they are 32 hex digits, as ours are, and the query fails on others.

    Raises
    ------
    InputError
        No history, two of one name, a key that the events asked about do not have, or too many keys for one SELECT.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> made = compile_histories([Count("signup", by="ip", over="1h")], kind="signup")
    >>> made.columns, made.text.count("{{signup}}")
    (('signup.count_by_ip_1h',), 2)
    """
    chosen = require_unique(histories)
    if not chosen:
        raise InputError(
            "there is no history to compile.", hint='Give one: Count("signup", by="ip", over="1h").'
        )
    if kind not in KINDS:
        raise InputError(f"'{kind}' is no kind of event.")
    plan = Plan.of(chosen, kind=kind, text_ids=text_ids)
    if len(plan.stages) > MOST_STAGES and len(portions(chosen)) > 1:
        raise InputError(
            f"these histories need {len(plan.stages)} stages, more than the {MOST_STAGES} that one SELECT may hold.",
            hint="Ask for fewer keys at a time; Dataset.history does so by itself.",
        )
    members, source, live = parts(plan), "elements", list(plan.columns)
    for number, stage in enumerate(plan.stages, start=1):
        make = group_stage if stage.pair is None else pair_stage
        body, live = make(plan, stage, live, source)
        source = f"stage_{number}"
        members.append(f"{source} AS\n(\n{_indented(body)}\n)")
    columns = [f"{plan.event_id} AS event_id"]
    columns += [f"{_together(plan, history)} AS `{history.name}`" for history in chosen]
    listed = ",\n    ".join(columns)
    with_clause = ",\n".join(_indented(member) for member in members)
    text = f"WITH\n{with_clause}\nSELECT\n    {listed}\nFROM {source}\nWHERE m < {FAR}\n"
    if plan.spread:
        text += f"GROUP BY\n    {', '.join(plan.ids)}\n"
    return Compiled(text, tuple(history.name for history in chosen), plan.tasks)


def _together(plan: Plan, history: History) -> str:
    """Return the number of an event, from those of its elements where it has several."""
    number = plan.result(history)
    if not plan.spread:
        return number
    if plan.counts_spread:
        assert isinstance(history, CountDistinct)  # noqa: S101 - no other counts values of which there are several
        alive = f"max({number}) - sum({plan.own(history)})"
        return f"toFloat32(if(isNaN(any({number})), nan, least({alive}, {history.cap})))"
    known = f"NOT isNaN({number})"
    choose = "minIf" if history.least else "maxIf"
    return f"toFloat32(if(countIf({known}) = 0, nan, {choose}({number}, {known})))"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))
