"""The inbox: a customer's message is committed here before anybody is told that it arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.engine.door import Typed
from bot.engine.replies import BUTTON_PREFIX
from bot.errors import NoSuchAttachment
from bot.services.messages import next_seq as next_seq
from bot.store.database import Database
from bot.store.tables import Attachment, Conversation, Inbox, Message, new_id, utcnow

#: How long the process that took a message in has to begin answering it, before any other may.
LEASE = dt.timedelta(seconds=10)
#: Turns that a message gets before it is given to a person.
MAX_ATTEMPTS = 3
_TRIES = 5


@dataclass(frozen=True)
class Accepted:
    """A message that was committed. `repeated`: it was already there."""

    inbox_id: str
    conversation_id: str
    seq: int
    repeated: bool


class InboxService:
    """Takes messages in, and hands out the oldest one that waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, channel: str, conversation_id: str, typed: Typed,
               external_id: str | None = None, attachments: Sequence[str] = ()) -> Accepted:
        """Commits a message. The same `external_id` in a conversation is the same message.

        `attachments` are ids of files that were uploaded to this conversation and not sent yet;
        raises NoSuchAttachment for any other.
        """
        for attempt in range(_TRIES):
            try:
                with self._database.separate_unit_of_work() as session:
                    return self._accept(session, channel, conversation_id, typed, external_id,
                                        attachments)
            except sa.exc.IntegrityError:
                # Somebody took the same number or sent the same id at this moment.
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _accept(self, session: Session, channel: str, conversation_id: str, typed: Typed,
                external_id: str | None, attachments: Sequence[str]) -> Accepted:
        if external_id is not None:
            there = session.scalar(sa.select(Inbox).where(
                Inbox.channel == channel, Inbox.conversation_id == conversation_id,
                Inbox.external_id == external_id))
            if there is not None:
                return Accepted(there.id, conversation_id, there.message.seq, True)
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            conversation = Conversation(id=conversation_id, channel=channel)
            session.add(conversation)
            session.flush()
        shown, heard = typed.shown, typed.heard
        if conversation.snoozed_until is not None:
            conversation.snoozed_until = None  # put aside until the customer writes at the latest
            session.flush()  # everybody locks the conversation first and numbers then
        if shown.startswith(BUTTON_PREFIX):
            shown, heard = _pressed(session, conversation_id, shown) or (shown, heard)
        message = Message(id=new_id(), conversation_id=conversation_id, author="customer",
                          seq=next_seq(session, conversation_id), text=shown, payload={})
        if attachments:
            message.payload = {"attachments": list(attachments)}
            for file in _uploaded(session, conversation_id, attachments):
                file.message = message
        row = Inbox(id=new_id(), conversation_id=conversation_id, channel=channel,
                    external_id=external_id or new_id(), message_id=message.id, heard=heard,
                    state="waiting", leased_until=utcnow() + LEASE)
        session.add_all([message, row])
        return Accepted(row.id, conversation_id, message.seq, False)

    def waiting(self, conversation_id: str) -> list[str]:
        """The ids of a conversation's messages that wait for an answer, oldest first."""
        with self._database.unit_of_work() as session:
            return list(session.scalars(
                sa.select(Inbox.id).join(Message, Inbox.message_id == Message.id)
                .where(Inbox.conversation_id == conversation_id, Inbox.state == "waiting")
                .order_by(Message.seq)))

    def forgotten(self) -> list[str]:
        """Conversations with a message that nobody answered in time."""
        with self._database.unit_of_work() as session:
            return list(session.scalars(
                sa.select(Inbox.conversation_id).where(
                    Inbox.state == "waiting", Inbox.leased_until < utcnow()).distinct()))

    def release_all(self) -> None:
        """Ends all leases: for a process that knows that it is the only one and just started."""
        with self._database.unit_of_work() as session:
            session.execute(sa.update(Inbox).where(Inbox.state == "waiting")
                            .values(leased_until=utcnow() - LEASE))


def _uploaded(session: Session, conversation_id: str, ids: Sequence[str]) -> list[Attachment]:
    """The files that a message brings. Raises NoSuchAttachment."""
    files = session.scalars(sa.select(Attachment).where(
        Attachment.id.in_(ids), Attachment.conversation_id == conversation_id,
        Attachment.message_id.is_(None))).all()
    if len(files) != len(set(ids)):
        raise NoSuchAttachment("a file is not in this conversation, or was sent before")
    return list(files)


def _pressed(session: Session, conversation_id: str, button_id: str) -> tuple[str, str] | None:
    """What a button of this conversation says and means; None if there is no such button."""
    offers = session.scalars(
        sa.select(Message.payload).where(
            Message.conversation_id == conversation_id, Message.author == "assistant")
        .order_by(Message.seq.desc()).limit(50))
    for payload in offers:
        command = (payload.get("commands") or {}).get(button_id)
        if command:
            title = next(b["title"] for b in payload["buttons"] if b["payload"] == button_id)
            return title, command
    return None
