"""Emergencies and everybody who wants a person."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import ServiceAction, Turn
from actions.wording import time_until
from bot.services.handoff import Handoff
from bot.services.hazards import safety_response
from bot.services.ticket_texts import say
from bot.wording.hours import hours_text

#: The label "frustration" has to hold this share of the topic `human`.
_FRUSTRATED = 0.6


def hand_over(turn: Turn, reason: str) -> Handoff:
    """Hands the conversation over and tells the customer the way."""
    services, draft, now = turn.services, turn.draft, turn.services.now()
    handoff = services.handoffs.hand_over(
        reason, turn.conversation, turn.heard.text, now, order_id=draft.order_id)
    ways = services.contact.ways(now)
    draft.handoff = handoff.public()
    if handoff.ticket_number:
        draft.ticket_number = handoff.ticket_number
    opens = time_until(ways.opens_at, now, turn.language) if ways.opens_at else None
    name = f"utter_handoff_{'emergency_' if reason == 'emergency' else ''}{handoff.route}"
    if handoff.route == "ticket" and opens is None:
        name += "_closed"
    turn.say(name,
             {"type": "handoff", **handoff.public(), "phone": ways.support_phone,
              "ticket_number": handoff.ticket_number},
             phone=ways.support_phone, hours=hours_text(ways.working_hours, turn.language),
             timezone=ways.timezone, opens_in=opens, ticket_number=handoff.ticket_number)
    return handoff


def emergency(turn: Turn) -> None:
    """The safety message first, then a person."""
    kind = turn.heard.best_label("emergency")
    turn.say(safety_response(kind), {"type": "safety", "hazard": kind})
    hand_over(turn, "emergency")


def person(turn: Turn) -> None:
    """A person, because the customer asked for one or the assistant was no help."""
    labels = turn.heard.labels
    total = sum(p for name, p in labels.items() if name.startswith("human/")) or 1.0
    frustrated = labels.get("human/frustration", 0.0) / total >= _FRUSTRATED
    hand_over(turn, "frustration" if frustrated else "requested")


def review(turn: Turn) -> None:
    """The review of a declined claim by a person, which was offered and is wanted."""
    draft, services = turn.draft, turn.services
    if draft.claim_id is None:
        hand_over(turn, "requested")
        return
    handoff = services.handoffs.review_route(turn.conversation)
    ticket = services.claims.file(
        draft.claim_id, None, "", say(turn.language, "review_wanted", text=turn.heard.text))
    draft.handoff, draft.ticket_number, draft.offer = handoff.public(), ticket.number, None
    if ticket.joined:
        turn.say("utter_ticket_added", ticket_number=ticket.number)
    turn.say(f"utter_review_{handoff.route}",
             {"type": "handoff", **handoff.public(), "ticket_number": ticket.number},
             ticket_number=ticket.number)


class ActionEmergency(ServiceAction):
    """An emergency outside a form."""

    def name(self) -> str:
        return "action_emergency"

    def act(self, turn: Turn) -> list[EventType] | None:
        emergency(turn)
        turn.draft.mentions = [*turn.draft.mentions, turn.heard.text][-6:]
        return None
