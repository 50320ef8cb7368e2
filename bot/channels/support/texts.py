"""The wording of the support centre: its own texts, and the chat's where both say the same."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from babel.dates import format_skeleton, format_time

from bot.channels.chat.texts import DEFAULT
from bot.channels.chat.texts import texts as chat_texts
from bot.wording.catalogue import translate

_OURS = Path(__file__).with_name("texts.yml")
#: The languages by their own names, as the widget lists them.
NAMES = {
    "ar": "العربية", "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français",
    "it": "Italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski",
    "pt": "Português", "ru": "Русский", "th": "ไทย", "tr": "Türkçe", "zh": "中文",
}
#: Says a text by its key, with its values filled in.
Say = Callable[..., str]


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """Every text by its key; the support centre's own come first."""
    english = yaml.safe_load(_OURS.read_text(encoding="utf-8"))
    return {**chat_texts(language),
            **{key: translate(text.strip(), language) for key, text in english.items()}}


def say(language: str | None, key: str, **values: object) -> str:
    """One text with its values filled in."""
    return texts(language or DEFAULT)[key].format(**values)


def moment_text(moment: dt.datetime, zone: dt.tzinfo, language: str) -> str:
    """A moment with day and time: "Mon, Nov 23, 10:15"."""
    local = moment.astimezone(zone)
    day = format_skeleton("MMMEd", local, locale=language)
    return f"{day}, {format_time(local, 'short', locale=language)}"


def day_text(moment: dt.datetime, zone: dt.tzinfo, language: str) -> str:
    """A moment's day: "Nov 23, 2026"."""
    return str(format_skeleton("yMMMd", moment.astimezone(zone), locale=language))
