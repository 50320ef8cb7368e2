"""Reads a conversation as its customer may see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.channels.chat.session import thread_of
from bot.services.attachments import AttachmentView, of_messages
from bot.services.ownership import BOT, QUEUED
from bot.services.waiting import Place
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, StaffMember

CHANNEL = "chat"
#: Messages of one answer; a page that is further behind asks again at once.
PAGE = 200
#: Who may be heard in the chat. Anything else in a conversation is not for the customer.
SHOWN_AUTHORS = ("customer", "assistant", "agent")
#: Who answers as long as no person has it.
ASSISTANTS: dict[str, Any] = {"owner": BOT, "agent": None}


class Transcript:
    """The message table, as the pages know it (docs/chat-protocol.md)."""

    def __init__(self, database: Database, places: Callable[[], Mapping[str, Place]]) -> None:
        self._database, self._places = database, places

    def after(self, conversation_id: str, seq: int) -> dict[str, Any]:
        """What `resume` answers: the messages after `seq`, and how things stand."""
        with self._database.unit_of_work() as session:
            shown = _messages(session, conversation_id, Message.seq > seq, limit=PAGE + 1)
            return {"messages": shown[:PAGE], "more": len(shown) > PAGE,
                    "thread": thread_of(conversation_id), **self._owner(session, conversation_id),
                    "typing": _typing(session, conversation_id)}

    def message(self, conversation_id: str, seq: int) -> dict[str, Any] | None:
        """One message; None if it is not for the customer."""
        with self._database.unit_of_work() as session:
            shown = _messages(session, conversation_id, Message.seq == seq, limit=1)
            return shown[0] if shown else None

    def state(self, conversation_id: str) -> dict[str, Any]:
        """What `session_confirm` tells, but for the language."""
        with self._database.unit_of_work() as session:
            last = session.scalar(sa.select(sa.func.max(Message.seq)).where(
                Message.conversation_id == conversation_id, Message.author.in_(SHOWN_AUTHORS)))
            return {"thread": thread_of(conversation_id), **self._owner(session, conversation_id),
                    "typing": _typing(session, conversation_id), "last_seq": last or 0}

    def owner(self, conversation_id: str) -> dict[str, Any]:
        """Who answers: `{owner, agent}`, with the place of somebody who waits."""
        with self._database.unit_of_work() as session:
            return self._owner(session, conversation_id)

    def with_people(self) -> dict[str, dict[str, Any]]:
        """Who answers in all conversations that a person has, or is to have."""
        with self._database.unit_of_work() as session:
            return self._owners(session, Conversation.owner != BOT)

    def typing(self, conversation_id: str) -> bool:
        """Whether an answer of the assistant is on its way."""
        with self._database.unit_of_work() as session:
            return _typing(session, conversation_id)


    def _owner(self, session: Session, conversation_id: str) -> dict[str, Any]:
        found = self._owners(session, Conversation.id == conversation_id)
        return found.get(conversation_id, ASSISTANTS)

    def _owners(self, session: Session, condition: Any) -> dict[str, dict[str, Any]]:
        rows = session.execute(
            sa.select(Conversation.id, Conversation.owner, StaffMember.name)
            .outerjoin(StaffMember, StaffMember.id == Conversation.agent_id)
            .where(condition)).all()
        places = self._places() if any(row.owner == QUEUED for row in rows) else {}
        return {row.id: {"owner": row.owner, "agent": row.name, **_place(places.get(row.id))}
                for row in rows}


def _place(place: Place | None) -> dict[str, int]:
    if place is None:
        return {}
    return {"position": place.position, "expected_minutes": place.expected_minutes}


def _messages(session: Session, conversation_id: str, condition: Any, limit: int
              ) -> list[dict[str, Any]]:
    rows = session.execute(
        sa.select(Message, Inbox.external_id)
        .outerjoin(Inbox, sa.and_(
            Inbox.message_id == Message.id, Inbox.channel == CHANNEL,
            Inbox.conversation_id == Message.conversation_id))
        .where(Message.conversation_id == conversation_id, condition,
               Message.author.in_(SHOWN_AUTHORS))
        .order_by(Message.seq).limit(limit)).all()
    files = of_messages(session, [message.id for message, _ in rows
                                  if (message.payload or {}).get("attachments")])
    return [_shown(message, sent_as, files) for message, sent_as in rows]


def _shown(message: Message, sent_as: str | None,
           files: Mapping[str, AttachmentView]) -> dict[str, Any]:
    payload = message.payload or {}
    named: Sequence[str] = payload.get("attachments") or ()
    shown = {
        "seq": message.seq, "author": message.author, "text": message.text,
        # Named one by one: what a button means to the assistant never leaves the server.
        "buttons": [{"title": button["title"], "payload": button["payload"]}
                    for button in payload.get("buttons") or ()],
        "custom": payload.get("custom"),
        "attachments": [files[each].public() for each in named if each in files],
        "sent_at": message.created_at.astimezone(dt.timezone.utc).isoformat(),
    }
    if payload.get("name"):
        shown["name"] = payload["name"]
    # The page recognises by it a message of its own whose acknowledgement was lost.
    return {**shown, "client_msg_id": sent_as} if sent_as is not None else shown


def _typing(session: Session, conversation_id: str) -> bool:
    """Nobody types while a person has the conversation, unless they say so."""
    return session.scalar(
        sa.select(Inbox.id).join(Conversation, Conversation.id == Inbox.conversation_id).where(
            Inbox.channel == CHANNEL, Inbox.conversation_id == conversation_id,
            Inbox.state == "waiting", Conversation.owner == "bot").limit(1)) is not None
