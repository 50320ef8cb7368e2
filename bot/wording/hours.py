"""Working hours as a customer reads them."""

from __future__ import annotations

import re

from babel.dates import get_day_names

from bot.wording.catalogue import SOURCE, translate

#: Hours that are no days and times, and how they stand in a sentence.
_PLAIN = {"24/7": "day and night", "closed": "not at the moment"}


def hours_text(hours: str, language: str) -> str:
    """The setting WORKING_HOURS in a language: "пн-пт 09:00-18:00"."""
    plain = _PLAIN.get(hours.strip().lower())
    if plain is not None:
        return translate(plain, language)
    names = get_day_names("abbreviated", locale=language)
    mine = {str(day).lower(): str(names[number])
            for number, day in get_day_names("abbreviated", locale=SOURCE).items()}
    return re.sub(r"[A-Za-z]+", lambda day: mine.get(day[0].lower(), day[0]), hours)
