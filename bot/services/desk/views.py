"""The views of the inbox: which conversations stand in it, in which order, and how many."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.desk.rows import Row, rows, seen_by
from bot.services.ownership import AGENT, BOT, QUEUED
from bot.services.waiting import EMERGENCY, Queue
from bot.store.database import Database
from bot.store.tables import Conversation, Message, utcnow

VIEWS = ("waiting", "mine", "all", "emergencies", "snoozed")
#: Rows of one answer. Who waits and what an agent has is shown whole, up to `_MOST`.
PAGE, _MOST = 50, 500
_LOOKED_AT = 600


class Inbox:
    """Reads the inbox for an agent."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database, self._queue = database, queue

    def page(self, view: str, staff_id: str, after: str | None = None) -> dict[str, Any]:
        """`{rows, counts, next}` (docs/desk-protocol.md). Raises ValueError for an unknown view."""
        if view not in VIEWS:
            raise ValueError(f"the view is one of {', '.join(VIEWS)}")
        with self._database.unit_of_work() as session:
            more = None
            if view == "all":
                ids, more = _latest(session, _moment(after))
            else:
                ids = _listed(session, view, staff_id)
            return {"rows": self.seen(session, ids, staff_id),
                    "counts": counts(session)(staff_id), "next": more}

    def row(self, conversation_id: str, staff_id: str) -> Row | None:
        """One row; None if there is no such conversation."""
        with self._database.unit_of_work() as session:
            found = self.seen(session, [conversation_id], staff_id)
            return found[0] if found else None

    def seen(self, session: Session, ids: list[str], staff_id: str) -> list[Row]:
        """Rows as one agent sees them."""
        profile, moment = self._queue.profile(staff_id), utcnow()
        return [seen_by(row, profile, moment) for row in rows(session, ids)]


class Counts:
    """How many conversations are in each view; called with an agent for theirs."""

    def __init__(self, waiting: int, emergencies: int, everything: int, snoozed: dict[str, int],
                 mine: dict[str, int]) -> None:
        self._shared = {"waiting": waiting, "emergencies": emergencies, "all": everything}
        self._snoozed, self._mine = snoozed, mine

    def __call__(self, staff_id: str) -> dict[str, int]:
        """The counts as this agent sees them."""
        return {**self._shared, "mine": self._mine.get(staff_id, 0),
                "snoozed": self._snoozed.get(staff_id, 0) + self._snoozed.get("", 0)}


def counts(session: Session) -> Counts:
    """The counts for every agent, with two queries."""
    later = sa.and_(Conversation.snoozed_until.is_not(None), Conversation.snoozed_until > utcnow())
    grouped = session.execute(
        sa.select(Conversation.owner, Conversation.agent_id,
                  (sa.func.coalesce(Conversation.handoff_reason, "") == EMERGENCY).label("urgent"),
                  sa.case((later, 1), else_=0).label("later"), sa.func.count().label("count"))
        .where(Conversation.owner.in_((QUEUED, AGENT)))
        .group_by("owner", "agent_id", "urgent", "later")).all()
    everything = session.scalar(sa.select(sa.func.count()).select_from(Conversation).where(
        Conversation.merged_into.is_(None)))
    waiting = emergencies = 0
    snoozed: dict[str, int] = {}
    mine: dict[str, int] = {}
    for row in grouped:
        emergencies += row.count if row.urgent else 0
        owner = row.agent_id if row.owner == AGENT else ""
        if row.later:
            snoozed[owner or ""] = snoozed.get(owner or "", 0) + row.count
        elif row.owner == QUEUED:
            waiting += row.count
        elif owner:
            mine[owner] = mine.get(owner, 0) + row.count
    return Counts(waiting, emergencies, everything or 0, snoozed, mine)


def _listed(session: Session, view: str, staff_id: str) -> list[str]:
    now = utcnow()
    later = sa.and_(Conversation.snoozed_until.is_not(None), Conversation.snoozed_until > now)
    mine = sa.and_(Conversation.owner == AGENT, Conversation.agent_id == staff_id)
    conditions = {
        "waiting": [Conversation.owner == QUEUED, ~later],
        "mine": [mine, ~later],
        "emergencies": [Conversation.owner != BOT, Conversation.handoff_reason == EMERGENCY],
        "snoozed": [later, sa.or_(Conversation.owner == QUEUED, mine)],
    }[view]
    urgent = sa.case((Conversation.handoff_reason == EMERGENCY, 0), else_=1)
    since = sa.func.coalesce(Conversation.waiting_since, Conversation.created_at)
    return list(session.scalars(
        sa.select(Conversation.id).where(*conditions).order_by(urgent, since, Conversation.id)
        .limit(_MOST)))


def _latest(session: Session, before: dt.datetime | None) -> tuple[list[str], str | None]:
    """All conversations by their last message, newest first, along the messages' index."""
    found: dict[str, dt.datetime] = {}
    reached, exhausted = before, False
    while len(found) <= PAGE and not exhausted:
        messages = session.execute(
            sa.select(Message.conversation_id, Message.created_at)
            .where(*([Message.created_at < reached] if reached else []))
            .order_by(Message.created_at.desc()).limit(_LOOKED_AT)).all()
        exhausted = len(messages) < _LOOKED_AT
        fresh: dict[str, dt.datetime] = {}
        for message in messages:
            fresh.setdefault(message.conversation_id, message.created_at)
            reached = message.created_at
        fresh = {id_: at for id_, at in fresh.items() if id_ not in found}
        hidden = _hidden(session, list(fresh), before)
        found |= {id_: at for id_, at in fresh.items() if id_ not in hidden}
    ids = list(found)
    if len(ids) <= PAGE:
        return ids, None
    return ids[:PAGE], found[ids[PAGE - 1]].isoformat()


def _hidden(session: Session, ids: list[str], before: dt.datetime | None) -> set[str]:
    """Those that were merged away, or stood on an earlier page."""
    if not ids:
        return set()
    merged = set(session.scalars(sa.select(Conversation.id).where(
        Conversation.id.in_(ids), Conversation.merged_into.is_not(None))))
    if before is None:
        return merged
    return merged | set(session.scalars(sa.select(Message.conversation_id).where(
        Message.conversation_id.in_(ids), Message.created_at >= before).distinct()))


def _moment(written: str | None) -> dt.datetime | None:
    if not written:
        return None
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("there is no such page") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
