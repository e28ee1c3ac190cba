"""Batches of rows: every field, its type, and the same numbers for a batch as for each of its events."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.extractor import Feature, FeatureSet
from msa_ml.features.table import SCHEMAS, TableExtractor, rows
from msa_ml.records import Signup


class Planted(TableExtractor):
    """Letters of the name, seconds of the form."""

    name = "signup.planted"
    kind = "signup"
    inputs = ("user_name", "form_seconds")
    features = (Feature("letters", "letters"), Feature("seconds", "seconds", "seconds", nan="not measured"))

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        return batch.select(letters=pl.col("user_name").str.len_chars(), seconds="form_seconds")


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENTS: list[Signup | dict[str, Any]] = [
    Signup(user_name="ann", form_seconds=2.5, event_time=NOON),
    Signup(user_name="böb"),
    {"user_name": ""},
    {},
]


def test_a_record_and_a_mapping_give_the_same_row() -> None:
    record = rows("signup", [EVENTS[0]])
    mapping = rows("signup", [{"user_name": "ann", "form_seconds": 2.5, "event_time": NOON}])
    assert record.equals(mapping)
    assert dict(record.schema) == dict(SCHEMAS["signup"])


def test_a_batch_gives_what_its_events_give() -> None:
    features = FeatureSet([Planted()])
    together = features.extract_rows(rows("signup", EVENTS))
    alone = features.extract(EVENTS)
    np.testing.assert_array_equal(together.dense, alone.dense)
    np.testing.assert_array_equal(
        together.dense, np.array([[3, 2.5], [3, np.nan], [0, np.nan], [0, np.nan]], np.float32)
    )


@pytest.mark.parametrize(
    "wrong", [{"asn": "many"}, {"user_name": 3}, {"event_time": "today"}, {"asn": 2**80}]
)
def test_a_value_of_another_type_is_refused_by_its_field(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        rows("signup", [wrong])


def test_mail_is_no_table() -> None:
    with pytest.raises(UnknownNameError):
        rows("mail", [])


def test_a_set_of_some_features_takes_their_columns() -> None:
    whole = FeatureSet([Planted()])
    some = whole.only(whole.columns[1:])
    batch = rows("signup", EVENTS)
    np.testing.assert_array_equal(some.extract_rows(batch).dense, whole.extract_rows(batch).dense[:, 1:])
