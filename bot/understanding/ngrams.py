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
from sklearn.linear_model import SGDClassifier

_BUCKETS = 2 ** 17
_ROUNDS = 8
_ALPHA = 1e-6

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
    def train(cls, texts: Sequence[str], labels: Sequence[str]) -> NgramModel:
        """Learns from one label a text."""
        matrix = _Vectorizer().transform(texts)
        # Columns that are used often stand together while learning, so that they stay in the cache.
        uses = np.bincount(matrix.indices, minlength=matrix.shape[1])
        used = np.argsort(-uses, kind="stable")[:np.count_nonzero(uses)]
        model = SGDClassifier(loss="log_loss", alpha=_ALPHA, max_iter=_ROUNDS, tol=None,
                              random_state=0, n_jobs=-1)
        model.fit(matrix[:, used], np.asarray(labels))
        # Half precision is exact enough for a sum of some hundred weights, and half the memory.
        weights = np.zeros((matrix.shape[1], len(model.classes_)), np.float16)
        weights[used] = model.coef_.T
        return cls([str(c) for c in model.classes_], weights,
                   model.intercept_.astype(np.float32))

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
