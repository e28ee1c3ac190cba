"""The rules of sign-ups are enough: a consumer in another language computes the same features from the same row."""

from __future__ import annotations

import base64
import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.bundle.golden import DENSE_TOLERANCE, LOGIT_TOLERANCE, read_cases
from msa_ml.bundle.read import Bundle
from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.event_json import to_json
from msa_ml.features.extractor import Vector
from msa_ml.records import Signup
from tests.bundle.tiny import reseal
from tests.node import Ask, Consumer, talking
from tests.signup_edges import Row, addresses, clients, everywhere, names
from tests.strategies import records

pytestmark = [pytest.mark.xdist_group("consumer")]


@pytest.fixture(scope="module")
def ask(consumer: Consumer, signup_bundle: Bundle) -> Iterator[Ask]:
    with talking(signup_bundle.path, "signup") as said:
        yield said


def demand_equal(ask: Ask, bundle: Bundle, rows: Sequence[Row]) -> None:
    """Demand the same features, logits and decisions of rows without a past; what needs our runtime is given."""
    texts = [json.dumps(row) for row in rows]
    vectors = bundle.vectors(texts)
    scores = bundle.score_vectors(vectors)
    for row, line, score, ours in zip(
        rows,
        ask(
            [
                {"event": row, "dense": only_runtime(bundle, ours)}
                for row, ours in zip(rows, vectors.dense, strict=True)
            ]
        ),
        scores,
        vectors.dense,
        strict=True,
    ):
        theirs = np.array([np.nan if value is None else value for value in line["dense"]], np.float64)
        close = np.isclose(theirs, ours, rtol=DENSE_TOLERANCE, atol=0, equal_nan=True)
        wrong = {
            bundle.features.columns[place]: (theirs[place], ours[place]) for place in np.flatnonzero(~close)
        }
        assert not wrong, (row, wrong)
        assert abs(line["logit"] - score.logit) <= LOGIT_TOLERANCE, row
        assert line["decisions"] == score.decisions, row


def only_runtime(bundle: Bundle, dense: Vector) -> list[float | None]:
    """Return the numbers that no port computes, and null for all others."""
    features = bundle.features.features
    given = (
        value if feature.portable == "runtime" else np.nan
        for value, feature in zip(dense, features, strict=True)
    )
    return [None if np.isnan(value) else float(value) for value in given]


def test_every_record_feature_of_signups_but_those_of_the_parser_is_portable(signup_bundle: Bundle) -> None:
    [parsed] = [
        extractor for extractor in signup_bundle.features.extractors if extractor.name == "signup.browser"
    ]
    named = zip(signup_bundle.features.columns, signup_bundle.features.features, strict=True)
    assert {column for column, feature in named if feature.portable == "runtime"} == set(parsed.columns)
    assert "signup.browser" not in {
        extractor.name for extractor in signup_bundle.features.portable().extractors
    }


def test_golden_cases_from_their_rows(consumer: Consumer, signup_bundle: Bundle) -> None:
    lines = consumer(signup_bundle.path, "golden")
    assert len(lines) >= 10
    assert [line for line in lines if line["differs"]] == []
    features = signup_bundle.features
    portable = sum(feature.portable == "yes" for feature in features.features) - len(features.histories)
    assert {line["computed"] for line in lines if "logit" in line} == {portable}


def test_a_golden_case_with_another_row_differs(
    consumer: Consumer, signup_bundle: Bundle, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(signup_bundle.path, tmp_path / "copy"))
    lines = [json.loads(line) for line in (copy / "golden.jsonl").read_text().splitlines()]
    row = json.loads(base64.b64decode(lines[0]["raw"]))
    row["user_name"] += "7"
    lines[0]["raw"] = base64.b64encode(json.dumps(row).encode()).decode()
    (copy / "golden.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    reseal(copy)
    said = consumer(copy, "golden", code=1)
    assert "signup.name.length" in said[0]["differs"]
    assert all(line["differs"] == [] for line in said[1:])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(records("signup"), min_size=15, max_size=15))
def test_hostile_rows(ask: Ask, signup_bundle: Bundle, events: list[object]) -> None:
    demand_equal(ask, signup_bundle, [_row(event) for event in events])


def _row(event: object) -> Row:
    row = to_json({field.name: getattr(event, field.name) for field in fields(Signup)})
    return {name: value for name, value in row.items() if _is_json(value)}


def _is_json(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("rows", [everywhere, names, addresses, clients])
def test_edges(ask: Ask, signup_bundle: Bundle, rows: Callable[[], Iterator[Row]]) -> None:
    demand_equal(ask, signup_bundle, list(rows()))


def test_a_history_is_taken_as_given(ask: Ask, signup_bundle: Bundle) -> None:
    text = (signup_bundle.path / "golden.jsonl").read_text()
    cases = [case for case in read_cases(text) if case.history]
    lines = ask(
        [
            {
                "event": json.loads(case.raw),
                "history": dict(case.history),
                "dense": only_runtime(signup_bundle, case.dense),
            }
            for case in cases
        ]
    )
    for case, line in zip(cases, lines, strict=True):
        assert line["decisions"] == case.decisions
        assert abs(line["logit"] - case.logit) <= LOGIT_TOLERANCE


@pytest.mark.parametrize(
    "row", [{"user_nam": "ann"}, {"event_time": "2026-03-10T09:15:02"}, {"event_time": "soon"}]
)
def test_a_row_that_is_none_is_refused_by_both(
    consumer: Consumer, signup_bundle: Bundle, row: dict[str, str]
) -> None:
    assert consumer(signup_bundle.path, "signup", [{"event": row}], code=1) == []
    with pytest.raises((InputError, UnknownNameError)):
        signup_bundle.score(row)
