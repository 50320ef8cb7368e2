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
from typing import Any

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

#: One to ten in scripts that put no spaces around them.
_DIGIT_SIGNS = {
    "zh": ("[一]", "[二两兩]", "三", "四", "五", "六", "七", "八", "九", "十"),
    "ja": ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十"),
    "ko": (r"한\s*(?=달|주|해)", r"두\s*(?=달|주|해)", r"[세석]\s*(?=달|주|해)",
           r"[네넉]\s*(?=달|주|해)",
           "다섯", "여섯", "일곱", "여덟", "아홉", "열"),
    "th": ("หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า", "สิบ"),
}
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}
_CLOSE = dt.timedelta(days=2)
#: Days that nobody's radio has been broken for.
_LONGEST = 3660

Similarity = Callable[[str, Sequence[str]], Sequence[float]]


def read_fault_date(text: str, language: str, dates: Sequence[str], ends: dt.date | None,
                    today: dt.date, similarity: Similarity) -> dt.date | None:
    """The day that an answer names, not after `today`; None if it names none."""
    found = [dt.date.fromisoformat(d) for d in dates]
    found += _year_months(text)
    if not found:
        found += _spoken(text, language, today)
        found += _spans(text, language, today)
        found += _months(text, language, today)
        found += _seasons(text, today)
    past = [day for day in found if day <= today]
    if past and ends and min(past) <= ends < max(past) <= min(past) + _CLOSE:
        return None  # "this morning, yesterday it was fine": a day decides, so it is asked again
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


def _spans(text: str, language: str, today: dt.date) -> list[dt.date]:
    """"For five months already": a number beside a unit of time, counted back from today."""
    text = _with_digits(text, language)
    for digit, word in enumerate(_DIGIT_SIGNS.get(language, ()), 1):
        text = re.sub(word, str(digit), text)
    found = [today - dt.timedelta(days=182) for _ in re.finditer(_unit_words()["half_year"], text,
                                                                 re.IGNORECASE)]
    for days, beside, two in _units(language):
        counts = [int(m[1] or m[2]) for m in beside.finditer(text)]
        counts += [2 for _ in two.finditer(text)] if two else []
        found += [today - dt.timedelta(days=round(count * days)) for count in counts
                  if count * days < _LONGEST]
    return found


@functools.lru_cache(maxsize=32)
def _units(language: str) -> list[tuple[float, re.Pattern[str], re.Pattern[str] | None]]:
    """(days of the unit, a number before or after it, two of it in one word)."""
    mine = _unit_words().get(language, {})
    two = mine.get("two", {})
    # Scripts without spaces put the unit right behind the number, and a word may follow at once.
    gap = r"\s*" if language in _DIGIT_SIGNS else r"[\s-]+(?:\w+\s+)?"
    return [(days, re.compile(rf"(\d{{1,3}}){gap}(?:{mine[name]})"
                              rf"|(?<!\w)(?:{mine[name]})\w*\s+(\d{{1,3}})(?![\d.:])", re.I),
             re.compile(two[name]) if name in two else None)
            for name, days in _DAYS.items() if name in mine]


@functools.lru_cache(maxsize=1)
def _unit_words() -> dict[str, Any]:
    path = Path(__file__).with_name("time_units.yml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


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
        start = "" if language in _DIGIT_SIGNS else r"(?<!\w)"
        if any(re.search(start + re.escape(name), said) for name in names):
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
