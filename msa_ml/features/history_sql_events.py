"""The elements that the stages of histories work on: every event once, and each change of its label."""

from __future__ import annotations

from msa_ml.features import history_keys
from msa_ml.features.history_numbers import MOST_STEPS
from msa_ml.features.history_plan import FAR as _FAR
from msa_ml.features.history_plan import UNKNOWN_BELOW, Plan, Stage

FAR = f"toInt64({_FAR})"
ONE = "one_value"
"""The column that holds one value of the word that may have several."""
FIRST_TASK = 100
"""``what`` of an event is the number of its kind in the plan, of a label this and the number of its task."""

_KNOWN = "assumeNotNull(toUnixTimestamp64Milli(greatest(event_time, ifNull(ingested_at, event_time))))"
_MOMENT = "assumeNotNull(toUnixTimestamp64Milli(ifNull(decided_at, event_time)))"
_ALLOWED = (
    "greatest(event_time, ifNull(ingested_at, event_time)) < {as_of:DateTime64(3, 'UTC')}\n"
    "    AND (empty({event_sources:Array(String)}) OR has({event_sources:Array(String)}, source))\n"
    "    AND (simulated = 0 OR {with_simulated:Bool})"
)
_ASKED = "event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}"
_HEX = "match(event_id, '^[0-9a-f]{32}$')"


def parts(plan: Plan) -> list[str]:
    """Return the members of the WITH clause that end in ``elements``."""
    found = [_span(plan)]
    for number in range(len(plan.tasks)):
        found += _labels(number)
    found.append(_elements(plan))
    return found


def _span(plan: Plan) -> str:
    return (
        "-- The first and the last moment that is asked for, ms.\n"
        "(\n"
        f"    SELECT (min({_MOMENT}), max({_MOMENT}))\n"
        f"    FROM {{{{{plan.kind}}}}}\n"
        f"    WHERE {_ASKED}\n    AND {_ALLOWED}\n"
        ") AS span"
    )


def _labels(t: int) -> list[str]:
    """Return how the label of each event changes: intervals (began, ended] with the statement that holds."""
    value = f"transform(label, {{words_{t}:Array(String)}}, {{word_values_{t}:Array(Int8)}}, toInt8(-1))"
    rank = f"transform(source, {{sources_{t}:Array(String)}}, {{source_ranks_{t}:Array(Int32)}}, toInt32(0))"
    said = f"""said_{t} AS
(
    SELECT
        label_id,
        subject,
        {value} AS value,
        ({rank}, assumeNotNull(toUnixTimestamp64Milli(labelled_at)), toString(source), label_id) AS weight,
        retracts,
        assumeNotNull(toUnixTimestamp64Milli(greatest(labelled_at, ifNull(ingested_at, labelled_at)))) AS known
    FROM {{{{label}}}}
    WHERE task = {{task_{t}:String}}
        AND subject_kind = 'event'
        AND greatest(labelled_at, ifNull(ingested_at, labelled_at)) < {{as_of:DateTime64(3, 'UTC')}}
)"""
    changes = f"""-- At each change the statement that holds from then on.
holding_{t} AS
(
    SELECT
        subject,
        changed,
        argMaxIf((known, value), weight, known <= changed AND taken_back > changed) AS holds,
        countIf(known <= changed AND taken_back > changed) > 0 AS any_holds
    FROM
    (
        SELECT
            subject,
            groupArray((known, value, weight, taken_back)) AS statements,
            arrayJoin(arrayDistinct(arrayFilter(x -> x < {FAR}, arrayConcat(groupArray(known), groupArray(taken_back))))) AS changed
        FROM
        (
            SELECT
                s.subject AS subject,
                s.known AS known,
                s.value AS value,
                s.weight AS weight,
                if(notEmpty(r.label_id), r.taken_back, {FAR}) AS taken_back
            FROM said_{t} AS s
            LEFT JOIN
            (
                SELECT
                    retracts AS label_id,
                    min(known) AS taken_back
                FROM said_{t}
                WHERE notEmpty(retracts)
                GROUP BY retracts
            ) AS r ON r.label_id = s.label_id
            WHERE empty(s.retracts)
        )
        GROUP BY subject
    )
    ARRAY JOIN
        statements.1 AS known,
        statements.2 AS value,
        statements.3 AS weight,
        statements.4 AS taken_back
    GROUP BY
        subject,
        changed
)"""
    items = f"""labels_{t} AS
(
    SELECT
        subject,
        arrayFilter(x -> x.3 > -{FAR}, arrayMap(
            (began, ended, held) -> (began, ended, if(held.2 < 0, -{FAR}, held.1), held.2),
            sorted.1,
            arrayPushBack(arrayPopFront(sorted.1), {FAR}),
            sorted.2)) AS items
    FROM
    (
        SELECT
            subject,
            arraySort(x -> x.1, groupArray((changed, if(any_holds, holds, (toInt64(0), toInt8(-1)))))) AS sorted
        FROM holding_{t}
        GROUP BY subject
    )
    WHERE notEmpty(items)
)"""
    return [said, changes, items]


def _elements(plan: Plan) -> str:
    selects = [_select(plan, kind) for kind in plan.kinds]
    return "elements AS\n(\n" + _indent("\nUNION ALL\n".join(selects)) + "\n)"


def _select(plan: Plan, kind: str) -> str:
    asked = kind == plan.kind
    tasks = [t for t in range(len(plan.tasks)) if _reads(plan, kind, t)]
    columns = {
        "k": _KNOWN,
        "is_asked": f"{_ASKED}" if asked else "0",
        "m": f"if(is_asked, {_MOMENT}, {FAR})",
        **_ids(plan),
    }
    if plan.spread:
        columns[ONE] = _one(plan, kind)
    if plan.mixed:
        columns["what"] = f"toUInt8({plan.kinds.index(kind)})"
    if plan.tasks:
        columns |= {"began": "toInt64(0)", "ended": "toInt64(0)", "label": "toInt8(0)"}
        for t in range(len(plan.tasks)):
            item = f"arrayFirst(x -> x.1 < m AND m <= x.2, l{t}.items)" if asked and t in tasks else ""
            columns[f"own{t}_known"] = f"({item}).3" if item else "toInt64(0)"
            columns[f"own{t}_label"] = f"({item}).4" if item else "toInt8(0)"
    columns |= {stage.key: _hash(plan, stage, kind) for stage in plan.stages}
    columns |= {f"v{s.pair}": _value(plan, s, kind) for s in plan.stages if s.pair is not None}
    columns |= {f"s{n}": _steps(*said, kind) for n, said in enumerate(plan.sums)}
    needed = [f"    {expression} AS {name}" for name, expression in columns.items()]
    joins = "".join(f"\nLEFT JOIN labels_{t} AS l{t} ON l{t}.subject = e.event_id" for t in tasks)
    in_time = f"k >= span.1 - {plan.longest} AND k < span.2"
    labelled = "".join(f" OR notEmpty(l{t}.items)" for t in tasks)
    where = (
        f"WHERE {_ALLOWED}\n"
        f"    AND (({in_time}){' OR (' + _ASKED + ')' if asked else ''}{labelled})\n"
        "    AND event_time < greatest({until:DateTime64(3, 'UTC')}, fromUnixTimestamp64Milli(span.2, 'UTC'))"
    )
    inner = (
        "SELECT\n"
        + ",\n".join(needed)
        + "".join(f",\n    l{t}.items AS items_{t}" for t in tasks)
        + f"\nFROM {{{{{kind}}}}} AS e{joins}\n{where}"
    )
    return _spread(plan, inner, tasks)


def _spread(plan: Plan, inner: str, tasks: list[int]) -> str:
    """Return the select with each change of a label as an element beside the event."""
    if not tasks:
        return f"SELECT\n    {_listed(plan.columns)}\nFROM\n(\n{_indent(inner)}\n)"
    pieces = "".join(
        f",\n    arrayMap(x -> (toUInt8({FIRST_TASK + t}), x.1, x.2, x.3, x.4), s.items_{t})" for t in tasks
    )
    event = "[(s.what, s.began, s.ended, s.k, s.label)]"
    outer = {
        "m": f"if(x.1 < {FIRST_TASK}, s.m, {FAR})",
        "k": "x.4",
        "what": "x.1",
        "began": "x.2",
        "ended": "x.3",
        "label": "x.5",
    }
    # A label is no row: it takes no part where rows are counted.
    labelled = {stage.key for stage in plan.stages if any(h.reads_labels for h in stage.histories)}
    for stage in plan.stages:
        if stage.key not in labelled:
            outer[stage.key] = f"if(x.1 < {FIRST_TASK}, s.{stage.key}, s.id_lo % {UNKNOWN_BELOW})"
        if stage.pair is not None:
            outer[f"v{stage.pair}"] = f"if(x.1 < {FIRST_TASK}, s.v{stage.pair}, 0)"
    made = ",\n    ".join(f"{outer[name]} AS {name}" if name in outer else name for name in plan.columns)
    return (
        f"SELECT\n    {made}\nFROM\n(\n{_indent(inner)}\n) AS s\n"
        f"ARRAY JOIN arrayConcat(\n    {event}{pieces}) AS x"
    )


def _reads(plan: Plan, kind: str, t: int) -> bool:
    return any(h.kind == kind and getattr(h, "task", None) == plan.tasks[t] for h in plan.histories)


def _ids(plan: Plan) -> dict[str, str]:
    if plan.text_ids:
        return {"event_id": "e.event_id", "id_lo": "sipHash64(e.event_id)"}
    check = f"throwIf(NOT {_HEX}, 'an event_id is not 32 hex digits')"
    return {
        "id_hi": f"reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 1, 16)))) + {check}",
        "id_lo": "reinterpretAsUInt64(reverse(unhex(substring(e.event_id, 17, 16))))",
    }


def _hash(plan: Plan, stage: Stage, kind: str) -> str:
    """Return the hash of a stage's key; an element that takes no part in the stage has an unknown one."""
    unknown = f"id_lo % {UNKNOWN_BELOW}"
    taking_part = kind == stage.kind or (kind == plan.kind and stage.pair is None)
    if not taking_part:
        return unknown
    texts = [_text(plan, kind, word) for word in stage.keys]
    known = [f"notEmpty({item})" for item in texts]
    if stage.pair is not None:
        value = _text(plan, kind, stage.pair.of)
        known.append(f"notEmpty({value})")
        texts.append(f"v{stage.pair}")
    return f"if({' AND '.join(known)}, greatest(sipHash64({', '.join(texts)}), {UNKNOWN_BELOW}), {unknown})"


def _one(plan: Plan, kind: str) -> str:
    """Return one value of the word that may have several: the row comes once for each, and once where it has none."""
    key = history_keys.KEYS[kind].get(plan.spread)
    if key is None:
        return "''"
    return f"arrayJoin(emptyArrayToSingle({key.sql}))" if key.several else key.sql


def _text(plan: Plan, kind: str, word: str) -> str:
    return ONE if word == plan.spread else history_keys.KEYS[kind][word].sql


def _value(plan: Plan, stage: Stage, kind: str) -> str:
    """Return the hash, or the cell, of a value; 0 where it is unknown."""
    if stage.pair is None or kind != stage.kind:
        return "toUInt64(0)"
    value = _text(plan, kind, stage.pair.of)
    cells = stage.pair.cells
    told = (
        f"1 + reinterpretAsUInt32(substring(SHA256({value}), 1, 4)) % {cells}"
        if cells
        else f"greatest(sipHash64({value}), 1)"
    )
    return f"if(notEmpty({value}), toUInt64({told}), 0)"


def _steps(of_kind: str, word: str, step: float, kind: str) -> str:
    if kind != of_kind:
        return "toInt64(0)"
    value = f"ifNull(toFloat64({history_keys.VALUES[kind][word].sql}), nan)"
    held = f"least(greatest({value} / {float(step)!r}, -{float(MOST_STEPS)!r}), {float(MOST_STEPS)!r})"
    return f"if(isFinite({value}), toInt64(floor({held} + 0.5)), 0)"


def _listed(names: tuple[str, ...]) -> str:
    return ",\n    ".join(names)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
