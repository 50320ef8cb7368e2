"""When a fault first appeared, out of an answer in any of the languages.

ISO dates first, then months, seasons and spans of time; of several the earliest counts. A month or
a season without a year is the latest one that has begun. What cannot be read is asked again, for
the date may decide about the claim.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from babel.dates import get_month_names

_LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr",
              "zh")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_MONTH_NUMBER = re.compile(r"(\d{1,2})\s*[月월]")
_YEAR_MONTH = re.compile(r"(?<!\d)(?:(20\d\d)[-/.](\d{1,2})|(\d{1,2})[-/.](20\d\d))(?![-/.\d])")
#: What an answer sounds like that names no date but the guarantee's end.
_BEFORE_THE_END = ("it was still under guarantee when it started", "before the guarantee ended",
                   "while the warranty was still running", "within the first year")
_AFTER_THE_END = ("after the guarantee had ended", "it only broke recently", "just now",
                  "yesterday", "it started this week")
_ALIKE = 0.6

Similarity = Callable[[str, Sequence[str]], Sequence[float]]


def read_fault_date(text: str, language: str, dates: Sequence[str], ends: dt.date | None,
                    today: dt.date, similarity: Similarity) -> dt.date | None:
    """The day that an answer names, not after `today`; None if it names none."""
    found = [dt.date.fromisoformat(d) for d in dates]
    found += _year_months(text)
    if not found:
        found += _spoken(text, language, today)
        found += _months(text, language, today)
        found += _seasons(text, today)
    past = [day for day in found if day <= today]
    if past:
        return min(past)
    before = max(similarity(text, _BEFORE_THE_END))
    after = max(similarity(text, _AFTER_THE_END))
    if ends is not None and before >= _ALIKE and before > after:
        return ends
    return today if after >= _ALIKE and after > before else None


def _year_months(text: str) -> list[dt.date]:
    found = []
    for match in _YEAR_MONTH.finditer(text):
        year, month = int(match[1] or match[4]), int(match[2] or match[3])
        if 1 <= month <= 12:
            found.append(dt.date(year, month, 1))
    return found


def _spoken(text: str, language: str, today: dt.date) -> list[dt.date]:
    """Spans of time such as "two weeks ago", by dateparser."""
    from dateparser.search import search_dates

    now = dt.datetime.combine(today, dt.time(12))
    text = _with_digits(text, language)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for languages in ([language], ["en"]):
            try:
                hits = search_dates(text, languages=languages, settings={
                    "PREFER_DATES_FROM": "past", "PREFER_DAY_OF_MONTH": "first",
                    "RELATIVE_BASE": now}) or []
            except Exception:  # dateparser stumbles over some texts; then they name no date
                hits = []
            # A bare number is no date, whatever dateparser makes of it.
            days = [day.date() for said, day in hits if any(c.isalpha() for c in said)]
            if days:
                return days
    return []


def _with_digits(text: str, language: str) -> str:
    for number, pattern in _number_words().get(language, []):
        text = pattern.sub(str(number), text)
    return text


@functools.lru_cache(maxsize=1)
def _number_words() -> dict[str, list[tuple[int, re.Pattern[str]]]]:
    path = Path(__file__).with_name("number_words.yml")
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {language: [(i, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE))
                       for i, words in enumerate(lists, 1)] for language, lists in read.items()}


def _months(text: str, language: str, today: dt.date) -> list[dt.date]:
    said = text.casefold()
    months = {int(m) for m in _MONTH_NUMBER.findall(text) if 1 <= int(m) <= 12}
    for number, names in _month_names(language).items():
        if any(re.search(rf"(?<!\w){re.escape(name)}", said) for name in names):
            months.add(number)
    return [_with_year(month, said, today) for month in months]


@functools.lru_cache(maxsize=32)
def _month_names(language: str) -> dict[int, set[str]]:
    names: dict[int, set[str]] = {}
    for locale in {language if language in _LANGUAGES else "en", "en"}:
        for context in ("format", "stand-alone"):
            for number, name in get_month_names("wide", context, locale).items():
                if len(name) > 2 and not name[0].isdigit():
                    # Without its last letter a longer name fits all its cases ("августе").
                    stem = name[:-1] if len(name) > 4 else name
                    names.setdefault(number, set()).add(stem.casefold())
    return names


@functools.lru_cache(maxsize=1)
def _season_words() -> dict[int, list[str]]:
    path = Path(__file__).with_name("seasons.yml")
    return {int(k): [str(w).casefold() for w in words] for k, words in
            yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def _seasons(text: str, today: dt.date) -> list[dt.date]:
    said = text.casefold()
    return [_with_year(month, said, today) for month, words in _season_words().items()
            if any(word in said for word in words)]


def _with_year(month: int, said: str, today: dt.date) -> dt.date:
    year = _YEAR.search(said)
    if year:
        return dt.date(int(year[1]), month, 1)
    day = dt.date(today.year, month, 1)
    return day if day <= today else day.replace(year=today.year - 1)
