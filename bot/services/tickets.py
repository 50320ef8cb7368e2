"""Tickets: work for a person, with a number for the customer and a time by which to answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from bot.services.numbers import new_number
from bot.store.database import Database
from bot.store.tables import Attachment, Ticket, TicketEntry, utcnow

#: "In general, you would get a reply in 24 hours" (after-sale page, E-mail us).
REPLY_WITHIN = dt.timedelta(hours=24)
#: An emergency is looked at first.
URGENT_REPLY_WITHIN = dt.timedelta(hours=1)


@dataclass(frozen=True)
class TicketView:
    """A ticket as its customer may see it."""

    number: str
    kind: str
    state: str
    urgent: bool
    subject: str
    created_at: dt.datetime
    due_at: dt.datetime
    last_reply: str | None


class Tickets:
    """Opens tickets, adds to them and tells their state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, kind: str, subject: str, body: str, *, conversation_id: str,
             order_id: str | None = None, claim_id: str | None = None,
             urgent: bool = False) -> TicketView:
        """Opens a ticket and returns it.

        An open emergency or request of the same conversation is added to instead of doubled.
        """
        with self._database.unit_of_work() as session:
            if kind in ("emergency", "request", "failure"):
                again = session.scalar(sa.select(Ticket).where(
                    Ticket.conversation_id == conversation_id, Ticket.kind == kind,
                    Ticket.state == "open"))
                if again is not None:
                    again.entries.append(TicketEntry(author="customer", body=body))
                    return _view(again)
            now = utcnow()
            ticket = Ticket(
                number=new_number("T"), kind=kind, subject=subject[:200], urgent=urgent,
                conversation_id=conversation_id, order_id=order_id, claim_id=claim_id,
                state="open", created_at=now,
                due_at=now + (URGENT_REPLY_WITHIN if urgent else REPLY_WITHIN),
                entries=[TicketEntry(author="customer", body=body)],
            )
            session.add(ticket)
            return _view(ticket)

    def of_conversation(self, conversation_id: str) -> list[TicketView]:
        """The tickets opened in this conversation, newest first."""
        return self._views(Ticket.conversation_id == conversation_id)

    def of_order(self, order_id: str) -> list[TicketView]:
        """The tickets on an order, newest first. The caller has verified the customer."""
        return self._views(Ticket.order_id == order_id)

    def add(self, number: str, body: str) -> None:
        """Adds what the customer wrote to their ticket and opens it again if it was closed."""
        with self._database.unit_of_work() as session:
            ticket = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
            ticket.entries.append(TicketEntry(author="customer", body=body))
            ticket.state = "open"

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
                Ticket.conversation_id == conversation_id, Ticket.state == "open")
                .order_by(Ticket.created_at.desc())).first()
            if ticket is None:
                return None
            names = ", ".join(file.name for file in files)
            ticket.entries.append(TicketEntry(author="customer", body=f"[{names}]"))
            for file in files:
                file.ticket = ticket
            return _view(ticket)

    def _views(self, condition: sa.sql.ColumnElement[bool]) -> list[TicketView]:
        with self._database.unit_of_work() as session:
            found = session.scalars(
                sa.select(Ticket).where(condition).order_by(Ticket.created_at.desc()))
            return [_view(ticket) for ticket in found]


def _view(ticket: Ticket) -> TicketView:
    replies = [entry.body for entry in ticket.entries if entry.author == "agent"]
    return TicketView(ticket.number, ticket.kind, ticket.state, ticket.urgent, ticket.subject,
                      ticket.created_at, ticket.due_at, replies[-1] if replies else None)
