"""Handing a conversation over to a person: which way, and what the customer is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.services.hours import WorkingHours
from bot.services.ownership import Ownership
from bot.services.ticket_texts import subject
from bot.services.tickets import Tickets

REASONS = ("emergency", "requested", "review", "frustration")


@dataclass(frozen=True)
class Handoff:
    """Where the customer was sent: `route` is live_chat, phone or ticket."""

    reason: str
    route: str
    ticket_number: str | None = None

    def public(self) -> dict[str, str]:
        """The `handoff` slot's value (contract, "Slots")."""
        return {"reason": self.reason, "route": self.route}


class Handoffs:
    """Decides the route and carries it out.

    `agents_online` tells how many human agents are at the desk now.
    """

    def __init__(self, ownership: Ownership, tickets: Tickets, hours: WorkingHours,
                 agents_online: Callable[[], int]) -> None:
        self._ownership = ownership
        self._tickets = tickets
        self._hours = hours
        self._agents_online = agents_online

    def hand_over(self, reason: str, conversation_id: str, summary: str, now: dt.datetime, *,
                  order_id: str | None = None) -> Handoff:
        """Emergencies, wishes for a person: live chat, else phone in working hours, else ticket."""
        if self._to_live_chat(conversation_id, reason):
            return Handoff(reason, "live_chat")
        if self._hours.is_open(now):
            return Handoff(reason, "phone")
        urgent = reason == "emergency"
        ticket = self._tickets.open(
            "emergency" if urgent else "request", subject(reason), summary,
            conversation_id=conversation_id, order_id=order_id, urgent=urgent)
        return Handoff(reason, "ticket", ticket.number)

    def review_route(self, conversation_id: str) -> Handoff:
        """A review goes to live chat if somebody is there, else its ticket waits for a person."""
        to_chat = self._to_live_chat(conversation_id, "review")
        return Handoff("review", "live_chat" if to_chat else "ticket")

    def _to_live_chat(self, conversation_id: str, reason: str) -> bool:
        if not self._agents_online():
            return False
        self._ownership.queue(conversation_id, reason)
        return True

