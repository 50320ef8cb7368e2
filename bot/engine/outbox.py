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

from bot.services.ownership import AGENT
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, Outbox, utcnow

logger = logging.getLogger(__name__)

_BATCH = 100
_LONGEST_PAUSE = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class OutgoingMessage:
    """A reply as a channel delivers it. `key` is the same at every attempt.

    `author` is assistant or agent.
    """

    key: str
    conversation_id: str
    seq: int
    text: str
    buttons: list[dict[str, str]]
    custom: dict[str, Any] | None
    author: str = "assistant"


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
                # Another process leaves to us what comes while we deliver, so we look again.
                while await self._deliver(each):
                    pass

    def _left(self) -> list[Any]:
        return [Outbox.delivered_at.is_(None), Outbox.channel.in_(list(self._channels))]

    def _with_replies(self) -> list[str]:
        with self._database.separate_unit_of_work() as session:
            return list(session.scalars(
                sa.select(Outbox.conversation_id)
                .where(*self._left(), Outbox.next_attempt_at <= utcnow())
                .distinct().limit(_BATCH)))

    async def _deliver(self, conversation_id: str) -> bool:
        """Delivers what is left of a conversation, in order; whether there may be more."""
        left = [Outbox.conversation_id == conversation_id, *self._left()]
        with self._database.separate_unit_of_work() as session:
            rows = session.scalars(
                sa.select(Outbox).join(Outbox.message).where(*left)
                .options(contains_eager(Outbox.message)).order_by(Message.seq).limit(_BATCH)
                .with_for_update(skip_locked=True, of=Outbox)).all()
            if not rows:
                return False
            first = session.scalar(sa.select(Outbox.id).join(Outbox.message).where(*left)
                                   .order_by(Message.seq).limit(1))
            if rows[0].id != first:
                return False  # the first one is another process's, and so are those behind it
            for row in rows:
                if row.next_attempt_at > utcnow():
                    return False
                if _too_late(session, row):
                    _withdraw(row)
                    continue
                row.attempts += 1
                if not await self._try(row):
                    row.next_attempt_at = utcnow() + min(
                        dt.timedelta(seconds=2 ** min(row.attempts, 12)), _LONGEST_PAUSE)
                    return False  # a later reply must not overtake one that did not get through
                row.delivered_at = utcnow()
            return True

    async def _try(self, row: Outbox) -> bool:
        try:
            return await self._channels[row.channel](outgoing(row))
        except Exception:
            logger.exception("the channel %s did not take a message", row.channel)
            return False

    def hand_out(self, inbox_id: str) -> list[OutgoingMessage]:
        """The replies of one turn and what people wrote meanwhile, for a caller who waits.

        From then on all of it belongs to this message: the same message again gets it again.
        """
        with self._database.separate_unit_of_work() as session:
            here = sa.select(Inbox.conversation_id).where(Inbox.id == inbox_id).scalar_subquery()
            meanwhile = sa.and_(Outbox.inbox_id.is_(None), Outbox.delivered_at.is_(None))
            rows = session.scalars(
                sa.select(Outbox).join(Outbox.message)
                .where(Outbox.conversation_id == here,
                       sa.or_(Outbox.inbox_id == inbox_id, meanwhile))
                .options(contains_eager(Outbox.message)).order_by(Message.seq)
                .with_for_update(of=Outbox)).all()
            for row in rows:
                row.inbox_id, row.delivered_at = inbox_id, row.delivered_at or utcnow()
            return [outgoing(row) for row in rows
                    if row.dropped_at is None and not _too_late(session, row)]


def outgoing(row: Outbox) -> OutgoingMessage:
    """A stored reply as a channel delivers it."""
    message = row.message
    return OutgoingMessage(row.id, row.conversation_id, message.seq, message.text,
                           message.payload.get("buttons") or [], message.payload.get("custom"),
                           message.author)


def _too_late(session: Session, row: Outbox) -> bool:
    """Whether a person took over after the assistant said this. What keeps people safe is said."""
    if row.epoch is None or (row.message.payload.get("custom") or {}).get("type") == "safety":
        return False
    owner, epoch = session.execute(
        sa.select(Conversation.owner, Conversation.epoch)
        .where(Conversation.id == row.conversation_id)).one()
    return bool(owner == AGENT and row.epoch < epoch)


def _withdraw(row: Outbox) -> None:
    row.delivered_at = row.dropped_at = utcnow()
    row.message.author = "withdrawn"
