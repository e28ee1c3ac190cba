"""A small model on invented mail, and its bundle."""

import numpy as np
import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.graph import ContentPart, emit
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.write import Contents, write
from msa_ml.features.extraction import vectors_of
from msa_ml.features.extractor import FeatureSet
from msa_ml.model.calibration import fit_platt
from msa_ml.model.stack import ContentStack
from msa_ml.model.threshold import fit_policies
from msa_ml.tasks import get

HAM = ("lunch", "meeting", "report", "garden", "train", "thanks", "notes", "weekend", "river", "budget")
SPAM = ("winner", "pills", "prize", "urgent", "casino", "offer", "loan", "click", "cheap", "million")


def _filler() -> list[str]:
    """Return many words without meaning, so that no two mails are near-duplicates."""
    random = np.random.default_rng(0)
    return ["".join(random.choice(list("abdefgiklmnoprstu"), 7)) for _ in range(3000)]


FILLER = _filler()


def invented(number: int, seed: int) -> tuple[list[bytes], np.ndarray]:
    """Return mails and labels; every tenth telling word is of the other class."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, number)
    mails = []
    for label in y:
        words = [
            str(random.choice(SPAM if (label == 1) ^ (random.random() < 0.1) else HAM)) for _ in range(8)
        ]
        words += random.choice(FILLER, 30).tolist()
        sender = f"{random.choice(HAM)}{random.integers(99)}@example.{'com' if label else 'org'}"
        head = f"From: {sender}\r\nTo: ben@example.net\r\nSubject: {words[0]} {words[1]}\r\n"
        mails.append(f"{head}Content-Type: text/plain\r\n\r\n{' '.join(words)}\r\n".encode())
    return mails, y


SIZES: dict[str, tuple[int, ...]] = {"head": (4,), "text": (4,)}


def contents(features: FeatureSet, sizes: dict[str, tuple[int, ...]] = SIZES) -> Contents:
    """Train on invented mail and return what goes into a bundle."""
    mails, y = invented(900, seed=1)
    vectors = vectors_of(features, mails)
    train, held = slice(0, 500), slice(500, 900)
    model = ContentStack(
        content={"sizes": sizes, "bits": 12, "epochs": 3},
        trees={"rounds": 30, "threads": 1},
    ).fit(vectors[train], y[train])
    platt = fit_platt(model.decision_function(vectors[held]), y[held])
    trees, base = model.trees_.trees()
    content = model.content_model_
    graph = emit(
        width=len(features.columns),
        trees=trees,
        base_margin=base,
        slope=platt.slope,
        intercept=platt.intercept,
        content=ContentPart(content.hashing, content.weight_, content.bias_),
    )
    return Contents(
        task="spam",
        features=features,
        graph=graph,
        policies=fit_policies(y[held], Graph(graph).logits(vectors[held])),
        metrics={"tpr": 0.5, "missing": float("nan")},
        training={"counts": {"ham": 250}},
        dataset={"rows": 900},
        typical_ham=np.zeros(len(features.columns), np.float32),
        card="# card",
        code_revision="",
        synthetic=True,
    )


@pytest.fixture(scope="session")
def spam_contents() -> Contents:
    return contents(get("spam").features())


@pytest.fixture(scope="session")
def bundle(spam_contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write(tmp_path_factory.mktemp("bundle") / "spam", spam_contents, golden_mail())
