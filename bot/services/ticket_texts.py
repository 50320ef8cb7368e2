"""What is written on tickets and is nobody's own words."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from bot.wording.catalogue import SOURCE, translate

#: The author of what stands on a ticket for agents only.
SYSTEM = "system"
_SUBJECT = "subject_"


def say(language: str | None, key: str, **values: object) -> str:
    """A text of `ticket_texts.yml` in a language, with its values filled in."""
    return translate(_read("ticket_texts")[key], language or SOURCE).format(**values)


def subject(name: str) -> str:
    """The subject of a ticket that nobody gave one, as it is stored and as agents see it."""
    return _read("ticket_texts")[_SUBJECT + name]


def own_subject(words: str) -> str:
    """A subject made of what somebody wrote; empty if that is nothing."""
    line = " ".join(words.split())
    return line if len(line) <= 120 else line[:119].rsplit(" ", 1)[0] + "…"


def shown_subject(stored: str, language: str) -> str:
    """A stored subject as customers see it: ours are said in their language."""
    return translate(stored, language) if stored in _subjects() else stored


def note(key: str, **values: object) -> str:
    """A note for agents (`ticket_notes.yml`)."""
    return _read("ticket_notes")[key].format(**values)


@functools.cache
def _subjects() -> frozenset[str]:
    return frozenset(text for key, text in _read("ticket_texts").items()
                     if key.startswith(_SUBJECT))


@functools.cache
def _read(name: str) -> Mapping[str, str]:
    path = Path(__file__).with_name(f"{name}.yml")
    return MappingProxyType(yaml.safe_load(path.read_text(encoding="utf-8")))
