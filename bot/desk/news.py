"""What changed since the last look, as the desk's pages are told it. Reads; knows no sockets."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.desk.conversation import happenings, messages, notes
from bot.services.desk.rows import Row, rows, seen_by
from bot.services.desk.views import counts
from bot.services.ownership import BOT, QUEUED
from bot.services.waiting import Queue
from bot.store.changes import Changed
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Note, Presence, utcnow


@dataclass
class Look:
    """How far those who look at a conversation have been told."""

    seq: int
    epoch: int
    notes: int
    viewers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class News:
    """For all: rows and counts by agent, and what is gone. For viewers: events in their order."""

    changed: Mapping[str, dict[str, Any]]
    gone: list[str]
    #: Conversation, event, payload.
    viewed: list[tuple[str, str, dict[str, Any]]]
    #: Rows that are new in the queue, or an emergency now.
    arrived: list[Row]
    #: Agents whom an arrived row fits, by its id.
    fitting: Mapping[str, set[str]] = field(default_factory=dict)


class Watcher:
    """Compares the database with what was told before."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database, self._queue = database, queue
        self._print: dict[str, tuple[Any, ...]] | None = None
        #: Why each conversation that waits does.
        self._waiting: dict[str, str | None] = {}
        self._looks: dict[str, Look] = {}
        #: Opened since the last news, which did not know of it.
        self._opened: set[str] = set()
        # News are read in a thread, while pages open conversations in the loop.
        self._lock = threading.Lock()

    def differing(self) -> frozenset[str]:
        """Conversations that changed without a ring, which another process may have lost.

        The first look sees nothing new: pages read for themselves when they connect.
        """
        with self._database.unit_of_work() as session:
            with self._lock:
                looks = list(self._looks)
            now = _fingerprint(session, looks)
        before, self._print = self._print, now
        if before is None:
            self._waiting = {id_: mark[4] for id_, mark in now.items() if mark[0] == QUEUED}
            return frozenset()
        return frozenset(id_ for id_ in now.keys() | before.keys()
                         if now.get(id_) != before.get(id_))

    def news(self, changed: Changed, agents: Collection[str], viewed: Collection[str]) -> News:
        """What to tell these agents of these changes; `viewed` is what they look at."""
        with self._database.unit_of_work() as session:
            found = rows(session, sorted(changed.conversations))
            profiles, moment = self._queue.profiles(), utcnow()
            count = counts(session)
            merged = set(session.scalars(sa.select(Conversation.id).where(
                Conversation.id.in_(changed.conversations),
                Conversation.merged_into.is_not(None))))
            shown = [row for row in found if row["id"] not in merged]
            arrived = [row for row in shown if self._arrives(row)]
            told = {agent: {"rows": [seen_by(row, profiles[agent], moment) for row in shown],
                            "counts": count(agent)}
                    for agent in agents if agent in profiles}
            events = [event for row in found if row["id"] in viewed
                      for event in self._of_viewed(session, row, changed)]
            fitting = {row["id"]: {agent for agent in told
                                   if seen_by(row, profiles[agent], moment)["fits"]}
                       for row in arrived}
        with self._lock:
            self._looks = {id_: look for id_, look in self._looks.items()
                           if id_ in viewed or id_ in self._opened}
            self._opened -= set(viewed)
        gone = sorted((changed.conversations - {row["id"] for row in found}) | merged)
        return News(told, gone, events, arrived, fitting)

    def looked(self, conversation_id: str) -> None:
        """Somebody opened a conversation: what comes from now on is told."""
        with self._lock:
            if conversation_id in self._looks:
                return
            with self._database.unit_of_work() as session:
                self._looks[conversation_id] = _now(session, conversation_id)
            self._opened.add(conversation_id)

    def _arrives(self, row: Row) -> bool:
        before = self._waiting.get(row["id"], ...)
        if row["owner"] != QUEUED:
            self._waiting.pop(row["id"], None)
            return False
        self._waiting[row["id"]] = row["reason"]
        return before is ... or (before != row["reason"] and bool(row["emergency"]))

    def _of_viewed(self, session: Session, row: Row, changed: Changed
                   ) -> list[tuple[str, str, dict[str, Any]]]:
        id_ = row["id"]
        with self._lock:
            look = self._looks.setdefault(id_, _now(session, id_))
        again = [seq for where, seq in changed.messages if where == id_]
        events: list[tuple[str, str, dict[str, Any]]] = []
        for message in messages(session, id_, sa.or_(Message.seq > look.seq,
                                                     Message.seq.in_(again))):
            look.seq = max(look.seq, message["seq"])
            events.append((id_, "message", {"conversation_id": id_, "message": message}))
        for happening in happenings(session, id_, look.epoch):
            look.epoch = happening["epoch"]
            events.append((id_, "happening", {"conversation_id": id_, **happening}))
        written = notes(session, id_)
        for note in written[look.notes:]:
            events.append((id_, "note", {"conversation_id": id_, **note}))
        look.notes = len(written)
        viewers = tuple(each["id"] for each in row["viewers"])
        if viewers != look.viewers:
            look.viewers = viewers
            events.append((id_, "viewers", {"conversation_id": id_, "viewers": row["viewers"]}))
        return events


def _now(session: Session, conversation_id: str) -> Look:
    seq = session.scalar(sa.select(sa.func.max(Message.seq)).where(
        Message.conversation_id == conversation_id))
    epoch = session.scalar(sa.select(Conversation.epoch).where(
        Conversation.id == conversation_id))
    written = session.scalar(sa.select(sa.func.count()).select_from(Note).where(
        Note.conversation_id == conversation_id))
    return Look(seq or 0, epoch or 0, written or 0)


def _fingerprint(session: Session, viewed: list[str]) -> dict[str, tuple[Any, ...]]:
    """What tells whether a row changed, of all that people have or look at, in three queries."""
    wanted = sa.or_(Conversation.owner != BOT, Conversation.id.in_(viewed))
    marks = {row.id: tuple(row)[1:] for row in session.execute(
        sa.select(Conversation.id, Conversation.owner, Conversation.epoch,
                  Conversation.snoozed_until, Conversation.merged_into,
                  Conversation.handoff_reason).where(wanted))}
    last = dict(session.execute(
        sa.select(Message.conversation_id, sa.func.max(Message.seq))
        .join(Conversation, Conversation.id == Message.conversation_id).where(wanted)
        .group_by(Message.conversation_id)).all())
    viewing: dict[str, list[str]] = {}
    for staff_id, id_ in session.execute(sa.select(Presence.staff_id, Presence.viewing).where(
            Presence.viewing.is_not(None))):
        viewing.setdefault(id_, []).append(staff_id)
    return {id_: (*mark, last.get(id_), tuple(viewing.get(id_, ())))
            for id_, mark in marks.items()}
