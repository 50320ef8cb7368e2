"""What customers are told of the desk's work, in their language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from bot.wording.catalogue import SOURCE, translate

_TEXTS = Path(__file__).with_name("texts.yml")


def say(language: str | None, key: str, **values: object) -> str:
    """One text with its values filled in; English for an unknown language."""
    return translate(_english()[key], language or SOURCE).format(**values)


def has(key: str) -> bool:
    """Whether there is such a text."""
    return key in _english()


@functools.cache
def _english() -> Mapping[str, str]:
    found = yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))
    return MappingProxyType({key: text.strip() for key, text in found.items()})
