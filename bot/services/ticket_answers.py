"""What a customer writes on a ticket's page: a message of the ticket's conversation, and an entry.

It waits for a person and for no turn, so the inbox has it as answered from the beginning.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.claims import Claims
from bot.services.messages import next_seq
from bot.services.tickets import Tickets, TicketView, ticket_view
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Conversation,
    Inbox,
    Message,
    Ticket,
    TicketEntry,
    new_id,
)

CHANNEL = "ticket"
_TRIES = 5


class TicketAnswers:
    """Takes answers in from the ticket's page. The caller has checked whose ticket it is."""

    def __init__(self, database: Database, tickets: Tickets, claims: Claims) -> None:
        self._database, self._tickets, self._claims = database, tickets, claims

    def add(self, number: str, text: str, form: str) -> TicketView:
        """Adds a text and the files that wait in the form's room; returns the ticket that they
        went to.

        `form` is the random id of the form: the same one again changes nothing.
        """
        for attempt in range(_TRIES):
            try:
                with self._database.separate_unit_of_work() as session:
                    return self._add(session, number, text, form)
            except sa.exc.IntegrityError:
                # Somebody took the same message number at this moment.
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def waiting_files(self, conversation_id: str) -> list[str]:
        """The names of the files that were uploaded there and not sent yet."""
        with self._database.unit_of_work() as session:
            return list(session.scalars(sa.select(Attachment.name).where(
                Attachment.conversation_id == conversation_id, Attachment.message_id.is_(None))
                .order_by(Attachment.created_at)))

    def _add(self, session: Session, number: str, text: str, form: str) -> TicketView:
        ticket = _ticket(session, number)
        conversation_id = _conversation(session, ticket)
        if session.scalar(sa.select(Inbox.id).where(
                Inbox.channel == CHANNEL, Inbox.conversation_id == conversation_id,
                Inbox.external_id == form)):
            return ticket_view(ticket)
        message = said(session, conversation_id, text, form)
        files = take_files(session, room_for_files(form), message)
        body = text or f"[{', '.join(file.name for file in files)}]"
        answered = self._tickets.add(number, body, message.id)
        session.flush()
        for file in files:
            file.ticket_id = answered.id
        if files:
            self._claims.evidence_came(conversation_id)
        return answered


def conversation_of(form: str) -> str:
    """The conversation that a form opens: whoever knows the form's id does not know this one's."""
    return f"ticket-{hashlib.sha256(form.encode()).hexdigest()[:40]}"


def room_for_files(form: str) -> str:
    """Where a form's files wait until it is sent: others, such as an agent's, may wait in the
    ticket's own conversation."""
    return conversation_of(form)


def said(session: Session, conversation_id: str, text: str, form: str) -> Message:
    """Adds the customer's message to a conversation."""
    message = Message(id=new_id(), conversation_id=conversation_id, author="customer", text=text,
                      seq=next_seq(session, conversation_id), payload={})
    session.add_all([message, Inbox(
        id=new_id(), conversation_id=conversation_id, channel=CHANNEL, external_id=form,
        message_id=message.id, message=message, heard=text, state="answered")])
    return message


def take_files(session: Session, room: str, message: Message) -> list[Attachment]:
    """Sends the files that wait in a form's room with this message, and to its ticket."""
    files = session.scalars(sa.select(Attachment).where(
        Attachment.conversation_id == room, Attachment.message_id.is_(None))
        .order_by(Attachment.created_at)).all()
    ticket_id = session.scalar(sa.select(TicketEntry.ticket_id).where(
        TicketEntry.message_id == message.id))
    if files:
        message.payload = {"attachments": [file.id for file in files]}
    for file in files:
        file.message, file.ticket_id = message, ticket_id
        file.conversation_id = message.conversation_id
    return list(files)


def _ticket(session: Session, number: str) -> Ticket:
    found: Ticket = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
    return found


def _conversation(session: Session, ticket: Ticket) -> str:
    """The ticket's conversation; a new one where it has none any more."""
    if ticket.conversation_id is None or session.get(
            Conversation, ticket.conversation_id) is None:
        ticket.conversation_id = conversation_of(new_id())
        session.add(Conversation(
            id=ticket.conversation_id, channel=CHANNEL, language=ticket.language,
            customer_email=ticket.customer_email, order_id=ticket.order_id))
        session.flush()
    return str(ticket.conversation_id)
