"""A message as it would read without shouting: the readers learnt from people who keep calm."""

from __future__ import annotations

import re
import unicodedata

_REPEATED = re.compile(r"([!?.…,~！？。])[!?.…,~！？。\s]*(?=[!?.…,~！？。])")
_STRETCHED = re.compile(r"([^\W\d])\1{3,}")
_SPACES = re.compile(r"[^\S\n]{2,}")
#: What stands inside an emoji that is made of several.
_JOINERS = "\ufe0f\u200d"
#: From this share of capitals on, in a text of so many letters, somebody shouts.
_SHOUTED, _LETTERS = 0.7, 8


def calm(text: str) -> str:
    """The text without emoji, rows of marks and letters, and words all in capitals."""
    text = "".join(" " if _is_picture(c) else c for c in text)
    text = _SPACES.sub(" ", _STRETCHED.sub(r"\1\1", _REPEATED.sub("", text))).strip()
    cased = [c for c in text if c.islower() or c.isupper()]
    if len(cased) >= _LETTERS and sum(map(str.isupper, cased)) >= _SHOUTED * len(cased):
        # The first letter keeps its form: so do people who write a sentence.
        text = text[:1] + text[1:].lower()
    return text


def _is_picture(c: str) -> bool:
    return c in _JOINERS or (unicodedata.category(c) in ("So", "Sk") and not c.isascii()
                             and c != "°")
