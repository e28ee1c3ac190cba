"""Sign-ups whose personal fields retention has emptied are counted and do not train: empty text would be learnt as their name."""

from pathlib import Path

import numpy as np
import pytest

from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import DataRefused
from msa_ml.features.extraction import extract_events, readable
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.signup.verification import Verification
from msa_ml.pipeline import load, prepare
from msa_ml.settings import Settings, read
from msa_ml.source.clickhouse import connect
from msa_ml.tasks import get
from tests.signups import AS_OF, import_into

LOST = "whose personal fields were removed by retention"
SIGNUPS = 1_800


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = read(home=tmp_path / "home", isolated=True)
    import_into(found, tmp_path, SIGNUPS)
    return found


def emptied(settings: Settings, where: str) -> Dataset:
    """Return the dataset after what retention does to some rows."""
    fields = ", ".join(
        f"{name} = ''" for name in ("user_name", "display_name", "email", "ip", "user_agent", "device")
    )
    store = connect(settings.clickhouse_url, settings=settings)
    store.command(f"ALTER TABLE signup_events UPDATE {fields} WHERE {where} SETTINGS mutations_sync = 1")
    return load("signup_abuse", as_of=AS_OF, settings=settings)


def test_emptied_rows_are_counted_and_left_out(settings: Settings) -> None:
    whole = prepare(load("signup_abuse", as_of=AS_OF, settings=settings))
    assert whole.split.dropped[LOST] == 0
    dataset = emptied(settings, "event_id < '3'")
    gone = sum(event < "3" for event in dataset.labelled["event_id"])
    prepared = prepare(dataset)
    assert prepared.split.dropped[LOST] == gone > 200
    assert f"left out: {gone:,} {LOST}" in prepared._repr_html_()
    left = prepared.index["event_id"]
    assert left.to_list() == [event for event in dataset.labelled["event_id"] if event >= "3"]
    # What is left has the numbers that it had, but for lists, which learnt from fewer rows, and agents of emptied rows.
    features = get("signup_abuse").features()
    same = [
        place
        for place, name in enumerate(features.columns)
        if "user_agent" not in name and not name.startswith("signup.name_model")
    ]
    before = whole.vectors.dense[whole.index["event_id"].is_in(left.to_list()).to_numpy()]
    np.testing.assert_array_equal(prepared.vectors.dense[:, same], before[:, same])


def test_features_without_personal_fields_read_every_row(settings: Settings) -> None:
    dataset = emptied(settings, "event_id < '3'")
    plain = FeatureSet([Verification()])
    index, vectors = extract_events(dataset, dataset.labelled, plain)
    assert len(index) == len(vectors) == SIGNUPS
    assert len(readable(dataset, dataset.labelled, get("signup_abuse").features())) < SIGNUPS


def test_nothing_left_is_said(settings: Settings) -> None:
    with pytest.raises(DataRefused, match="no labelled event has its personal fields any more") as refused:
        prepare(emptied(settings, "1"))
    assert refused.value.hint is not None
    assert "Widen personal in [retention]" in refused.value.hint
