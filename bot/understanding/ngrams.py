"""A linear classifier on the letters and words of a text: n-grams of both, hashed.

The encoder blurs what words share a meaning; letters keep them apart ("no smoke", "a fuse once"),
in every script, and pairs of words what belongs together. Each sees what the other misses, so their
probabilities are multiplied.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer

_BUCKETS = 2 ** 17
_ROUNDS = 4
_BATCH = 128
#: The first step of each weight; AdaGrad shortens the later ones.
_STEP = 0.3
_BIAS_STEP = 0.1
#: Most texts do not have most labels: what a label's score begins with.
_UNLIKELY = -4.0

Array = np.ndarray


class _Vectorizer:
    """Rows of hashed n-grams: two to five letters, one or two words."""

    def __init__(self) -> None:
        self._kinds = [
            HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=_BUCKETS,
                              alternate_sign=False),
            HashingVectorizer(analyzer="word", ngram_range=(1, 2), n_features=_BUCKETS,
                              alternate_sign=False, token_pattern=r"(?u)\b\w+\b"),
        ]

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """One sparse row a text."""
        return hstack([kind.transform(texts) for kind in self._kinds], format="csr")


class NgramModel:
    """Probabilities of labels for texts, from their letters alone."""

    def __init__(self, labels: Sequence[str], weights: Array, bias: Array) -> None:
        self.labels = tuple(labels)
        self._weights, self._bias = weights, bias
        self._vectorizer = _Vectorizer()

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str], *, seed: int = 0) -> NgramModel:
        """Learns from one label a text: for each label a logistic regression against the rest."""
        matrix = _Vectorizer().transform(texts).astype(np.float32)
        names = sorted(set(labels))
        place = {name: i for i, name in enumerate(names)}
        learner = _Learner(matrix, np.array([place[label] for label in labels]), len(names))
        order = np.random.default_rng(seed)
        for _ in range(_ROUNDS):
            learner.go_through(order.permutation(len(labels)))
        # Half precision is exact enough for a sum of some hundred weights, and half the memory.
        weights = np.zeros((matrix.shape[1], len(names)), np.float16)
        weights[learner.columns] = learner.weights
        return cls(names, weights, learner.bias)

    def probabilities(self, texts: Sequence[str]) -> Array:
        """One row of probabilities a text, in the order of `labels`."""
        rows = self._vectorizer.transform(texts)
        scores = np.empty((len(texts), len(self.labels)), np.float32)
        for i in range(len(texts)):
            span = slice(rows.indptr[i], rows.indptr[i + 1])
            used = self._weights[rows.indices[span]].astype(np.float32)
            scores[i] = rows.data[span].astype(np.float32) @ used + self._bias
        likely = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        return np.asarray(likely / likely.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Writes it into a folder, without pickle."""
        (folder / "ngram_labels.json").write_text(json.dumps(self.labels), encoding="utf-8")
        np.savez(folder / "ngrams.npz", weights=self._weights, bias=self._bias)

    @classmethod
    def load(cls, folder: Path) -> NgramModel:
        """Reads what `save` wrote."""
        labels = json.loads((folder / "ngram_labels.json").read_text(encoding="utf-8"))
        with np.load(folder / "ngrams.npz", allow_pickle=False) as stored:
            return cls(labels, stored["weights"], stored["bias"])


class _Learner:
    """Stochastic gradient descent in small batches, with AdaGrad's steps (Duchi et al. 2011).

    A batch touches the weights of its own n-grams alone, for all labels at once. On these data it
    errs half as often as scikit-learn's `SGDClassifier`, in a third of its time: the weights of
    rare n-grams, which make most of the difference, need longer steps than those of common ones.
    """

    def __init__(self, matrix: csr_matrix, wanted: Array, labels: int) -> None:
        uses = np.bincount(matrix.indices, minlength=matrix.shape[1])
        #: The n-grams that occur. The common ones stand together, so that they stay in the cache.
        self.columns = np.argsort(-uses, kind="stable")[:np.count_nonzero(uses)]
        self._matrix, self._wanted = matrix[:, self.columns], wanted
        self.weights = np.zeros((len(self.columns), labels), np.float32)
        self.bias = np.full(labels, _UNLIKELY, np.float32)
        # What the steps so far come to: one number an n-gram is enough.
        self._done = np.full((len(self.columns), 1), 1e-8, np.float32)
        self._bias_done = np.full(labels, 1e-8, np.float32)

    def go_through(self, order: Array) -> None:
        """Learns from each text once."""
        matrix, wanted = self._matrix[order], self._wanted[order]
        for start in range(0, len(order), _BATCH):
            rows = matrix[start: start + _BATCH]
            columns, inside = np.unique(rows.indices, return_inverse=True)
            texts = csr_matrix((rows.data, inside, rows.indptr), (rows.shape[0], len(columns)))
            self._step(texts, columns, wanted[start: start + _BATCH])

    def _step(self, texts: csr_matrix, columns: Array, wanted: Array) -> None:
        weights = self.weights[columns]
        error = 1 / (1 + np.exp(-np.clip(texts @ weights + self.bias, -30, 30)))
        error[np.arange(len(wanted)), wanted] -= 1
        slope = np.asarray(texts.T @ error)
        done = self._done[columns] + (slope * slope).mean(axis=1, keepdims=True)
        self._done[columns] = done
        slope *= _STEP / np.sqrt(done)
        self.weights[columns] = weights - slope
        of_bias = error.sum(axis=0)
        self._bias_done += of_bias * of_bias
        self.bias -= _BIAS_STEP * of_bias / np.sqrt(self._bias_done)
