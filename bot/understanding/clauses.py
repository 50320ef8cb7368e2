"""Splitting a message into the clauses that each say one thing, in any of the languages."""

from __future__ import annotations

import re

#: Clauses looked at in one message; the longest complaint has fewer.
MAX_CLAUSES = 16
_SENTENCE = re.compile(r"(?<=[.!?;。！？；؟۔…])\s*|\n+")
#: Commas and the like, and the words that join two statements.
_COMMA = re.compile(
    r"\s*(?:[,،，、:：]|\s[-–—]\s|\(|\))\s*"
    r"|\s+(?:and|but|then|und|aber|et|mais|y|pero|e|ma|mas|en|maar|i|ale|и|но|а|ve|ama|و)\s+",
    re.IGNORECASE)
#: Words (or, for scripts without spaces, characters) that make a part long enough to stand alone.
_WORDS, _CHARACTERS = 3, 6
#: Thai, Japanese and Chinese put spaces between phrases and not between words.
_NO_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_PHRASE = re.compile(rf"(?<={_NO_SPACES.pattern})\s+(?={_NO_SPACES.pattern})")
_ABBREVIATED = re.compile(r"(?:^|\s)\S{1,2}\.$|\d\.$")


def clauses(text: str) -> list[str]:
    """The message's sentences and, where they are long, their parts; the whole is not repeated."""
    sentences: list[str] = []
    for part in _SENTENCE.split(text):
        part = part.strip()
        if not part:
            continue
        if sentences and _ABBREVIATED.search(sentences[-1]):
            sentences[-1] += " " + part  # "approx. 5 cm", "3. May"
        else:
            sentences.append(part)
    found: list[str] = []
    for sentence in sentences:
        parts = _join_short([p for comma in _COMMA.split(sentence) if comma
                             for p in _PHRASE.split(comma) if p])
        if len(sentences) > 1:
            found.append(sentence)
        if len(parts) > 1:
            found += parts
    unique = [c for c in dict.fromkeys(found) if c != text.strip()]
    return unique[:MAX_CLAUSES]


def _join_short(parts: list[str]) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and not (_long_enough(part) and _long_enough(joined[-1])):
            joined[-1] = f"{joined[-1]}, {part}"
        else:
            joined.append(part)
    return joined


def _long_enough(part: str) -> bool:
    if _NO_SPACES.search(part):
        return len(part) >= _CHARACTERS
    return len(part.split()) >= _WORDS
