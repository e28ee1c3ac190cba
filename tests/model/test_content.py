"""The content model learns words, goes on learning without forgetting, and stands up to padding."""

import numpy as np
import pytest
from numpy.typing import NDArray

from msa_ml.errors import InputError
from msa_ml.evaluation.metrics import one_minus_roca_pct
from msa_ml.model.content import ContentModel

HAM, SPAM = ("lunch", "meeting", "report", "garden", "train"), ("winner", "casino", "prize", "loan", "offer")
Mails = tuple[dict[str, list[bytes]], NDArray[np.int64]]


def mails(number: int, seed: int, *, words: int = 12) -> Mails:
    """Return texts of random letters and three telling words."""
    random = np.random.default_rng(seed)
    y = np.arange(number) % 2
    texts = []
    for label in y:
        filler = ["".join(random.choice(list("abdefgik"), 6)) for _ in range(words)]
        telling = random.choice(SPAM if label else HAM, 3).tolist()
        texts.append(" ".join(random.permutation(filler + telling)).encode())
    return {"text": texts}, y


def model(**changes: object) -> ContentModel:
    return ContentModel(**{"sizes": {"text": (4,)}, "bits": 14, **changes})  # type: ignore[arg-type]


def logit(learnt: ContentModel, *texts: bytes) -> list[float]:
    return [float(value) for value in learnt.decision_function({"text": list(texts)})]


def test_a_seed_gives_the_same_weights_and_another_seed_others() -> None:
    content, y = mails(120, 0)
    first, again, other = (model(seed=seed).fit(content, y) for seed in (3, 3, 4))
    assert np.array_equal(first.weight_, again.weight_)
    assert first.bias_ == again.bias_
    assert not np.array_equal(first.weight_, other.weight_)
    more, labels = mails(40, 1)
    assert np.array_equal(
        first.partial_fit(more, labels).weight_,
        again.partial_fit(more, labels).weight_,
    )


def test_weights_are_exact_in_half_precision() -> None:
    content, y = mails(120, 0)
    learnt = model().fit(content, y)
    for _ in range(2):
        assert learnt.weight_.dtype == np.float32
        assert np.array_equal(learnt.weight_, learnt.weight_.astype(np.float16).astype(np.float32))
        assert learnt.bias_ == float(np.float32(learnt.bias_))
        learnt.partial_fit(*mails(20, 1))


def test_a_fit_forgets_what_was_before() -> None:
    content, y = mails(120, 0)
    learnt = model().fit(*mails(60, 7)).fit(content, y)
    assert np.array_equal(learnt.weight_, model().fit(content, y).weight_)
    assert learnt.totals_.tolist() == [60.0, 60.0]


def test_a_new_word_is_learnt_and_the_old_ones_are_not_forgotten() -> None:
    content, y = mails(400, 0)
    held, truth = mails(200, 9)
    learnt = model().fit(content, y)
    assert ((learnt.decision_function(held) > 0) == truth).mean() > 0.95
    [before] = logit(learnt, b"zyzzyva lunch garden and")
    for day in range(5):
        today, labels = mails(40, 100 + day)
        texts = [
            text + b" zyzzyva" if label else text for text, label in zip(today["text"], labels, strict=True)
        ]
        learnt.partial_fit({"text": texts}, labels)
    [after] = logit(learnt, b"zyzzyva lunch garden and")
    assert after > before + 0.5
    assert ((learnt.decision_function(held) > 0) == truth).mean() > 0.95


def test_one_class_alone_moves_its_own_mail() -> None:
    learnt = model().fit(*mails(400, 0))
    [before] = logit(learnt, b"quarterly newsletter of the club")
    learnt.partial_fit({"text": [b"quarterly newsletter of the club"] * 5}, [0] * 5)
    [after] = logit(learnt, b"quarterly newsletter of the club")
    assert after < before
    held, truth = mails(200, 9)
    assert ((learnt.decision_function(held) > 0) == truth).mean() > 0.95


@pytest.mark.parametrize("labels", [[0, 1] * 60, [1] * 120])
def test_it_can_begin_from_nothing(labels: list[int]) -> None:
    texts = [b"casino winner" if label else b"garden lunch" for label in labels]
    learnt = model().partial_fit({"text": texts}, labels)
    spam, ham = logit(learnt, b"casino winner", b"garden lunch")
    assert spam > max(ham, 0)


def test_an_empty_batch_changes_nothing() -> None:
    learnt = model().fit(*mails(120, 0))
    weight, bias, seen = learnt.weight_.copy(), learnt.bias_, learnt.seen_
    learnt.partial_fit({"text": []}, [])
    assert np.array_equal(learnt.weight_, weight)
    assert (learnt.bias_, learnt.seen_) == (bias, seen)
    assert logit(model().partial_fit({"text": []}, []), b"anything") == [0.0]
    assert learnt.decision_function({"text": []}).shape == (0,)


def test_a_row_of_weight_nothing_teaches_nothing() -> None:
    content, y = mails(120, 0)
    weight = np.ones(120)
    weight[:20] = 0
    flipped = y.copy()
    flipped[:20] = 1 - flipped[:20]
    parts = [model(padding=0.0, epochs=2).fit(content, labels, weight) for labels in (y, flipped)]
    # Their order and number still draw the same steps, so what is left is the same to the bit.
    assert np.array_equal(parts[0].weight_, parts[1].weight_)


def test_padding_keeps_the_score_of_a_padded_spam() -> None:
    """Planted: without padded copies in training, good words take most of the score away."""
    content, y = mails(600, 0)
    random = np.random.default_rng(5)
    held, truth = mails(200, 9)
    spam = [text for text, label in zip(held["text"], truth, strict=True) if label]
    good = [text for text, label in zip(held["text"], truth, strict=True) if not label]
    hidden = {"text": [text + b" " + b" ".join(random.choice(good, 4).tolist()) for text in spam]}
    with_copies, without = (model(padding=share).fit(content, y) for share in (1.0, 0.0))
    caught = (
        (with_copies.decision_function(hidden) > 0).mean(),
        (without.decision_function(hidden) > 0).mean(),
    )
    assert caught[0] > caught[1] + 0.2, caught
    assert ((with_copies.decision_function(held) > 0) == truth).mean() > 0.95


def test_evidence_learns_more_from_few_messages() -> None:
    """Forty words of chance to three that tell: what both classes write is scaled down."""
    held, truth = mails(400, 9, words=40)
    misordered = np.zeros(2)
    for seed in range(3):
        content, y = mails(20, seed, words=40)
        scaled, plain = (model(evidence=power, padding=0.0).fit(content, y) for power in (0.5, 0.0))
        for place, learnt in enumerate((scaled, plain)):
            misordered[place] += one_minus_roca_pct(truth, learnt.decision_function(held))
    assert misordered[0] < 0.6 * misordered[1], misordered
    assert plain._scale().tolist() == [1.0] * 2**14
    scale = scaled._scale()
    assert (scale >= np.float32(0.05)).all()
    assert scale.min() < 0.2
    assert scale.max() > 1


def test_wrong_labels_are_refused() -> None:
    with pytest.raises(InputError, match="0 or 1"):
        model().fit({"text": [b"a", b"b"]}, [0, 2])
    with pytest.raises(InputError, match="0 or 1"):
        model().fit(*mails(20, 0)).partial_fit({"text": [b"a"]}, [-1])


def test_probabilities_are_the_sigmoid_of_the_logit() -> None:
    learnt = model().fit(*mails(120, 0))
    held, _ = mails(20, 1)
    share = learnt.predict_proba(held)
    assert np.allclose(share.sum(axis=1), 1)
    assert np.allclose(share[:, 1], 1 / (1 + np.exp(-learnt.decision_function(held).astype(np.float64))))
