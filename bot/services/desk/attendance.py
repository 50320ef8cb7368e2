"""Whom a person is not looking after any more: lost agents, idle ones, and an empty desk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.ownership import AGENT, LETTERS, QUEUED
from bot.services.presence import GONE_AFTER, ONLINE
from bot.store.database import Database
from bot.store.tables import Conversation, Message, OwnerChange, Presence, StaffMember, utcnow

#: How long the desk must have been empty before those who wait are sent elsewhere.
EMPTY_FOR = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Left:
    """A conversation whose agent is gone (`lost`) or does nothing (`idle`).

    `is_letter`: its customer wrote by mail or on a ticket's page, and is not told of it.
    """

    conversation_id: str
    agent_id: str
    reason: str
    is_letter: bool = False


class Attendance:
    """Finds conversations that were left alone. `idle_after` is how long an agent may be silent
    on a customer's message while they do nothing at all."""

    def __init__(self, database: Database, idle_after: dt.timedelta) -> None:
        self._database, self._idle_after = database, idle_after

    def left(self) -> list[Left]:
        """Conversations to go back to the queue. What was put aside for later waits until then.

        Who answered a letter and went home has left nobody: it goes back only when the customer
        writes again.
        """
        now = utcnow()
        with self._database.unit_of_work() as session:
            rows = session.execute(
                sa.select(Conversation.id, Conversation.channel, Conversation.agent_id,
                          Presence.seen_at,
                          Presence.active_at, StaffMember.active,
                          OwnerChange.created_at.label("since"))
                .join(StaffMember, StaffMember.id == Conversation.agent_id)
                .join(OwnerChange, sa.and_(OwnerChange.conversation_id == Conversation.id,
                                           OwnerChange.epoch == Conversation.epoch))
                .outerjoin(Presence, Presence.staff_id == Conversation.agent_id)
                .where(Conversation.owner == AGENT, sa.or_(
                    Conversation.snoozed_until.is_(None),
                    Conversation.snoozed_until <= now))).all()
            unanswered = _unanswered(session, [row.id for row in rows])
            found = []
            for row in rows:
                is_letter = row.channel in LETTERS
                if is_letter and row.id not in unanswered:
                    continue
                if _is_lost(row, now):
                    found.append(Left(row.id, row.agent_id, "lost", is_letter))
                elif self._is_idle(row, unanswered.get(row.id), now):
                    found.append(Left(row.id, row.agent_id, "idle", is_letter))
            return found

    def stranded(self) -> list[str]:
        """Conversations that wait although nobody has been at the desk for a while.

        A letter waits for the next shift.
        """
        now = utcnow()
        with self._database.unit_of_work() as session:
            last_seen = session.scalar(
                sa.select(sa.func.max(Presence.seen_at)).join(StaffMember)
                .where(Presence.status == ONLINE, StaffMember.active))
            if last_seen is not None and last_seen > now - max(GONE_AFTER, EMPTY_FOR):
                return []
            return list(session.scalars(
                sa.select(Conversation.id)
                .join(OwnerChange, sa.and_(OwnerChange.conversation_id == Conversation.id,
                                           OwnerChange.epoch == Conversation.epoch))
                .where(Conversation.owner == QUEUED, OwnerChange.created_at <= now - EMPTY_FOR,
                       Conversation.channel.not_in(LETTERS),
                       sa.or_(Conversation.snoozed_until.is_(None),
                              Conversation.snoozed_until <= now))
                .order_by(Conversation.waiting_since)))

    def _is_idle(self, row: sa.engine.Row, unanswered: dt.datetime | None, now: dt.datetime
                 ) -> bool:
        if unanswered is None:
            return False
        active = row.active_at or row.since
        return bool(max(unanswered, active, row.since) < now - self._idle_after)


def _is_lost(row: sa.engine.Row, now: dt.datetime) -> bool:
    """No sign of life of a browser that was there. Scripts have none; they may only be idle."""
    if not row.active:
        return True
    if row.seen_at is None or row.seen_at >= now - GONE_AFTER:
        return False
    return bool(row.since <= row.seen_at + GONE_AFTER)


def _unanswered(session: Session, ids: list[str]) -> dict[str, dt.datetime]:
    """Since when a customer's message has been without an answer, by conversation."""
    if not ids:
        return {}
    answers = (sa.select(Message.conversation_id, sa.func.max(Message.seq).label("seq"))
               .where(Message.conversation_id.in_(ids), Message.author == "agent")
               .group_by(Message.conversation_id).subquery())
    rows = session.execute(
        sa.select(Message.conversation_id, sa.func.min(Message.created_at))
        .outerjoin(answers, answers.c.conversation_id == Message.conversation_id)
        .where(Message.conversation_id.in_(ids), Message.author == "customer",
               Message.seq > sa.func.coalesce(answers.c.seq, 0))
        .group_by(Message.conversation_id))
    return {conversation_id: _aware(moment) for conversation_id, moment in rows}


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
