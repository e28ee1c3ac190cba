"""The stages of histories: elements grouped by a key, all numbers from sorted arrays of points, elements spread out again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msa_ml.features.history import (
    ApproxCountDistinct,
    Count,
    CountDistinct,
    FirstSeen,
    History,
    LabelCount,
    Rate,
    Recency,
    Sum,
)
from msa_ml.features.history_plan import FAR as _FAR
from msa_ml.features.history_plan import UNKNOWN_BELOW, Pair, Plan, Stage
from msa_ml.features.history_sql_events import FIRST_TASK
from msa_ml.features.history_window import HOUR, Window

FAR = f"toInt64({_FAR})"
ROW = 31  # the code of a row: behind every question of its millisecond
Select = dict[str, str]
"""Name to expression, in order; a later one may use the names before it."""


def group_stage(plan: Plan, stage: Stage, live: Sequence[str], source: str) -> tuple[str, list[str]]:
    """Return the SELECT of a group stage, and the columns behind it."""
    kept = [name for name in live if name != stage.key]
    beside = stage.kind == plan.kind and any(isinstance(h, Recency | FirstSeen) for h in stage.histories)
    inner: Select = {"unknown": f"{stage.key} < {UNKNOWN_BELOW}"}
    inner |= _elements(plan, stage, kept, beside=beside)
    inner |= {"asked": f"arrayFilter(x -> x < {FAR}, a_m)", "asked_k": "arrayResize(a_k, length(asked))"}
    inner |= _rows(plan, stage)
    for pair in stage.pairs:
        for window in _windows(h for h in stage.histories if _counts(h, pair)):
            inner |= _distinct(plan, stage, pair, window)
    for number in sorted({_sum_number(plan, h) for h in stage.histories if isinstance(h, Sum)}):
        inner |= _sums(plan, stage, number)
    for task in dict.fromkeys(h.task for h in stage.histories if isinstance(h, LabelCount | Rate)):
        for window in _windows(h for h in stage.histories if getattr(h, "task", None) == task):
            inner |= _labels(plan, stage, plan.tasks.index(task), window)
    results = {plan.result(history): _result(plan, stage, history) for history in stage.histories}
    if plan.counts_spread:
        results |= {plan.own(history): _own(stage, history) for history in stage.histories}
    spent = {f"{letter}{pair}" for pair in stage.pairs for letter in "vpno"}
    behind = [name for name in kept if name not in spent]
    spread = [f"a_{name} AS {name}" for name in behind]
    spread += [f"arrayResize({made}, length(a_m), nan) AS b_{name}" for name, made in results.items()]
    outer = [*behind, *(f"toFloat32(if(unknown, nan, b_{name})) AS {name}" for name in results)]
    return _text(outer, inner, source, stage.key, spread), [*behind, *results]


def pair_stage(plan: Plan, stage: Stage, live: Sequence[str], source: str) -> tuple[str, list[str]]:
    """Return the SELECT of a pair stage, and the columns behind it.

    It adds for each row when its value was known before (``p``), is known again (``n``), and, of the other rows, was known
    last before the row's own moment (``o``); minus and plus :data:`FAR` where never.
    """
    kept = [name for name in live if name != stage.key]
    inner = _elements(plan, stage, kept, beside=True)
    inner |= {
        "points": f"arraySort(arrayConcat(arrayMap(x -> x * 32 + {ROW}, a_k), "
        f"arrayMap(x -> x * 32, arrayFilter(x -> x < {FAR}, a_m))))",
        "last": f"arrayResize({_LAST}, length(a_m), toInt64(0))",
        "other": f"arrayMap((x, k, p, n) -> {_OTHER_LAST}, last, a_k, before, behind)",
    }
    made = {f"p{stage.pair}": "before", f"n{stage.pair}": "behind", f"o{stage.pair}": "other"}
    spread = [f"a_{name} AS {name}" for name in kept]
    spread += [f"{array} AS {name}" for name, array in made.items()]
    return _text([*kept, *made], inner, source, stage.key, spread), [*kept, *made]


_LAST = f"arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayFill(x -> bitAnd(x, 31) = {ROW}, points), points)"
# Of a point x, a row or none: its time, unless that is the element's own row; then the row beside it.
_OTHER_LAST = (
    f"multiIf(bitAnd(x, 31) != {ROW}, -{FAR}, bitShiftRight(x, 5) != k, bitShiftRight(x, 5), n = k, k, p)"
)
_OTHER_FIRST = (
    f"multiIf(bitAnd(x, 31) != {ROW}, {FAR}, bitShiftRight(x, 5) != k, bitShiftRight(x, 5), p = k, k, n)"
)


def _elements(plan: Plan, stage: Stage, kept: Sequence[str], *, beside: bool) -> Select:
    """Return the elements of a group as aligned arrays ``a_...`` in order of the moment.

    With ``beside`` also the times of the rows that stand before and behind each row in order of becoming known.
    """
    first = ["m", *(name for name in kept if name != "m")]
    grouped = ", ".join(f"groupArray({name})" for name in first)
    if not beside:
        found = {"elements": f"arraySort(x -> x.1, arrayZip({grouped}))"}
        return found | {f"a_{name}": f"elements.{place}" for place, name in enumerate(first, start=1)}
    known = f"if(what = {plan.kinds.index(stage.kind)}, k, {FAR})" if plan.mixed else "k"
    names = [*first, "before", "behind"]
    columns = ", ".join(f"rows_of.{place}" for place in range(2, len(first) + 2))
    found = {
        "rows_of": f"arraySort(x -> x.1, arrayZip(groupArray({known}), {grouped}))",
        "earlier": f"arrayPushFront(arrayPopBack(rows_of.1), -{FAR})",
        "later": f"arrayPushBack(arrayPopFront(rows_of.1), {FAR})",
        "elements": f"arraySort(x -> x.1, arrayZip({columns}, earlier, later))",
    }
    plain = ("before", "behind")
    return found | {
        (name if name in plain else f"a_{name}"): f"elements.{place}"
        for place, name in enumerate(names, start=1)
    }


def _rows(plan: Plan, stage: Stage) -> Select:
    """Return the points of rows and of the questions about them, and what stands before each question."""
    about = [h for h in stage.histories if isinstance(h, Count | Recency | FirstSeen)]
    if not about:
        return {}
    windows = _windows(h for h in about if isinstance(h, Count | FirstSeen))
    questions = [
        "arrayMap(x -> x * 32, asked)",
        *(f"arrayMap(x -> ({_start(w, 'x')}) * 32 + {code}, asked)" for code, w in enumerate(windows, 1)),
    ]
    found = {
        "points": f"arraySort(arrayConcat(arrayMap(x -> x * 32 + {ROW}, {_known(plan, stage)}), {', '.join(questions)}))"
    }
    if any(isinstance(h, Count) for h in about):
        found["counted"] = f"arrayCumSum(x -> bitAnd(x, 31) = {ROW}, points)"
        found["now"] = "arrayFilter((x, y) -> bitAnd(y, 31) = 0, counted, points)"
    for code, window in enumerate(windows, 1):
        if Count in {type(h) for h in about if h.window == window}:
            found[f"before_{window}"] = f"arrayFilter((x, y) -> bitAnd(y, 31) = {code}, counted, points)"
        if FirstSeen in {type(h) for h in about if h.window == window}:
            found[f"first_{window}"] = (
                f"arrayFilter((x, y) -> bitAnd(y, 31) = {code}, "
                f"arrayReverseFill(x -> bitAnd(x, 31) = {ROW}, points), points)"
            )
    if any(isinstance(h, Recency) for h in about):
        found["last"] = _LAST
    return found


def _distinct(plan: Plan, stage: Stage, pair: Pair, window: Window) -> Select:
    """Return how many values are alive at each question: +1 when a value comes alive, -1 when it was last heard of."""
    own = (
        "-1"
        if stage.kind != plan.kind
        else (f"if(v > 0 AND {_own_inside(window)} AND o < {_start(window, 'm')}, 1, 0)")
    )
    came = f"arrayFilter((k, p, v) -> v > 0 AND {_last(window, 'p')} < k, a_k, a_p{pair}, a_v{pair})"
    went = f"arrayFilter((k, n, v) -> v > 0 AND n > {_last(window, 'k')}, a_k, a_n{pair}, a_v{pair})"
    name = f"{pair}_{window}"
    alive = f"arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> {_SIGN}, alive_{name}), alive_{name})"
    result, mine = alive, "arrayMap(m -> 0, asked)"
    if own != "-1":
        aligned = ", ".join(f"arrayResize(a_{letter}{pair}, length(asked))" for letter in "vo")
        result = f"arrayMap((x, m, k, v, o) -> x - {own}, {alive}, asked, asked_k, {aligned})"
        mine = f"arrayMap((m, k, v, o) -> {own}, asked, asked_k, {aligned})"
    found = {
        f"alive_{name}": "arraySort(arrayConcat(arrayMap(x -> x * 32, asked), "
        f"arrayMap(x -> x * 32 + 1, {came}), arrayMap(k -> ({_last(window, 'k')}) * 32 + 2, {went})))",
        f"distinct_{name}": result,
    }
    # An event that has several values takes each of its own out, once all its elements stand together again.
    return {**found, f"distinct_{name}": alive, f"own_{name}": mine} if plan.counts_spread else found


_SIGN = "toInt64(bitAnd(x, 31) = 1) - toInt64(bitAnd(x, 31) = 2)"


def _sums(plan: Plan, stage: Stage, number: int) -> Select:
    """Return running totals at each question; the numbers are put in the order of their points."""
    windows = _windows(h for h in stage.histories if isinstance(h, Sum) and _sum_number(plan, h) == number)
    what = f"arrayFilter((x, y) -> y = {plan.kinds.index(stage.kind)}, a_s{number}, a_what)"
    numbers = what if plan.mixed else f"a_s{number}"
    times = [
        f"arrayMap(x -> x * 32 + {ROW}, {_known(plan, stage)})",
        "arrayMap(x -> x * 32, asked)",
        *(f"arrayMap(x -> ({_start(w, 'x')}) * 32 + {code}, asked)" for code, w in enumerate(windows, 1)),
    ]
    here = f"total{number}"
    found = {
        f"{here}_times": f"arrayConcat({', '.join(times)})",
        f"{here}_points": f"arraySort({here}_times)",
        here: f"arrayCumSum(arraySort((x, y) -> y, "
        f"arrayResize({numbers}, length({here}_times), toInt64(0)), {here}_times))",
        f"{here}_now": f"arrayFilter((x, y) -> bitAnd(y, 31) = 0, {here}, {here}_points)",
    }
    for code, window in enumerate(windows, 1):
        then = f"arrayFilter((x, y) -> bitAnd(y, 31) = {code}, {here}, {here}_points)"
        difference = f"arrayMap((x, y) -> x - y, {here}_now, {then})"
        if stage.kind == plan.kind:
            difference = (
                f"arrayMap((x, y, m, k, s) -> x - y - if({_own_inside(window)}, s, 0), "
                f"{here}_now, {then}, asked, asked_k, arrayResize(a_s{number}, length(asked)))"
            )
        found[f"sum{number}_{window}"] = difference
    return found


def _labels(plan: Plan, stage: Stage, task: int, window: Window) -> Select:
    """Return how many labels of each class hold at each question."""
    name = f"{task}_{window}"
    inside = f"y = {FIRST_TASK + task} AND b < least(e, {_last(window, 'k')})"
    items = f"arrayFilter((x, y, b, e, k) -> {inside}, arrayZip(a_began, a_ended, a_k, a_label), a_what, a_began, a_ended, a_k)"
    found = {
        f"held_{name}": items,
        f"holding_{name}": "arraySort(arrayConcat(arrayMap(x -> x * 32, asked), "
        f"arrayMap(x -> x.1 * 32 + 1 + 2 * x.4, held_{name}), "
        f"arrayMap(x -> least(x.2, {_last(window, 'x.3')}) * 32 + 2 + 2 * x.4, held_{name})))",
    }
    for label, word in ((0, "negative"), (1, "positive")):
        sign = f"toInt64(bitAnd(x, 31) = {1 + 2 * label}) - toInt64(bitAnd(x, 31) = {2 + 2 * label})"
        result = f"arrayFilter((x, y) -> bitAnd(y, 31) = 0, arrayCumSum(x -> {sign}, holding_{name}), holding_{name})"
        if stage.kind == plan.kind:
            own = ", ".join(f"arrayResize(a_own{task}_{part}, length(asked))" for part in ("known", "label"))
            result = f"arrayMap((x, m, k, v) -> x - (v = {label} AND k != 0 AND k >= {_start(window, 'm')}), {result}, asked, {own})"
        found[f"{word}_{name}"] = result
    return found


def _result(plan: Plan, stage: Stage, history: History) -> str:
    """Return the array of Float64 that holds a history for each question."""
    window = history.window
    own = stage.kind == plan.kind
    if isinstance(history, Count):
        if not own:
            return f"arrayMap((x, y) -> toFloat64(x) - y, now, before_{window})"
        return f"arrayMap((x, y, m, k) -> toFloat64(x) - y - ({_own_inside(window)}), now, before_{window}, asked, asked_k)"
    if isinstance(history, CountDistinct | ApproxCountDistinct):
        pair = next(pair for pair in stage.pairs if _counts(history, pair))
        found = f"distinct_{pair}_{window}"
        if plan.counts_spread:
            return f"arrayMap(x -> toFloat64(x), {found})"
        if isinstance(history, CountDistinct):
            return f"arrayMap(x -> toFloat64(least(x, {history.cap})), {found})"
        free = f"greatest({history.cells} - x, 1)"
        return f"arrayMap(x -> log({history.cells} / {free}) * {history.cells}, {found})"
    if isinstance(history, Sum):
        return f"arrayMap(x -> toFloat64(x) * {history.step!r}, sum{_sum_number(plan, history)}_{window})"
    if isinstance(history, Recency | FirstSeen):
        return _seen(history, own=own)
    if isinstance(history, Rate | LabelCount):
        return _labelled(plan, history)
    raise NotImplementedError(history.word)


def _own(stage: Stage, history: History) -> str:
    """Return the array of Float64 that says whether a value stands in the count only by the event's own row."""
    pair = next(pair for pair in stage.pairs if _counts(history, pair))
    return f"arrayMap(x -> toFloat64(x), own_{pair}_{history.window})"


def _seen(history: Recency | FirstSeen, *, own: bool) -> str:
    recent = isinstance(history, Recency)
    points = "last" if recent else f"first_{history.window}"
    never = f"-{FAR}" if recent else FAR
    times = f"arrayMap(x -> if(bitAnd(x, 31) = {ROW}, bitShiftRight(x, 5), {never}), {points})"
    if own:
        beside = "arrayResize(before, length(asked)), arrayResize(behind, length(asked))"
        other = _OTHER_LAST if recent else _OTHER_FIRST
        times = f"arrayMap((x, k, p, n) -> {other}, {points}, asked_k, {beside})"
    inside = f"t >= {_start(history.window, 'm')}" if recent else "t < m"
    return f"arrayMap((t, m) -> if({inside}, (m - t) / 1000, nan), {times}, asked)"


def _labelled(plan: Plan, history: Rate | LabelCount) -> str:
    name = f"{plan.tasks.index(history.task)}_{history.window}"
    if isinstance(history, LabelCount):
        made = {"abuse": "toFloat64(x)", "not_abuse": "toFloat64(y)", "any": "toFloat64(x + y)"}[
            history.label
        ]
        return f"arrayMap((x, y) -> {made}, positive_{name}, negative_{name})"
    above = f"x + toFloat64({history.prior!r}) * toFloat64({history.strength!r})"
    below = f"x + y + toFloat64({history.strength!r})"
    return (
        f"arrayMap((x, y) -> if({below} > 0, ({above}) / ({below}), nan), positive_{name}, negative_{name})"
    )


def _known(plan: Plan, stage: Stage) -> str:
    """Return when each row became known that the stage looks back on."""
    if not plan.mixed:
        return "a_k"
    return f"arrayFilter((x, y) -> y = {plan.kinds.index(stage.kind)}, a_k, a_what)"


def _windows(histories: Iterable[History]) -> list[Window]:
    return list(dict.fromkeys(history.window for history in histories))


def _counts(history: History, pair: Pair) -> bool:
    if isinstance(history, CountDistinct):
        return (history.of, 0) == (pair.of, pair.cells)
    return isinstance(history, ApproxCountDistinct) and (history.of, history.cells) == (pair.of, pair.cells)


def _sum_number(plan: Plan, history: Sum) -> int:
    return plan.sums.index((history.kind, history.of, history.step))


def _own_inside(window: Window) -> str:
    """Whether an element's own row stands in its window: it was known before it was decided upon."""
    return f"k < m AND k >= {_start(window, 'm')}"


def _start(window: Window, m: str) -> str:
    """Return :meth:`Window.start` in SQL."""
    start = f"({m} - {window.ms})"
    return f"({start} - positiveModulo({start}, {HOUR}))" if window.bucketed else start


def _last(window: Window, k: str) -> str:
    """Return :meth:`Window.last` in SQL."""
    if window.bucketed:
        return f"({k} - positiveModulo({k}, {HOUR}) + {HOUR - 1 + window.ms})"
    return f"({k} + {window.ms})"


def _text(outer: Sequence[str], inner: Select, source: str, key: str, spread: Sequence[str]) -> str:
    """Return a stage. What uses a name stands in a SELECT around it: ClickHouse would copy the expression into each use."""
    text = ""
    for number, layer in enumerate(_layers(inner)):
        made = ",\n    ".join(f"{inner[name]} AS {name}" for name in layer)
        if number:
            text = f"SELECT\n    *,\n    {made}\nFROM\n(\n{_indent(text)}\n)"
        else:
            text = f"SELECT\n    {made}\nFROM {source}\nGROUP BY {key}"
    return f"SELECT\n    {_lines(outer)}\nFROM\n(\n{_indent(text)}\n)\nARRAY JOIN\n    {_lines(spread)}"


def _layers(inner: Select) -> list[list[str]]:
    """Return the names in layers; each uses names of earlier layers only.

    Examples
    --------
    >>> _layers({"a": "x", "b": "y", "c": "a + b"})
    [['a', 'b'], ['c']]
    """
    depth: dict[str, int] = {}
    for name, expression in inner.items():
        used = [depth[word] for word in re.findall(r"\w+", expression) if word in depth]
        depth[name] = 1 + max(used, default=-1)
    return [[name for name in inner if depth[name] == level] for level in range(max(depth.values()) + 1)]


def _lines(names: Sequence[str]) -> str:
    return ",\n    ".join(names)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
