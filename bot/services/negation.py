"""Whether a text denies anything at all, in any of the languages."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml


@functools.lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    path = Path(__file__).with_name("negation.yml")
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = "|".join(re.escape(str(w)) for w in read["words"])
    parts = "|".join(re.escape(str(p)) for p in read["parts"])
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)|(?:{parts})", re.IGNORECASE)


def negates(text: str) -> bool:
    """Whether a word of denial stands in the text."""
    return bool(_pattern().search(text))
