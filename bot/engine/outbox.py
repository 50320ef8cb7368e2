"""The outbox: replies on their way. They stay until their channel has taken them."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from bot.store.database import Database
from bot.store.tables import Message, Outbox, utcnow

logger = logging.getLogger(__name__)

_BATCH = 100
_LONGEST_PAUSE = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class OutgoingMessage:
    """A reply as a channel delivers it. `key` is the same at every attempt."""

    key: str
    conversation_id: str
    seq: int
    text: str
    buttons: list[dict[str, str]]
    custom: dict[str, Any] | None


#: Delivers a message; returns False if the channel cannot take it now.
Deliver = Callable[[OutgoingMessage], Awaitable[bool]]


class OutboxService:
    """Delivers replies through the channels that push; keeps the others until they are fetched."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channels: dict[str, Deliver] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def register(self, channel: str, deliver: Deliver) -> None:
        """Names the function that delivers a channel's messages."""
        self._channels[channel] = deliver

    async def deliver(self, conversation_id: str | None = None) -> None:
        """Delivers what is due, of one conversation or of all, in order."""
        if not self._channels:
            return
        for each in self._with_replies() if conversation_id is None else [conversation_id]:
            # Whoever comes second finds delivered what the first one took.
            lock = self._locks.setdefault(each, asyncio.Lock())
            async with lock:
                await self._deliver(each)

    def _due(self) -> list[Any]:
        return [Outbox.delivered_at.is_(None), Outbox.next_attempt_at <= utcnow(),
                Outbox.channel.in_(list(self._channels))]

    def _with_replies(self) -> list[str]:
        with self._database.separate_unit_of_work() as session:
            return list(session.scalars(
                sa.select(Outbox.conversation_id).where(*self._due()).distinct().limit(_BATCH)))

    async def _deliver(self, conversation_id: str) -> None:
        with self._database.separate_unit_of_work() as session:
            rows = session.scalars(
                sa.select(Outbox).join(Outbox.message)
                .where(Outbox.conversation_id == conversation_id, *self._due())
                .options(contains_eager(Outbox.message)).order_by(Message.seq).limit(_BATCH)
                .with_for_update(skip_locked=True, of=Outbox)).all()
            for row in rows:
                row.attempts += 1
                if not await self._try(row):
                    row.next_attempt_at = utcnow() + min(
                        dt.timedelta(seconds=2 ** min(row.attempts, 12)), _LONGEST_PAUSE)
                    return  # a later reply must not overtake one that did not get through
                row.delivered_at = utcnow()

    async def _try(self, row: Outbox) -> bool:
        try:
            return await self._channels[row.channel](outgoing(row))
        except Exception:
            logger.exception("the channel %s did not take a message", row.channel)
            return False

    def replies_to(self, inbox_id: str) -> list[OutgoingMessage]:
        """The replies of one turn, for channels whose caller waits for them."""
        with self._database.separate_unit_of_work() as session:
            return [outgoing(row) for row in _of_turn(session, inbox_id)]

    def mark_delivered(self, inbox_id: str) -> None:
        """Notes that the waiting caller has the replies of a turn."""
        with self._database.separate_unit_of_work() as session:
            for row in _of_turn(session, inbox_id):
                row.delivered_at = row.delivered_at or utcnow()


def _of_turn(session: Session, inbox_id: str) -> list[Outbox]:
    return list(session.scalars(
        sa.select(Outbox).join(Outbox.message).where(Outbox.inbox_id == inbox_id)
        .options(contains_eager(Outbox.message)).order_by(Message.seq)))


def outgoing(row: Outbox) -> OutgoingMessage:
    """A stored reply as a channel delivers it."""
    message = row.message
    return OutgoingMessage(row.id, row.conversation_id, message.seq, message.text,
                           message.payload.get("buttons") or [], message.payload.get("custom"))
