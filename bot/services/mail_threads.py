"""Which conversation a mail belongs to: by what it answers, then by the tag in its subject."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.mail_reading import Mail
from bot.services.numbers import ALPHABET
from bot.services.tickets import lead
from bot.store.keys import email_key
from bot.store.tables import (
    Claim,
    Conversation,
    MailIn,
    MailOut,
    Order,
    Ticket,
    VerificationAttempt,
    Visitor,
)

_TAG = re.compile(rf"\[\s*(T-[{ALPHABET}]{{7}})\s*\]", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where a mail goes. `ticket_number` is set if its ticket is known already.

    `how`: answer (to a mail of ours), thread (with an earlier mail of the same sender) or tag.
    """

    conversation_id: str
    ticket_number: str | None
    how: str


def tagged(subject: str, number: str) -> str:
    """A subject with the ticket's tag, once."""
    plain = " ".join(_TAG.sub(" ", subject).split())
    return f"{plain} [{number}]".strip()


def find_place(session: Session, mail: Mail, sender_is_doubtful: bool) -> Place | None:
    """The conversation that a mail goes on with; None if it begins a new one.

    A Message-ID of ours is known to nobody but those who got our mail. Everybody can write a tag,
    and so it counts only from the ticket's own customer, and not where a trusted server doubts
    that the sender is who they say.
    """
    ids = list(mail.in_reply_to)[:50]
    if ids:
        ours = _newest(session, sa.select(MailOut).where(MailOut.header_id.in_(ids)), ids)
        if ours is not None and (ours.conversation_id or ours.ticket_id):
            ticket = session.get(Ticket, ours.ticket_id) if ours.ticket_id else None
            conversation = ours.conversation_id or (ticket and ticket.conversation_id)
            if conversation:
                return _place(session, conversation, ticket, "answer")
        theirs = session.scalars(
            sa.select(MailIn).where(MailIn.header_id.in_(ids), MailIn.sender == mail.sender,
                                    MailIn.conversation_id.is_not(None))
            .order_by(MailIn.created_at.desc())).first()
        if theirs is not None and mail.sender:
            return _place(session, theirs.conversation_id, None, "thread")
    tag = _TAG.search(mail.subject)
    if tag and mail.sender and not sender_is_doubtful:
        ticket = session.scalar(sa.select(Ticket).where(Ticket.number == tag[1].upper()))
        if ticket is not None and ticket.conversation_id and mail.sender in _owners(
                session, ticket):
            return _place(session, ticket.conversation_id, ticket, "tag")
    return None


def address_of(session: Session, conversation_id: str) -> str | None:
    """Where mail reaches a conversation's customer: what they told, else what is on their order,
    else whom the shop says is logged in. None if nobody knows."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        return None
    if conversation.customer_email:
        return str(conversation.customer_email)
    for query in (
            sa.select(Order.email).where(Order.id == conversation.order_id),
            sa.select(Order.email).join(Ticket, Ticket.order_id == Order.id)
            .where(Ticket.conversation_id == conversation_id),
            sa.select(Order.email).join(Claim, Claim.order_id == Order.id)
            .where(Claim.conversation_id == conversation_id),
            sa.select(Order.email)
            .join(VerificationAttempt, VerificationAttempt.order_key == Order.order_key)
            .where(VerificationAttempt.conversation_id == conversation_id,
                   VerificationAttempt.succeeded.is_(True)),
            sa.select(Ticket.customer_email).where(Ticket.conversation_id == conversation_id),
            sa.select(Visitor.identity_email)
            .where(Visitor.conversation_id == conversation_id)):
        found = next((each for each in session.scalars(query) if each), None)
        if found:
            return email_key(found)
    return None


def _newest(session: Session, query: sa.sql.Select, ids: list[str]) -> MailOut | None:
    """What the mail answers comes first in `ids`; what it only refers to behind it."""
    found = {row.header_id: row for row in session.scalars(query)}
    return next((found[each] for each in ids if each in found), None)


def _owners(session: Session, ticket: Ticket) -> set[str]:
    addresses = {ticket.customer_email, ticket.order.email if ticket.order else None,
                 address_of(session, ticket.conversation_id)}
    return {email_key(address) for address in addresses if address}


def _place(session: Session, conversation_id: str, ticket: Ticket | None, how: str) -> Place:
    conversation = session.get(Conversation, conversation_id)
    while conversation is not None and conversation.merged_into:
        conversation = session.get(Conversation, conversation.merged_into)
    return Place(conversation.id if conversation else conversation_id,
                 lead(session, ticket).number if ticket is not None else None, how)
