"""Histories that a caller gives: checked before a score, said where they lack, the same by every way in."""

import asyncio
import base64
import json
import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from msa_ml.bundle.golden_events import golden_events
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.graph import emit
from msa_ml.bundle.lines import mail_line, score_lines
from msa_ml.bundle.pyfunc import BundleModel
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.serve.app import App, Service
from msa_ml.bundle.serve.holder import Holder
from msa_ml.bundle.write import write
from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.reputation import VOLUME
from msa_ml.features.mail.subject import Subject
from msa_ml.tasks import get
from tests.bundle.serve.test_app import JSON, ask
from tests.bundle.tiny import tiny
from tests.main_job import run

RAW = golden_mail()["pills"]
EVENT = {"user_name": "ann"}
MAIL_NAME = VOLUME[0].name
SECRET = "zanzibar"
WRONG = [10**400, -(10**400), 1e300, math.inf, SECRET, "3", True, [1], {"a": 1}, np.bool_(True), b"3"]


def made(folder: Path, features: FeatureSet, task: str, events: Any) -> Bundle:
    """Write a bundle whose one tree says 1 above 20 of its last history, else -1."""
    width = len(features.columns)
    tree = {
        "split_conditions": [20.5, -1.0, 1.0],
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [width - 1, 0, 0],
        "default_left": [1, 0, 0],
    }
    graph = emit(width=width, trees=[tree], base_margin=0.0, slope=1.0, intercept=0.0)
    contents = replace(tiny(features), graph=graph, task=task, rules={task: get(task).labels})
    return write(folder, contents, events)


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    features = FeatureSet([Subject()]).with_histories(VOLUME[0])
    return made(tmp_path_factory.mktemp("given") / "spam", features, "spam", golden_mail())


@pytest.fixture(scope="module")
def signups(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    features = get("signup_abuse").features()
    return made(
        tmp_path_factory.mktemp("given") / "signup", features, "signup_abuse", golden_events("signup")
    )


def name_of(bundle: Bundle) -> str:
    return bundle.features.histories[-1].name


def app_of(bundle: Bundle) -> App:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return App(Holder(bundle.path, lambda _: bundle, lambda: now), Service(), time.monotonic)


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__ + str(value)[:8])
def test_what_is_no_number_is_refused_without_being_repeated(
    mails: Bundle, signups: Bundle, value: Any
) -> None:
    for bundle, event in ((mails, RAW), (signups, EVENT)):
        with pytest.raises(InputError, match="is no number that float32 can hold") as caught:
            bundle.score(event, history={name_of(bundle): value})
        assert SECRET not in str(caught.value)


def test_numbers_and_what_is_unknown_are_taken(mails: Bundle) -> None:
    numbers: list[Any] = [30, 30.0, np.float32(30), np.int64(30)]
    for value in numbers:
        assert mails.score(RAW, history={MAIL_NAME: value}).logit == 1.0
    unknown: list[Any] = [None, math.nan, np.float32(math.nan)]
    for nothing in unknown:
        assert mails.score(RAW, history={MAIL_NAME: nothing}).logit == -1.0
    with pytest.raises(InputError, match="expected a history: numbers by name, found list"):
        mails.score(RAW, history=[30])  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown history of the bundle"):
        mails.score(RAW, history={"no.such": 1.0})


def test_a_frame_of_wrong_histories_is_refused(signups: Bundle) -> None:
    name = name_of(signups)
    for values in ([SECRET, None], [True, False], [[1.0], [2.0]]):
        with pytest.raises(InputError, match=f"column '{name}' holds no numbers") as caught:
            signups.score_frame(pl.DataFrame({"user_name": ["a", "b"], name: values}))
        assert SECRET not in str(caught.value)
    for value in (1e300, math.inf):
        with pytest.raises(InputError, match="is no number that float32 can hold"):
            signups.score_frame(pl.DataFrame({"user_name": ["a", "b"], name: [value, 1.0]}))
    found = signups.score_frame(pl.DataFrame({"user_name": ["a", "b", "c"], name: [30, None, 3]}))
    assert found["logit"].to_list() == [1.0, -1.0, -1.0]
    assert signups.score_frame(pl.DataFrame({name: [None]}))["logit"].to_list() == [-1.0]


def test_a_score_without_counters_says_so(mails: Bundle, signups: Bundle, bundle: Bundle) -> None:
    for one, event in ((mails, RAW), (signups, EVENT)):
        score = one.score(event)
        assert (score.degraded, score.complete) == (("history",), False)
        assert [score.degraded for score in one.score_many([event, event])] == [("history",)] * 2
        for given in ({}, {name_of(one): 3.0}):
            assert one.score(event, history=given).complete
        assert one.score(event, history={}).logit == score.logit
        assert one.score_vectors(one.vectors([event]))[0].complete
    assert bundle.score(RAW).complete  # it has no histories


def test_the_command_line_says_the_line_and_what_lacks(
    signups: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.jsonl"
    name = name_of(signups)
    path.write_text(f'{{"user_name": "ann"}}\n{{"user_name": "ben", "history": {{"{name}": 30}}}}\n')
    code, found, err = run("score", str(signups.path), str(path), capsys=capsys)
    assert code == 0, err
    assert [score["degraded"] for score in found["scores"]] == [["history"], []]
    for wrong in ("1" + "0" * 400, "1e300", f'"{SECRET}"'):
        path.write_text(f'{{}}\n{{"history": {{"{name}": {wrong}}}}}\n')
        code, _, err = run("score", str(signups.path), str(path), capsys=capsys)
        assert code == 2
        assert "line 2: history" in err
        assert SECRET not in err


def test_mail_with_its_history_is_served(mails: Bundle) -> None:
    app = app_of(mails)

    def post(value: object) -> tuple[int, Any]:
        return asyncio.run(ask(app, [json.dumps(value).encode()], headers=JSON))[:2]

    raw = base64.b64encode(RAW).decode()
    status, found = post({"raw": raw, "history": {MAIL_NAME: 30}})
    assert (status, found["logit"], found["degraded"]) == (200, 1.0, [])
    score = mails.score(RAW, history={MAIL_NAME: 30.0})
    assert found == {**json.loads(json.dumps(score.to_json())), "task": "spam"}
    assert post({"raw": raw, "history": {}})[1]["degraded"] == []
    assert post({"raw": raw})[1]["degraded"] == ["history"]
    assert asyncio.run(ask(app, [RAW]))[1]["degraded"] == ["history"]
    assert app.metrics.degraded == 2
    wrong: list[object] = [
        {"raw": 3},
        {"raw": "é"},
        {"raw": "a"},
        {"event": {}},
        [],
        {"raw": raw, "history": []},
    ]
    for body in wrong:
        status, found = post(body)
        assert (status, "expected {" in found["error"]) == (400, True), found
    for value in (SECRET, 1e300, 10**400):
        status, found = post({"raw": raw, "history": {MAIL_NAME: value}})
        assert (status, "is no number" in found["error"]) == (400, True), found
        assert SECRET not in found["error"]


def test_the_model_of_mlflow_takes_histories(mails: Bundle, signups: Bundle) -> None:
    for bundle, column, event in ((mails, "raw", RAW), (signups, "event", json.dumps(EVENT))):
        known = json.dumps({name_of(bundle): 30})
        texts = [known, "", None, math.nan, "{}"]
        frame = pd.DataFrame({column: [event] * 5, "history": pd.Series(texts, dtype=object)})
        assert BundleModel(bundle).predict(frame)["logit"].tolist() == [1.0, -1.0, -1.0, -1.0, -1.0]
        for wrong in ("[1]", "nonsense", "NaN", "[" * 100_000, f'{{"{name_of(bundle)}": "{SECRET}"}}', [1]):
            with pytest.raises(InputError) as caught:
                BundleModel(bundle).predict(pd.DataFrame({column: [event], "history": [wrong]}))
            assert SECRET not in str(caught.value)


def test_a_line_whose_history_is_none_is_named(mails: Bundle) -> None:
    answers = list(score_lines(mails, [mail_line("a", RAW, {MAIL_NAME: 30.0})]))
    assert json.loads(answers[1])["logit"] == 1.0
    line = json.dumps({"id": "a", "raw": base64.b64encode(RAW).decode(), "history": [1]}).encode()
    with pytest.raises(InputError, match="line 1 is no event"):
        list(score_lines(mails, [line]))
