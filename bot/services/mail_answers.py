"""Automatic answers to mails: what is said, and when nothing is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.messages import next_seq
from bot.services.ownership import BOT
from bot.services.ticket_texts import SYSTEM, note
from bot.services.tickets import TicketView
from bot.store.tables import (
    Conversation,
    MailThread,
    Message,
    Outbox,
    TicketEntry,
    new_id,
    utcnow,
)

CHANNEL = "email"
#: Automatic answers that one address gets in an hour and in a day, whatever it writes, and one
#: thread in all.
ANSWERS_IN_AN_HOUR, ANSWERS_IN_A_DAY, ANSWERS_IN_A_THREAD = 5, 12, 4


@dataclass(frozen=True)
class Answer:
    """What is to be answered; wording is the channel's. Names only what the mail itself named.

    `topic` is what the mail is about. `hazard` asks for the safety message first. `policy` are
    questions on it, by their names. `missing` names what is asked for; `refused` are files, each
    with the reason.
    """

    ticket: TicketView
    language: str
    topic: str | None
    first: bool
    hazard: str | None
    order_number: str | None
    symptom: str | None
    causes: tuple[str, ...]
    remedy: str | None
    policy: tuple[str, ...]
    missing: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    complete: bool


#: Words an answer.
Word = Callable[[Answer], str]


def not_answered(session: Session, conversation: Conversation, thread: MailThread, sender: str,
                 *, may_answer: bool, news: bool, hazard: bool) -> str | None:
    """Why a mail of `sender` gets no automatic answer, "" if that needs no note; None if it does.

    There is one to a first mail, and one to each that brings what was asked for or asks about the
    policy (`news`), or tells a hazard. A robot that looks like a person brings nothing new, and
    so it gets one answer.
    """
    if conversation.owner != BOT or conversation.channel != CHANNEL:
        return ""
    if not may_answer:
        return "silent_unwanted"
    if thread.answers and not news and not hazard:
        return ""
    if thread.answers >= ANSWERS_IN_A_THREAD and not hazard:
        return "silent_thread"
    sent = sa.select(sa.func.count()).select_from(Outbox).join(
        Conversation, Conversation.id == Outbox.conversation_id).join(
        Message, Message.id == Outbox.message_id).where(
        Conversation.customer_email == sender, Message.author == "assistant",
        Outbox.channel == CHANNEL)
    now = utcnow()
    hour, day = (session.scalar(sent.where(Outbox.created_at > now - span)) or 0
                 for span in (dt.timedelta(hours=1), dt.timedelta(days=1)))
    if hour >= ANSWERS_IN_AN_HOUR or day >= ANSWERS_IN_A_DAY:
        return "silent_address"
    return None


def note_silence(session: Session, ticket_id: str, why: str) -> None:
    """Has agents know, once on a ticket, that its customer got no answer and waits for one."""
    said = why and note(why)
    if said and session.scalar(sa.select(TicketEntry.id).where(
            TicketEntry.ticket_id == ticket_id, TicketEntry.author == SYSTEM,
            TicketEntry.body == said).limit(1)) is None:
        session.add(TicketEntry(id=new_id(), ticket_id=ticket_id, author=SYSTEM, body=said))


def say(session: Session, conversation: Conversation, ticket: TicketView, text: str) -> None:
    """Writes an answer into its conversation, from where it goes out."""
    message = Message(
        id=new_id(), conversation_id=conversation.id, seq=next_seq(session, conversation.id),
        author="assistant", text=text, payload={"buttons": [], "commands": {}, "custom": {
            "type": "ticket", "ticket_number": ticket.number, "state": ticket.state}})
    session.add(message)
    session.flush()
    session.add(Outbox(
        id=new_id(), conversation_id=conversation.id, channel=CHANNEL, message_id=message.id,
        epoch=conversation.epoch))
