"""The queue of those who wait for a person: its order, who fits whom, and how long it takes.

Emergencies come first, then who has waited longest. An agent is given first what fits their
languages and skills; who has waited long fits everybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import Unknown
from bot.services.ownership import AGENT, QUEUED, Owner, Ownership, Taken
from bot.services.presence import is_online
from bot.store.database import Database
from bot.store.tables import Conversation, OwnerChange, Presence, StaffMember, utcnow

EMERGENCY = "emergency"
#: Whoever has waited this long is anybody's, whatever their languages and skills.
ANYBODY_AFTER = dt.timedelta(minutes=10)
#: Minutes that a person has a conversation, as long as nothing is known of this shop.
_USUAL_MINUTES = 6.0
#: Topics that need no skill: that of the conversation is not known yet.
_NOBODYS = (None, "human", "emergency", "smalltalk", "out_of_scope")
_LOOK_BACK = dt.timedelta(days=2)
_LONGEST_HANDLING = dt.timedelta(hours=2)


@dataclass(frozen=True)
class Waiting:
    """A conversation in the queue, as far as its order depends on it."""

    id: str
    reason: str | None
    since: dt.datetime
    language: str | None
    topic: str | None

    @property
    def order(self) -> tuple[bool, dt.datetime, str]:
        """The queue is sorted by this."""
        return (self.reason != EMERGENCY, self.since, self.id)


@dataclass(frozen=True)
class Profile:
    """What an agent takes. No languages or no skills mean all of them; `open` is what they have."""

    id: str
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    capacity: int = 4
    open: int = 0

    @property
    def has_room(self) -> bool:
        """Whether they take another conversation."""
        return self.open < self.capacity

    def knows(self, language: str | None, topic: str | None) -> bool:
        """Whether a conversation is one of their languages and skills."""
        return ((not self.languages or language is None or language in self.languages)
                and (not self.skills or topic in _NOBODYS or topic in self.skills))


@dataclass(frozen=True)
class Place:
    """Where somebody stands in the queue, and the minutes that it will take, both from 1."""

    position: int
    expected_minutes: int


def ranked(waiting: Sequence[Waiting], profile: Profile, now: dt.datetime) -> list[Waiting]:
    """What an agent is to take, in this order.

    Emergencies whatever they know and have; else, if they have room, what fits and who has waited
    long, and only then the rest.
    """
    def rank(each: Waiting) -> tuple[bool, bool, dt.datetime, str]:
        fits = (profile.knows(each.language, each.topic) or each.reason == EMERGENCY
                or now - each.since >= ANYBODY_AFTER)
        return (each.reason != EMERGENCY, not fits, each.since, each.id)

    return sorted((each for each in waiting if profile.has_room or each.reason == EMERGENCY),
                  key=rank)


class Queue:
    """Reads the queue and hands out of it."""

    def __init__(self, database: Database, ownership: Ownership,
                 now: Callable[[], dt.datetime] = utcnow) -> None:
        self._database, self._ownership, self._now = database, ownership, now

    def waiting(self) -> list[Waiting]:
        """Everybody who waits, first come first. Those put aside for later do not."""
        with self._database.unit_of_work() as session:
            return sorted(_waiting(session, self._now()), key=lambda each: each.order)

    def profile(self, staff_id: str) -> Profile:
        """What an agent takes now. Raises Unknown."""
        with self._database.unit_of_work() as session:
            found = _profiles(session, StaffMember.id == staff_id)
            if not found:
                raise Unknown("there is no such agent")
            return found[0]

    def open_counts(self) -> dict[str, int]:
        """How many conversations each agent has at hand."""
        with self._database.unit_of_work() as session:
            return {each.id: each.open for each in _profiles(session)}

    def profiles(self) -> dict[str, Profile]:
        """What each agent takes now."""
        with self._database.unit_of_work() as session:
            return {each.id: each for each in _profiles(session)}

    def next_for(self, staff_id: str) -> Owner | None:
        """Gives an agent the conversation that fits best; None if nobody waits.

        Of two agents who ask at once, each gets another one.
        """
        for each in ranked(self.waiting(), self.profile(staff_id), self._now()):
            try:
                return self._ownership.take(each.id, staff_id)
            except (Taken, Unknown):
                continue
        return None

    def places(self) -> dict[str, Place]:
        """The place of everybody who waits."""
        with self._database.unit_of_work() as session:
            waiting = sorted(_waiting(session, self._now()), key=lambda each: each.order)
            if not waiting:
                return {}
            at_once = _at_once(session)
            minutes = _minutes_each(session, self._now())
        # With several agents, as many are begun at the same time; those before wait for theirs.
        return {each.id: Place(number, max(1, ceil(minutes * number / at_once)))
                for number, each in enumerate(waiting, start=1)}

    def place(self, conversation_id: str) -> Place | None:
        """Somebody's place; None if they do not wait."""
        return self.places().get(conversation_id)


def _waiting(session: Session, now: dt.datetime) -> list[Waiting]:
    rows = session.execute(
        sa.select(Conversation.id, Conversation.handoff_reason, Conversation.waiting_since,
                  Conversation.language, Conversation.topic, Conversation.created_at)
        .where(Conversation.owner == QUEUED, Conversation.merged_into.is_(None), sa.or_(
            Conversation.snoozed_until.is_(None), Conversation.snoozed_until <= now)))
    return [Waiting(row.id, row.handoff_reason, row.waiting_since or row.created_at, row.language,
                    row.topic) for row in rows]


def _profiles(session: Session, *conditions: sa.sql.ColumnElement[bool]) -> list[Profile]:
    mine = (sa.select(sa.func.count()).select_from(Conversation)
            .where(Conversation.agent_id == StaffMember.id, Conversation.owner == AGENT,
                   Conversation.snoozed_until.is_(None))
            .correlate(StaffMember).scalar_subquery())
    rows = session.execute(sa.select(
        StaffMember.id, StaffMember.languages, StaffMember.skills, StaffMember.capacity,
        mine.label("open")).where(*conditions))
    return [Profile(row.id, tuple(row.languages or ()), tuple(row.skills or ()), row.capacity,
                    row.open) for row in rows]


def _at_once(session: Session) -> int:
    """How many conversations the agents who are there can have at the same time."""
    found = session.scalar(sa.select(sa.func.sum(StaffMember.capacity)).select_from(StaffMember)
                           .join(Presence, Presence.staff_id == StaffMember.id)
                           .where(*is_online()))
    return max(1, int(found or 1))


def _minutes_each(session: Session, now: dt.datetime) -> float:
    """Minutes that a person had a conversation lately, on average."""
    later = sa.orm.aliased(OwnerChange)
    rows = session.execute(
        sa.select(OwnerChange.created_at, later.created_at.label("ended"))
        .join(later, sa.and_(later.conversation_id == OwnerChange.conversation_id,
                             later.epoch == OwnerChange.epoch + 1))
        .where(OwnerChange.owner == AGENT, OwnerChange.created_at > now - _LOOK_BACK)
        .order_by(OwnerChange.created_at.desc()).limit(100)).all()
    spans = [min(row.ended - row.created_at, _LONGEST_HANDLING) for row in rows]
    if not spans:
        return _USUAL_MINUTES
    return max(0.5, float(sum(span.total_seconds() for span in spans)) / 60 / len(spans))
