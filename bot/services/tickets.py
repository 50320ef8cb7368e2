"""Tickets: work for a person, with a number for the customer and a time by which to answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.numbers import new_number
from bot.services.same_fault import Similarity, by_letters, goes_on, same_fault
from bot.services.service_levels import Levels
from bot.services.ticket_log import REPLY_WITHIN, URGENT_REPLY_WITHIN, move, note
from bot.services.ticket_states import OPEN, check_priority, check_queue
from bot.store.database import Database
from bot.store.keys import email_key
from bot.store.tables import Attachment, Claim, Ticket, TicketEntry, new_id, utcnow

__all__ = ["REPLY_WITHIN", "URGENT_REPLY_WITHIN", "TicketView", "Tickets", "ticket_view"]
_LEVELS = Levels()


@dataclass(frozen=True)
class TicketView:
    """A ticket as its customer may see it. `joined`: what was to be a new one belongs to it."""

    number: str
    kind: str
    state: str
    urgent: bool
    subject: str
    created_at: dt.datetime
    due_at: dt.datetime
    last_reply: str | None
    id: str = ""
    queue: str = "support"
    priority: str = "normal"
    joined: bool = False


class Tickets:
    """Opens tickets, adds to them and tells their state."""

    def __init__(self, database: Database, levels: Levels = _LEVELS,
                 similarity: Similarity = by_letters) -> None:
        self._database, self._levels, self._similarity = database, levels, similarity

    def open(self, kind: str, subject: str, body: str, *, conversation_id: str,
             order_id: str | None = None, claim_id: str | None = None, urgent: bool = False,
             priority: str | None = None, message_id: str | None = None,
             author: str = "customer", **more: Any) -> TicketView:
        """Opens a ticket and returns it.

        An open emergency or request of the same conversation is added to instead of doubled.
        `priority` is low, normal, high or urgent, which is the same as `urgent`. `author` wrote the
        body: the customer, or the system for what only agents may see. `more` are
        columns of the ticket: queue, customer_email, language, order_line_id, stated_order,
        topic, follows_id. Raises NotAllowed for a priority or queue that does not exist.
        """
        priority = "urgent" if urgent else priority or "normal"
        urgent = priority == "urgent"
        check_priority(priority)
        check_queue(more.get("queue", "support"))
        if more.get("customer_email"):
            more["customer_email"] = email_key(more["customer_email"])
        with self._database.unit_of_work() as session:
            entry = TicketEntry(author=author, body=body, message_id=message_id)
            if kind in ("emergency", "request", "failure"):
                again = session.scalar(sa.select(Ticket).where(
                    Ticket.conversation_id == conversation_id, Ticket.kind == kind,
                    Ticket.state == OPEN))
                if again is not None:
                    again.entries.append(entry)
                    return ticket_view(again)
            ticket = Ticket(
                id=new_id(), number=new_number("T"), kind=kind, subject=subject[:200],
                urgent=urgent, priority=priority, conversation_id=conversation_id,
                order_id=order_id, claim_id=claim_id, state=OPEN, created_at=utcnow(),
                due_at=self._levels.due(utcnow(), urgent), entries=[entry], **more)
            session.add(ticket)
            note(session, ticket, "state", None, OPEN, "customer")
            return ticket_view(ticket)

    def of_conversation(self, conversation_id: str) -> list[TicketView]:
        """The tickets opened in this conversation, newest first."""
        return self._views(Ticket.conversation_id == conversation_id)

    def of_order(self, order_id: str) -> list[TicketView]:
        """The tickets on an order, newest first. The caller has verified the customer."""
        return self._views(Ticket.order_id == order_id)

    def find(self, number: str) -> TicketView | None:
        """A ticket by its number, however it is spelled. The caller knows who may see it."""
        found = self._views(Ticket.number == number.strip().upper())
        return found[0] if found else None

    def same_fault(self, order_id: str, line_id: str, told: str | None = None,
                   besides: Claim | None = None) -> Ticket | None:
        """The ticket on this fault that is still going on (`bot.services.same_fault`)."""
        with self._database.unit_of_work() as session:
            return same_fault(session, order_id, line_id, told, self._similarity, besides)

    def add(self, number: str, body: str, message_id: str | None = None) -> TicketView:
        """Adds what the customer wrote, and opens the ticket again if it was not open.

        Returns the ticket it went to: for a merged one the other, and for one that ended long
        ago a new one that follows it.
        """
        with self._database.unit_of_work() as session:
            written = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
            ticket = lead(session, written)
            if not goes_on(ticket):
                return self.open(
                    ticket.kind, ticket.subject, body, conversation_id=ticket.conversation_id,
                    order_id=ticket.order_id, claim_id=ticket.claim_id, message_id=message_id,
                    queue=ticket.queue, customer_email=ticket.customer_email,
                    language=ticket.language, order_line_id=ticket.order_line_id,
                    topic=ticket.topic, follows_id=ticket.id)
            return add_to(session, ticket, body, message_id)

    def take_files(self, conversation_id: str) -> TicketView | None:
        """Puts the files that were sent in a conversation on its newest open ticket, as evidence.

        Returns that ticket. None if there is none, and then the files wait for one, or no new file.
        """
        with self._database.unit_of_work() as session:
            files = session.scalars(sa.select(Attachment).where(
                Attachment.conversation_id == conversation_id, Attachment.ticket_id.is_(None),
                Attachment.message_id.is_not(None)).order_by(Attachment.created_at)).all()
            if not files:
                return None
            # A ticket that this unit of work opened and has not written could not be found.
            session.flush()
            ticket = session.scalars(sa.select(Ticket).where(
                Ticket.conversation_id == conversation_id, Ticket.state.in_((OPEN, "waiting")))
                .order_by(Ticket.created_at.desc())).first()
            if ticket is None:
                return None
            names = ", ".join(file.name for file in files)
            add_to(session, ticket, f"[{names}]")
            for file in files:
                file.ticket = ticket
            return ticket_view(ticket)

    def _views(self, condition: sa.sql.ColumnElement[bool]) -> list[TicketView]:
        with self._database.unit_of_work() as session:
            found = session.scalars(
                sa.select(Ticket).where(condition).order_by(Ticket.created_at.desc()))
            return [ticket_view(ticket) for ticket in found]


def add_to(session: Session, ticket: Ticket, body: str, message_id: str | None = None
           ) -> TicketView:
    """Adds the customer's words to a ticket that goes on; it is the shop's turn again."""
    ticket.entries.append(TicketEntry(author="customer", body=body, message_id=message_id))
    move(session, ticket, OPEN, "customer", "the customer wrote")
    return replace(ticket_view(ticket), joined=True)


def lead(session: Session, ticket: Ticket) -> Ticket:
    """The ticket that this one was merged into, and that one, to the end."""
    while ticket.merged_into is not None:
        ticket = session.get(Ticket, ticket.merged_into)
    return ticket


def ticket_view(ticket: Ticket) -> TicketView:
    """A row as its customer may see it."""
    replies = [entry.body for entry in ticket.entries if entry.author == "agent"]
    return TicketView(ticket.number, ticket.kind, ticket.state, ticket.urgent, ticket.subject,
                      ticket.created_at, ticket.due_at, replies[-1] if replies else None,
                      ticket.id, ticket.queue or "support", ticket.priority or "normal")
