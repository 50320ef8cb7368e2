"""The support centre: a ticket that is written on its page.

Everything that arrives with one form is kept in one transaction, under the id that the form has:
the same form again changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.heard import Heard, is_emergency, meaning
from bot.services.orders import Orders, PlacedOrder
from bot.services.ticket_answers import CHANNEL, conversation_of, said, take_files
from bot.services.ticket_texts import own_subject
from bot.services.tickets import Tickets, TicketView, add_to, ticket_view
from bot.services.written_claims import Told, WrittenClaims
from bot.store.database import Database
from bot.store.keys import email_key
from bot.store.tables import Conversation, MailThread, Message, Ticket, TicketEntry, new_id

_SUBMITTED = "submitted"
_FIRST, _SAFETY = 1, 2


@dataclass(frozen=True)
class Submission:
    """A ticket as its customer wrote it. `form` is the random id of the form it was written in.

    `safety` is what was to be said at once, where the details tell of a hazard.
    """

    form: str
    details: str
    heard: Heard
    email: str
    order_number: str
    verification: str
    queue: str
    language: str
    safety: str | None = None


@dataclass(frozen=True)
class Submitted:
    """What became of it. `verified`: the order is theirs; `unmatched`: one was named and is not
    known to be; `email`: where the link is sent to."""

    ticket: TicketView
    conversation_id: str
    verified: bool
    email: str
    language: str
    safety: str | None
    at: dt.datetime
    unmatched: bool


class Support:
    """Takes tickets and answers in from the support centre's pages."""

    def __init__(self, database: Database, orders: Orders, tickets: Tickets,
                 claims: WrittenClaims) -> None:
        self._database, self._orders, self._tickets = database, orders, tickets
        self._claims = claims

    def submit(self, given: Submission, confirm: Callable[[Submitted], None]) -> Submitted:
        """Opens the ticket, or adds to the one of the same fault. Nothing of an order is told.

        An order number that cannot be verified is only noted, and a person finds out. `confirm`
        writes the mail about it; it is part of the same transaction.
        """
        conversation_id = conversation_of(given.form)
        try:
            with self._database.unit_of_work() as session:
                if session.get(Conversation, conversation_id) is None:
                    self._submit(session, conversation_id, given)
                    session.flush()
                    taken = self.submitted(given.form)
                    assert taken is not None
                    confirm(taken)
        except sa.exc.IntegrityError:
            # The same form, sent twice at this moment: the other one took it.
            pass
        found = self.submitted(given.form)
        assert found is not None
        return found

    def submitted(self, form: str) -> Submitted | None:
        """What became of a form; None if it was never sent."""
        conversation_id = conversation_of(form)
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            row = session.execute(
                sa.select(Ticket, Message).join(TicketEntry, TicketEntry.ticket_id == Ticket.id)
                .join(Message, Message.id == TicketEntry.message_id)
                .where(Message.conversation_id == conversation_id, Message.seq == _FIRST)).first()
            if conversation is None or row is None:
                return None
            safety = session.scalar(sa.select(Message.text).where(
                Message.conversation_id == conversation_id, Message.seq == _SAFETY,
                Message.author == "assistant"))
            joined = row[0].conversation_id != conversation_id
            return Submitted(
                replace(ticket_view(row[0]), joined=joined), conversation_id,
                conversation.order_id is not None, conversation.customer_email or "",
                conversation.language or "en", safety, conversation.created_at,
                row[0].stated_order is not None)

    def _submit(self, session: Session, conversation_id: str, given: Submission) -> None:
        order = self._verified(conversation_id, given)
        # To whom an order belongs is told at its own address, not at one that was typed.
        email = order.email if order is not None and order.email else given.email
        kind, topic = _about(given)
        session.add(Conversation(
            id=conversation_id, channel=CHANNEL, language=given.language, topic=topic,
            customer_email=email_key(email), order_id=order.order_id if order else None))
        session.flush()
        message = said(session, conversation_id, given.details, _SUBMITTED)
        if given.safety:
            session.add(Message(id=new_id(), conversation_id=conversation_id, seq=_SAFETY,
                                author="assistant", text=given.safety,
                                payload={"custom": {"type": "safety"}}))
        told = self._told(order, given, conversation_id)
        draft, known = told.draft, None
        if draft.order_id and draft.line_id and kind == "question" and told.is_claim:
            known = self._tickets.same_fault(draft.order_id, draft.line_id)
        if known is not None:
            ticket = add_to(session, known, given.details, message.id)
        else:
            ticket = self._tickets.open(
                kind, own_subject(given.details), given.details, conversation_id=conversation_id,
                order_id=draft.order_id, urgent=kind == "emergency",
                message_id=message.id, customer_email=email,
                language=given.language, topic=topic,
                queue="presale" if kind == "presale" else "support",
                order_line_id=draft.line_id,
                stated_order=None if order else given.order_number[:64] or None)
        self._claims.put_on(told, conversation_id, ticket.number)
        # Whoever answers by mail goes on from here.
        session.add(MailThread(conversation_id=conversation_id, queue=ticket.queue,
                               subject=ticket.subject, draft=told.to_json(), asked=[], answers=0))
        session.flush()
        take_files(session, conversation_id, message)

    def _verified(self, conversation_id: str, given: Submission) -> PlacedOrder | None:
        proofs = [proof for proof in (given.verification, given.email) if proof]
        if not given.order_number or not proofs:
            return None
        return self._orders.verify(conversation_id, given.order_number, proofs)

    def _told(self, order: PlacedOrder | None, given: Submission, conversation_id: str) -> Told:
        """What the ticket tells of a claim."""
        told = Told(order_number=given.order_number or None)
        if order is not None:
            told.draft.order_id, told.draft.verification = order.order_id, "verified"
        self._claims.hear(told, given.heard, given.details, None, (), conversation_id)
        return told


def _about(given: Submission) -> tuple[str, str | None]:
    """The ticket's kind and topic. A hazard is an emergency in whichever queue it was told."""
    if is_emergency(given.heard, None):
        return "emergency", "emergency"
    if given.queue == "presale":
        return "presale", "presale"
    means = meaning(given.heard, None)
    return "question", means.aside or means.act
