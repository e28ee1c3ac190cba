"""A linear model on hashed byte n-grams: robust to obfuscation, no tokeniser to port.

Logistic regression by averaged stochastic gradient descent, as in content filters that learn on line (Goodman and
Yih, Online discriminative spam filter training, CEAS 2006; Sculley and Wachman, Relaxed online SVMs for spam
filtering, SIGIR 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import SGDClassifier

from msa_ml.model.ngrams import NgramHash

Content = Mapping[str, Sequence[bytes]]
_KEPT = 20_000


class ContentModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Logistic regression on the set of hashed byte n-grams of content views.

    Parameters
    ----------
    sizes
        Lengths of the n-grams in bytes by view.
    bits
        ``2**bits`` weights.
    alpha
        Strength of the L2 penalty.
    epochs
        Passes over the rows; order is drawn from ``seed``.
    batch
        Messages hashed at a time. The hashed form of the first 20,000 messages is kept between epochs (about 15 kB
        each); later ones are hashed anew, so that memory stays bounded.
    seed
        Of the hash and of the order.

    Attributes
    ----------
    weight_
        float32[2**bits].
    bias_
        float.

    Examples
    --------
    >>> content = {"text": [b"cheap pills now", b"see you at lunch"] * 20}
    >>> model = ContentModel(sizes={"text": (4,)}, bits=14).fit(content, [1, 0] * 20)
    >>> (model.decision_function({"text": [b"pills, cheap", b"lunch?"]}) > 0).tolist()
    [True, False]
    """

    def __init__(
        self,
        sizes: Mapping[str, tuple[int, ...]] | None = None,
        *,
        bits: int = 20,
        alpha: float = 1e-6,
        epochs: int = 8,
        batch: int = 1000,
        seed: int = 0,
    ) -> None:
        self.sizes = sizes
        self.bits = bits
        self.alpha = alpha
        self.epochs = epochs
        self.batch = batch
        self.seed = seed

    @property
    def hashing(self) -> NgramHash:
        """The arithmetic from bytes to buckets."""
        return NgramHash(dict(self.sizes or {"text": (4,)}), bits=self.bits, seed=self.seed)

    def fit(self, content: Content, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from N messages, from scratch.

        Parameters
        ----------
        content
            For each view, N byte strings.
        y
            int[N], 1 = abuse, 0 = not.
        sample_weight
            float[N]; default 1.
        """
        labels = np.asarray(y)
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        random = np.random.default_rng(self.seed)
        # Rows are visited in a drawn order: time-ordered mail comes in runs of one class, which a gradient follows.
        order = random.permutation(len(labels))
        learner = SGDClassifier(
            loss="log_loss", alpha=self.alpha, average=True, random_state=self.seed, learning_rate="optimal"
        )
        chunks = list(_chunks(order, self.batch))
        kept = [self.hashing.matrix(_take(content, rows)) for rows in chunks[: _KEPT // self.batch]]
        for _ in range(self.epochs):
            for number in random.permutation(len(chunks)):
                rows = chunks[number]
                matrix = kept[number] if number < len(kept) else self.hashing.matrix(_take(content, rows))
                weight = None if weights is None else weights[rows]
                learner.partial_fit(matrix, labels[rows], classes=[0, 1], sample_weight=weight)
        self.weight_ = learner.coef_[0].astype(np.float32)
        self.bias_ = float(learner.intercept_[0])
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, content: Content) -> NDArray[np.float32]:
        """Return the logit, float32[N]."""
        number = len(next(iter(content.values())))
        parts = [
            self.hashing.matrix(_take(content, rows)) @ self.weight_ + self.bias_
            for rows in _chunks(np.arange(number), self.batch)
        ]
        return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)

    def predict_proba(self, content: Content) -> NDArray[np.float64]:
        """Return float[N, 2]: the probability of 0 and of 1, not calibrated."""
        abuse = 1.0 / (1.0 + np.exp(-self.decision_function(content).astype(np.float64)))
        return np.column_stack([1.0 - abuse, abuse])


def _chunks(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _take(content: Content, rows: NDArray[np.int64]) -> dict[str, list[bytes]]:
    return {view: [items[row] for row in rows] for view, items in content.items()}
