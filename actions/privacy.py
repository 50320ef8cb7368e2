"""What is stored, copies and erasure: confirmed through the e-mail on file, never by chat alone."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import Turn
from actions.offers import TopicAction
from bot.services.ticket_texts import subject


def privacy(turn: Turn) -> None:
    """Opens a ticket from which the e-mail on file is written to."""
    ticket = turn.services.tickets.open(
        "privacy", subject("privacy"), turn.heard.text,
        conversation_id=turn.conversation, order_id=turn.draft.order_id)
    turn.draft.ticket_number = ticket.number
    turn.say("utter_privacy", {"type": "ticket", "ticket_number": ticket.number},
             ticket_number=ticket.number)


class ActionPrivacy(TopicAction):
    """A privacy request."""

    def name(self) -> str:
        return "action_privacy"

    def speak(self, turn: Turn) -> list[EventType] | None:
        privacy(turn)
        return None
