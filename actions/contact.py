"""Ways to reach the shop, and pre-sale questions."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import Turn
from actions.offers import TopicAction
from actions.wording import time_until
from bot.wording.hours import hours_text


def contact(turn: Turn) -> None:
    """E-mail, tickets, chat and phone, with whether the phone is answered now."""
    now = turn.services.now()
    ways = turn.services.contact.ways(now)
    if ways.open_now:
        state = "open"
        when = time_until(ways.closes_at, now, turn.language) if ways.closes_at else None
        if when is None:
            state = "always_open"
    else:
        when = time_until(ways.opens_at, now, turn.language) if ways.opens_at else None
        state = "opens" if when else "closed"
    turn.say(f"utter_contact_{state}", email=ways.support_email, phone=ways.support_phone,
             hours=hours_text(ways.working_hours, turn.language), timezone=ways.timezone, when=when)


def presale(turn: Turn) -> None:
    """Questions before buying go to the sales address."""
    ways = turn.services.contact.ways(turn.services.now())
    turn.say("utter_presale", email=ways.presale_email)


class ActionContact(TopicAction):
    """How to reach the shop."""

    def name(self) -> str:
        return "action_contact"

    def speak(self, turn: Turn) -> list[EventType] | None:
        contact(turn)
        return None


class ActionPresale(TopicAction):
    """A question before buying."""

    def name(self) -> str:
        return "action_presale"

    def speak(self, turn: Turn) -> list[EventType] | None:
        presale(turn)
        return None
