"""The wording of the site chat. One function says everything in a language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from bot.wording.catalogue import LANGUAGES, RIGHT_TO_LEFT, SOURCE, translate

WIDGET_TEXTS = Path(__file__).resolve().parents[2] / "web" / "widget" / "texts.yml"
_OURS = Path(__file__).with_name("texts.yml")
DEFAULT = SOURCE


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of the chat by its key: the pages' and the server's own."""
    found: dict[str, str] = {}
    for path in (WIDGET_TEXTS, _OURS):
        english = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        found.update((key, translate(text.strip(), language)) for key, text in english.items())
    return MappingProxyType(found)


@functools.cache
def page_texts(language: str) -> Mapping[str, str]:
    """What the chat's page is given: its own texts, with `language` and `dir`."""
    names = yaml.safe_load(WIDGET_TEXTS.read_text(encoding="utf-8")) or {}
    said = texts(language)
    return MappingProxyType({**{name: said[name] for name in names}, "language": language,
                             "dir": direction(language)})


def say(language: str | None, key: str, **values: object) -> str:
    """One text with its values filled in."""
    return texts(language or DEFAULT)[key].format(**values)


def direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def supported(written: object) -> str | None:
    """The language that is meant, as one of ours: `de` for `de-AT`. None for any other."""
    if not isinstance(written, str):
        return None
    code = written.strip().lower().replace("_", "-").partition("-")[0]
    return code if code in LANGUAGES else None


def accepted(header: str | None) -> str | None:
    """The first language of ours in an `Accept-Language` header."""
    for part in (header or "")[:500].split(","):
        language = supported(part.partition(";")[0])
        if language is not None:
            return language
    return None
