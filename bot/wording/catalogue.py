"""Translations, looked up by the English text."""

from __future__ import annotations

import functools
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "bot"
SOURCE = "en"
#: The languages that are understood and answered, by their ISO 639-1 codes.
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr",
             "zh")
RIGHT_TO_LEFT = ("ar",)


def translate(text: str, language: str) -> str:
    """The text in a language; the English text itself where there is no translation."""
    if language == SOURCE or language not in LANGUAGES:
        return text
    return _translations(language).get(text) or text


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it is on disk. Raises FileNotFoundError if it has none."""
    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


@functools.cache
def _translations(language: str) -> dict[str, str]:
    # A fuzzy entry is a guess of the update tool at changed English; nobody is shown guesses.
    return {m.id: m.string for m in catalogue(language)
            if m.id and isinstance(m.id, str) and isinstance(m.string, str) and not m.fuzzy}
