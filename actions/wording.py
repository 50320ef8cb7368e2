"""From what services say (`Say`) to Rasa's dispatcher: values in the customer's way of writing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from rasa_sdk.executor import CollectingDispatcher

from bot.services.intake import Say
from bot.wording.catalogue import translate


def utter(dispatcher: CollectingDispatcher, say: Say, language: str = "en",
          buttons: list[dict[str, str]] | None = None) -> None:
    """Says one thing. Dates, lists and clauses become text; wording stays in the responses."""
    values = {name: written(value, language) for name, value in say.values.items()}
    dispatcher.utter_message(response=say.response, json_message=say.custom, buttons=buttons,
                             **values)


def written(value: Any, language: str) -> str:
    """A value as it stands in a sentence."""
    if value is None:
        return "–"
    if isinstance(value, dt.datetime):
        day = format_skeleton("MMMEd", value, locale=language)
        return f"{day}, {format_time(value, 'short', locale=language)}"
    if isinstance(value, dt.date):
        return str(format_date(value, "long", locale=language))
    if isinstance(value, str) and _iso(value):
        return str(format_date(dt.date.fromisoformat(value), "long", locale=language))
    if isinstance(value, (list, tuple)):
        quoted = translate("“{text}”", language)
        return "\n".join(quoted.format(text=translate(str(part), language)) for part in value)
    return str(value)


def time_until(moment: dt.datetime, now: dt.datetime, language: str) -> str:
    """How long it is until then: "3 hours"."""
    return str(format_timedelta(moment - now, locale=language, threshold=1.2))


def _iso(value: str) -> bool:
    try:
        return len(value) == 10 and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False
