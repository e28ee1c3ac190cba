"""A linear model on hashed byte n-grams: robust to obfuscation, no tokeniser to port.

Logistic regression by averaged stochastic gradient descent, as in content filters that learn on line (Goodman and
Yih, Online discriminative spam filter training, CEAS 2006; Sculley and Wachman, Relaxed online SVMs for spam
filtering, SIGIR 2007), on n-grams that are scaled by their naive Bayes evidence (Wang and Manning, Baselines and
bigrams, ACL 2012): what one class alone writes is learnt from few messages, which is what carries over to other mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import SGDClassifier

from msa_ml.errors import InputError
from msa_ml.model.ngrams import NgramHash
from msa_ml.model.padding import padded

Content = Mapping[str, Sequence[bytes]]
_KEPT = 20_000
_SMOOTHING = 0.5
_LEAST_SCALE = 0.05
_HALF = np.finfo(np.float16)
# Of an update, relative to training from scratch: twice half the step ranked better than once the whole one on every
# stream tried, because the last iterate is kept and not the average (experiments/spam/backtest.md).
_UPDATE_STEP, _UPDATE_PASSES = 0.5, 2


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
    evidence
        Power of the absolute log ratio of an n-gram's frequencies in both classes, by which it is scaled; 0 = no scaling.
    padding
        Weight of one more copy of every abusive message, padded with harmless content, relative to the message; 0 = none.
    padded_view
        The view that is padded, where ``sizes`` has it.
    epochs
        Passes over the rows; order is drawn from ``seed``.
    batch
        Messages hashed at a time. The hashed form of the first 20,000 messages is kept between epochs (about 15 kB
        each); later ones are hashed anew, so that memory stays bounded.
    seed
        Of the hash, of the order and of the padding.

    Attributes
    ----------
    weight_
        float32[2**bits], each exact in half precision, so that a bundle stores two bytes.
    bias_
        float.
    counts_
        float64[2, 2**bits]: summed weights of the messages of each class that hold a bucket, padded copies left out.
    totals_
        float64[2]: summed weights of the messages of each class.
    seen_
        Messages that the gradient has visited, repetitions included.

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
        evidence: float = 0.5,
        padding: float = 0.25,
        padded_view: str = "text",
        epochs: int = 4,
        batch: int = 1000,
        seed: int = 0,
    ) -> None:
        self.sizes = sizes
        self.bits = bits
        self.alpha = alpha
        self.evidence = evidence
        self.padding = padding
        self.padded_view = padded_view
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
        labels, weight = _checked(y, sample_weight)
        self._forget()
        self._count(content, labels, weight)
        content, labels, weight = self._with_copies(content, labels, weight, self.seed)
        learner = SGDClassifier(
            loss="log_loss", alpha=self.alpha, average=True, random_state=self.seed, learning_rate="optimal"
        )
        scale = self._scale()
        random = np.random.default_rng(self.seed)
        # Rows are visited in a drawn order: time-ordered mail comes in runs of one class, which a gradient follows.
        chunks = list(_chunks(random.permutation(len(labels)), self.batch))
        kept = [self._scaled(content, rows, scale) for rows in chunks[: _KEPT // self.batch]]
        for _ in range(self.epochs):
            for number in random.permutation(len(chunks)):
                rows = chunks[number]
                matrix = kept[number] if number < len(kept) else self._scaled(content, rows, scale)
                learner.partial_fit(matrix, labels[rows], classes=[0, 1], sample_weight=weight[rows])
        self.seen_ = self.epochs * len(labels)
        self._keep(learner, scale)
        return self

    def partial_fit(
        self,
        content: Content,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,  # noqa: ARG002 - scikit-learn passes it
    ) -> Self:
        """Learn from N more messages, in two passes from the weights at hand; from none where there are none.

        The step is half the one that training from scratch would take after as many messages, the penalty the same, and
        the evidence of each n-gram is counted on. One class alone is enough.
        """
        labels, weight = _checked(y, sample_weight)
        if not hasattr(self, "weight_"):
            self._forget()
        if not len(labels):
            return self
        self._count(content, labels, weight)
        content, labels, weight = self._with_copies(content, labels, weight, self.seed + self.seen_ + 1)
        random = np.random.default_rng(self.seed + self.seen_)
        scale = self._scale()
        learner = SGDClassifier(
            loss="log_loss",
            alpha=self.alpha,
            learning_rate="constant",
            eta0=_UPDATE_STEP * self._step(),
            random_state=self.seed,
            shuffle=False,
        )
        # The state of a learner that has stood still since: weights in the scaled space.
        learner.partial_fit(csr_matrix((2, 1 << self.bits), dtype=np.float32), [0, 1], classes=[0, 1])
        # In its own type: scikit-learn demands that weights and rows have the same.
        learner.coef_ = (self.weight_ / scale)[None].astype(learner.coef_.dtype)
        learner.intercept_ = np.array([self.bias_], learner.intercept_.dtype)
        for _ in range(_UPDATE_PASSES):
            for rows in _chunks(random.permutation(len(labels)), self.batch):
                learner.partial_fit(
                    self._scaled(content, rows, scale), labels[rows], sample_weight=weight[rows]
                )
        self.seen_ += _UPDATE_PASSES * len(labels)
        self._keep(learner, scale)
        return self

    def decision_function(self, content: Content) -> NDArray[np.float32]:
        """Return the logit, float32[N]."""
        number = len(next(iter(content.values())))
        parts = [
            self.hashing.matrix(_take(content, rows)) @ self.weight_ + self.bias_
            for rows in _chunks(np.arange(number), self.batch)
        ]
        return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)

    def predict(self, content: Content) -> NDArray[np.int64]:
        """Return int[N], 1 = abuse: whether the logit is above 0; scikit-learn's tools ask for it."""
        return (self.decision_function(content) > 0).astype(np.int64)

    def predict_proba(self, content: Content) -> NDArray[np.float64]:
        """Return float[N, 2]: the probability of 0 and of 1, not calibrated."""
        abuse = 1.0 / (1.0 + np.exp(-self.decision_function(content).astype(np.float64)))
        return np.column_stack([1.0 - abuse, abuse])

    def _forget(self) -> None:
        self.weight_ = np.zeros(1 << self.bits, np.float32)
        self.bias_ = 0.0
        self.counts_ = np.zeros((2, 1 << self.bits))
        self.totals_ = np.zeros(2)
        self.seen_ = 0
        self.classes_ = np.array([0, 1])

    def _count(self, content: Content, labels: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        for rows in _chunks(np.arange(len(labels)), self.batch):
            starts, buckets = self.hashing.buckets(_take(content, rows))
            each = np.repeat(weight[rows], np.diff(starts))
            abuse = np.repeat(labels[rows] == 1, np.diff(starts))
            for number, ours in enumerate((~abuse, abuse)):
                self.counts_[number] += np.bincount(buckets[ours], each[ours], 1 << self.bits)
        self.totals_ += np.bincount(labels, weight, 2)

    def _scale(self) -> NDArray[np.float32]:
        """Return by how much each bucket counts, float32[2**bits]."""
        if not self.evidence:
            return np.ones(1 << self.bits, np.float32)
        share = (self.counts_ + _SMOOTHING) / (self.totals_[:, None] + 2 * _SMOOTHING)
        ratio = np.abs(np.log(share[1] / share[0])) ** self.evidence
        scale: NDArray[np.float32] = np.maximum(ratio, _LEAST_SCALE).astype(np.float32)
        return scale

    def _with_copies(
        self, content: Content, labels: NDArray[np.int64], weight: NDArray[np.float64], seed: int
    ) -> tuple[Content, NDArray[np.int64], NDArray[np.float64]]:
        if not self.padding or self.padded_view not in self.hashing.sizes:
            return content, labels, weight
        views = {view: content[view] for view in self.hashing.sizes}
        copies = padded(views, labels, view=self.padded_view, seed=seed)
        number = len(copies[self.padded_view])
        joined = {view: [*items, *copies[view]] for view, items in views.items()}
        more = self.padding * weight[labels == 1][:number]
        return joined, np.concatenate([labels, np.ones(number, np.int64)]), np.concatenate([weight, more])

    def _scaled(self, content: Content, rows: NDArray[np.int64], scale: NDArray[np.float32]) -> csr_matrix:
        matrix = self.hashing.matrix(_take(content, rows))
        matrix.data *= scale[matrix.indices]
        return matrix

    def _step(self) -> float:
        """Return the step of scikit-learn's ``optimal`` schedule after the messages seen (Bottou's heuristic)."""
        first = np.sqrt(1.0 / np.sqrt(self.alpha))
        return float(1.0 / (self.alpha * (1.0 / (first * self.alpha) + self.seen_)))

    def _keep(self, learner: Any, scale: NDArray[np.float32]) -> None:
        weight = np.clip(learner.coef_[0] * scale, _HALF.min, _HALF.max)
        self.weight_ = weight.astype(np.float16).astype(np.float32)
        self.bias_ = float(np.float32(learner.intercept_[0]))


def _checked(y: ArrayLike, sample_weight: ArrayLike | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    labels = np.asarray(y).astype(np.int64)
    if not np.isin(labels, (0, 1)).all():
        raise InputError(
            "labels must be 0 or 1 (abuse), found another value.", hint="Drop unlabelled rows first."
        )
    weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return labels, weight


def _chunks(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _take(content: Content, rows: NDArray[np.int64]) -> dict[str, list[bytes]]:
    return {view: [items[row] for row in rows] for view, items in content.items()}
