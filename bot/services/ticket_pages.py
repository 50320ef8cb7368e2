"""A ticket as its customer sees it on its page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from bot.services.attachments import AttachmentView, view
from bot.services.ticket_states import DONE
from bot.store.database import Database
from bot.store.tables import Attachment, Conversation, Message, Ticket, TicketEntry

#: Who may be heard on a page. Anything else on a ticket is not for the customer.
SHOWN_AUTHORS = ("customer", "assistant", "agent")


@dataclass(frozen=True)
class Said:
    """One thing that was written. `name` is the agent's, where they gave one."""

    author: str
    text: str
    at: dt.datetime
    name: str | None
    files: tuple[AttachmentView, ...]


@dataclass(frozen=True)
class TicketPage:
    """All of a ticket that its customer may see."""

    number: str
    subject: str
    state: str
    urgent: bool
    created_at: dt.datetime
    due_at: dt.datetime
    order_number: str | None
    said: tuple[Said, ...]
    stars: int | None
    comment: str

    @property
    def done(self) -> bool:
        """Whether it was solved or closed."""
        return self.state in DONE


class TicketPages:
    """Reads tickets for their pages. The caller has checked whose they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, number: str) -> TicketPage:
        """One ticket with everything that was written on it, oldest first."""
        with self._database.unit_of_work() as session:
            ticket = session.scalars(
                sa.select(Ticket).where(Ticket.number == number)
                .options(selectinload(Ticket.entries), selectinload(Ticket.order))).one()
            said = sorted([*_entries(session, ticket), *_messages(session, ticket)],
                          key=lambda one: one.at)
            return _page(ticket, tuple(said))

    def rows(self, numbers: list[str]) -> list[TicketPage]:
        """Tickets for a list, in this order, without what was written on them."""
        with self._database.unit_of_work() as session:
            found = {ticket.number: _page(ticket, ()) for ticket in session.scalars(
                sa.select(Ticket).where(Ticket.number.in_(numbers))
                .options(selectinload(Ticket.order)))}
            return [found[number] for number in numbers if number in found]

    def conversation_of_file(self, number: str, attachment_id: str) -> str | None:
        """The conversation of a file that is on this ticket; None if it is not."""
        with self._database.unit_of_work() as session:
            found: str | None = session.scalar(
                sa.select(Attachment.conversation_id)
                .join(Ticket, Ticket.id == Attachment.ticket_id)
                .where(Ticket.number == number, Attachment.id == attachment_id))
            return found


def _page(ticket: Ticket, said: tuple[Said, ...]) -> TicketPage:
    return TicketPage(
        ticket.number, ticket.subject, ticket.state, ticket.urgent, ticket.created_at,
        ticket.due_at, ticket.order.order_number if ticket.order else None, said, ticket.stars,
        ticket.rating_comment)


def _entries(session: Session, ticket: Ticket) -> list[Said]:
    shown = [entry for entry in ticket.entries if entry.author in SHOWN_AUTHORS]
    messages = _by_id(session, [entry.message_id for entry in shown if entry.message_id])
    files = _files(session, ticket)
    return [Said(entry.author, messages[entry.message_id].text if entry.message_id in messages
                 else entry.body, entry.created_at, _name(messages.get(entry.message_id)),
                 tuple(files.get(entry.message_id, ())) if entry.message_id else ())
            for entry in shown]


def _messages(session: Session, ticket: Ticket) -> list[Said]:
    """What was said in a conversation of the support centre, and stands in no entry."""
    conversation = session.get(Conversation, ticket.conversation_id or "")
    if conversation is None or conversation.channel != "ticket":
        return []
    there = sa.select(TicketEntry.message_id).where(TicketEntry.message_id.is_not(None))
    rows = session.scalars(sa.select(Message).where(
        Message.conversation_id == conversation.id, Message.author.in_(SHOWN_AUTHORS),
        Message.id.not_in(there)))
    files = _files(session, ticket)
    return [Said(row.author, row.text, row.created_at, _name(row), tuple(files.get(row.id, ())))
            for row in rows]


def _files(session: Session, ticket: Ticket) -> dict[str, list[AttachmentView]]:
    found: dict[str, list[AttachmentView]] = {}
    for row in session.scalars(sa.select(Attachment).where(Attachment.ticket_id == ticket.id)
                               .order_by(Attachment.created_at)):
        found.setdefault(row.message_id, []).append(view(row))
    return found


def _by_id(session: Session, ids: list[str]) -> dict[str, Message]:
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(
        sa.select(Message).where(Message.id.in_(ids)))}


def _name(message: Message | None) -> str | None:
    return (message.payload or {}).get("name") if message is not None else None
