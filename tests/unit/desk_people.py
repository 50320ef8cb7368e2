"""Agents and customers for tests of the desk's services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bot.services.messages import next_seq
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Presence, StaffMember, utcnow


def hire(database: Database, *names: str, at_the_desk: bool = True, **values: Any) -> None:
    """Agents whose id is their name."""
    with database.unit_of_work() as session:
        for name in names:
            session.add(StaffMember(id=name, email=f"{name}@shop.example", name=name.title(),
                                    password_hash="-", **values))
            session.flush()
            if at_the_desk:
                session.add(Presence(staff_id=name))


def seen(database: Database, name: str, ago: dt.timedelta, active_ago: dt.timedelta | None = None
         ) -> None:
    """The last sign of life of an agent's browser, and the last time they did something."""
    with database.unit_of_work() as session:
        row = session.get(Presence, name)
        row.seen_at = utcnow() - ago
        row.active_at = utcnow() - (ago if active_ago is None else active_ago)


def begin(database: Database, *ids: str, channel: str = "chat", **values: Any) -> None:
    """Conversations."""
    with database.unit_of_work() as session:
        for id_ in ids:
            session.add(Conversation(id=id_, channel=channel, **values))


def write(database: Database, conversation_id: str, text: str, author: str = "customer",
          ago: dt.timedelta = dt.timedelta()) -> None:
    """A message."""
    with database.unit_of_work() as session:
        session.add(Message(conversation_id=conversation_id, author=author, text=text, payload={},
                            seq=next_seq(session, conversation_id), created_at=utcnow() - ago))


def said(database: Database, conversation_id: str) -> list[tuple[str, str]]:
    """Author and text of everything in a conversation."""
    with database.unit_of_work() as session:
        return [(row.author, row.text) for row in session.query(Message).filter_by(
            conversation_id=conversation_id).order_by(Message.seq)]
