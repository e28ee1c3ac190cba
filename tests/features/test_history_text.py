"""The SQL of histories as golden files: a change of it is seen in review. ``MSA_TEST_GOLDEN=write`` writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from msa_ml.errors import InputError
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency, Sum
from msa_ml.features.history_sql import compile_histories
from msa_ml.records import Kind
from tests.features.history_worlds import HISTORIES

GOLDEN = Path(__file__).parent.parent / "golden"
WRITE = os.environ.get("MSA_TEST_GOLDEN") == "write"
CASES: dict[str, tuple[Kind, tuple[History, ...]]] = {
    "history_counts": (
        "signup",
        (
            Count("signup", by="ip", over="1h"),
            Count("signup", by="ip", over="7d"),
            Count("signup", by=("ip_subnet", "name_pattern"), over="10m"),
            Recency("signup", by="ip", over="30d"),
        ),
    ),
    "history_distinct": (
        "signup",
        (
            CountDistinct("signup", of="user_name", by="ip", over="1d", cap=100),
            Sum("signup", of="form_seconds", by="device", over="1d"),
            FirstSeen("signup", by="email_domain", over="30d"),
        ),
    ),
    "history_labels": (
        "signup",
        (Rate("signup", task="signup_abuse", by="ip_subnet", over="7d", prior=0.05, strength=10.0),),
    ),
    "history_by_several_values": (
        "mail",
        (
            Count("mail", by="url_domain", over="1d"),
            FirstSeen("mail", by="url_domain", over="30d"),
            Rate("mail", task="spam", by="url_domain", over="30d", prior=0.3, strength=5.0),
        ),
    ),
    "history_of_several_values": (
        "mail",
        (CountDistinct("mail", of="recipient", by="sender", over="7d", cap=100),),
    ),
    "history_of_another_kind": (
        "login",
        (Count("signup", by="ip", over="1d"), Count("login", by="account", over="1h")),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_golden_sql(name: str) -> None:
    kind, histories = CASES[name]
    text = compile_histories(histories, kind=kind).text
    path = GOLDEN / f"{name}.sql"
    if WRITE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"{name}.sql: look at the change, then MSA_TEST_GOLDEN=write"
    )


def test_it_is_one_select_and_values_stay_parameters() -> None:
    made = compile_histories(HISTORIES, kind="signup")
    assert made.columns == tuple(history.name for history in HISTORIES)
    assert ";" not in made.text
    assert not re.search(r"\b(CREATE|INSERT|DROP|ALTER|TEMPORARY|SETTINGS)\b", made.text, re.IGNORECASE)
    assert set(re.findall(r"\{\{(\w+)\}\}", made.text)) == {"signup", "label"}
    parameters = set(re.findall(r"(?<!\{)\{(\w+):", made.text))
    rules = {f"{name}_0" for name in ("task", "words", "word_values", "sources", "source_ranks")}
    assert parameters == {"since", "until", "as_of", "event_sources", "with_simulated"} | rules
    # Every expression is written once: a name of a layer is used, never copied.
    assert len(made.text) < 60_000


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(InputError, match="there is no history"):
        compile_histories([], kind="signup")
    by, of = (
        Count("mail", by="url_domain", over="1h"),
        CountDistinct("mail", of="url_domain", by="sender", over="1h"),
    )
    with pytest.raises(InputError, match="in SELECTs of their own; found them for url_domain"):
        compile_histories([by, of], kind="mail")
    with pytest.raises(InputError, match="in SELECTs of their own; found them for none, url_domain"):
        compile_histories([by, Count("mail", by="sender", over="1h")], kind="mail")
    with pytest.raises(InputError, match="needs the key name_pattern, which a login does not have"):
        compile_histories([Count("signup", by="name_pattern", over="1h")], kind="login")
