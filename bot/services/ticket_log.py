"""Every step of a ticket's life, written down: the only place where its state changes."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from bot.services.service_levels import URGENT_TICKET_WITHIN, Levels
from bot.services.ticket_states import DONE, OPEN, check_alive, check_transition
from bot.store.tables import Ticket, TicketChange, utcnow

_LEVELS = Levels()
#: What is promised where no setting says otherwise.
REPLY_WITHIN, URGENT_REPLY_WITHIN = _LEVELS.reply_within, URGENT_TICKET_WITHIN


def note(session: Session, ticket: Ticket, what: str, before: str | None, after: str, actor: str,
         reason: str = "") -> None:
    """Keeps one step. `actor` is customer, assistant or an agent's address."""
    session.add(TicketChange(ticket=ticket, what=what, before=before, after=after,
                             actor=actor, reason=reason))


def move(session: Session, ticket: Ticket, state: str, actor: str, reason: str = "") -> None:
    """Brings a ticket into a state; nothing if it is in it. Raises NotAllowed.

    A ticket that is open again is due anew.
    """
    if ticket.state == state:
        return
    check_alive(ticket.merged_into)
    check_transition(ticket.state, state)
    note(session, ticket, "state", ticket.state, state, actor, reason)
    ticket.state = state
    ticket.closed_at = utcnow() if state in DONE else None
    if state == OPEN:
        ticket.due_at = due(ticket.urgent)


def due(urgent: bool) -> dt.datetime:
    """By when the shop replies next, until its clock says it (`bot.services.service_levels`)."""
    return _LEVELS.due(utcnow(), urgent)
