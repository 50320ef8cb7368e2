"""Which of the shop's fifteen languages a message is written in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

#: Languages that the assistant understands and answers in (contract, "Topics").
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr",
             "zh")
_BUCKETS = 2 ** 14
#: Examples of one language from which on more of them hardly tell it better.
_ENOUGH = 4000
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_NOT_WORDS = re.compile(r"[^\s@]+@[^\s@]+|\S*\d\S*|https?://\S+")
Array = np.ndarray


def _vectorizer() -> HashingVectorizer:
    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=_BUCKETS,
                             alternate_sign=False, norm="l2")


class LanguageNet:
    """The script where that is enough, else letters and their neighbours."""

    def __init__(self, labels: Sequence[str], weights: Array, bias: Array) -> None:
        self._labels = tuple(labels)
        self._weights, self._bias = weights, bias
        self._vectorizer = _vectorizer()

    @classmethod
    def train(cls, texts: Sequence[str], languages: Sequence[str]) -> LanguageNet:
        """Learns from texts with their languages; of many in one language from some of them."""
        by_language = {code: [t for t, c in zip(texts, languages, strict=True)
                              if c == code and by_script(t) is None] for code in LANGUAGES}
        latin = [(t, c) for c, said in by_language.items()
                 for t in said[::max(1, len(said) // _ENOUGH)]]
        matrix = _vectorizer().transform([_words(t) for t, _ in latin])
        model = LogisticRegression(C=10, max_iter=25).fit(matrix, [c for _, c in latin])
        return cls(model.classes_, model.coef_.T.astype(np.float32).copy(),
                   model.intercept_.astype(np.float32))

    def detect(self, text: str) -> tuple[str | None, float]:
        """The language and how sure that is (0 to 1); None where nothing tells."""
        script = by_script(text)
        if script:
            return script, 1.0
        words = _words(text)
        if not any(c.isalpha() for c in words):
            return None, 0.0
        row = self._vectorizer.transform([words])
        logits = np.asarray(row @ self._weights)[0] + self._bias
        exponents = np.exp(logits - logits.max())
        exponents /= exponents.sum()
        best = int(exponents.argmax())
        return self._labels[best], float(exponents[best])

    def save(self, folder: Path) -> None:
        """Writes it into a folder, without pickle."""
        (folder / "labels.json").write_text(json.dumps(self._labels), encoding="utf-8")
        np.savez(folder / "weights.npz", weights=self._weights, bias=self._bias)

    @classmethod
    def load(cls, folder: Path) -> LanguageNet:
        """Reads what `save` wrote."""
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            return cls(labels, stored["weights"], stored["bias"])


def by_script(text: str) -> str | None:
    """The language that a script gives away, if half of the letters are written in it."""
    letters = sum(c.isalpha() for c in text) or 1
    for language, script in _SCRIPTS:
        found = len(script.findall(text))
        # One Japanese kana among many Chinese characters still makes it Japanese.
        if found and (language == "ja" or found / letters > 0.3):
            return language
    return None


def _words(text: str) -> str:
    return _NOT_WORDS.sub(" ", text).lower()
