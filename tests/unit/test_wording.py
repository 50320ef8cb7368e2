from __future__ import annotations

import datetime as dt

import pytest

from actions.wording import written
from bot.wording.catalogue import LANGUAGES, catalogue, translate
from bot.wording.check import _out_of_tone, problems, source_texts
from bot.wording.hours import hours_text


def test_nothing_is_missing_broken_or_out_of_tone_in_any_language() -> None:
    assert problems() == []


def test_the_texts_of_all_sources_are_found() -> None:
    texts = source_texts()
    assert any(text.startswith("Safety first") for text in texts), "responses"
    assert any(text.startswith("F. The product is damaged due to water") for text in texts), "terms"
    assert "Talk to a person" in texts, "buttons"
    assert len(texts) > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_it_differently(language: str) -> None:
    said = translate("Talk to a person", language)
    assert (said == "Talk to a person") == (language == "en")


def test_what_is_not_in_the_catalogue_is_said_in_english() -> None:
    assert translate("Nobody ever said this.", "de") == "Nobody ever said this."
    assert translate("Talk to a person", "xx") == "Talk to a person"


def test_the_check_sees_what_it_is_for() -> None:
    assert list(_out_of_tone("Great, that works!", "en"))
    assert list(_out_of_tone("Kannst du das noch einmal schreiben?", "de"))
    assert list(_out_of_tone("你可以再写一次吗", "zh"))
    assert not list(_out_of_tone("Können Sie das noch einmal schreiben?", "de"))


def test_a_fuzzy_entry_is_not_shown() -> None:
    message = next(m for m in catalogue("de") if m.id == "Talk to a person")
    assert not message.fuzzy, "the update tool guesses; a person has to confirm it"


@pytest.mark.parametrize(("language", "expected"), [
    ("en", "November 22, 2026"), ("de", "22. November 2026"), ("ja", "2026年11月22日"),
    ("pl", "22 listopada 2026"), ("zh", "2026年11月22日"), ("ru", "22 ноября 2026\u202fг."),
])
def test_dates_are_written_as_the_language_does(language: str, expected: str) -> None:
    assert written(dt.date(2026, 11, 22), language) == expected
    assert written("2026-11-22", language) == expected


@pytest.mark.parametrize(("hours", "language", "expected"), [
    ("Mon-Fri 09:00-12:00, sat 10:00-14:00", "ru", "пн-пт 09:00-12:00, сб 10:00-14:00"),
    ("Mon-Fri 09:00-18:00", "en", "Mon-Fri 09:00-18:00"),
    ("24/7", "de", "rund um die Uhr"),
])
def test_working_hours_are_written_as_the_language_does(
        hours: str, language: str, expected: str) -> None:
    assert hours_text(hours, language) == expected
