"""Rasa's tracker on our tables.

Events are numbered in each conversation, `(conversation, seq)` is the key, and a save writes only
what came after the last number it read: of two savers of the same state the second one fails
with ConcurrentTurn, and nothing of it is kept. Inside a turn it is part of the turn's transaction.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any

import rasa.shared.core.events as rasa_events
import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session

from bot.errors import ConcurrentTurn
from bot.store.database import Database
from bot.store.tables import TrackerEvent

#: Events from which on a session counts as long, and how many of its last ones are read then.
LONGEST, KEPT = 300, 120

# Rasa walks its whole class tree for the type of each event that is read.
rasa_events.Event.resolve_by_type = staticmethod(
    functools.lru_cache(maxsize=None)(rasa_events.Event.resolve_by_type))


class DatabaseTrackerStore(TrackerStore):
    """Keeps trackers in `tracker_events`."""

    def __init__(self, domain: Domain | None, host: Any = None,
                 event_broker: EventBroker | None = None, *, database: Database | None = None,
                 **kwargs: Any) -> None:
        """`database` is given by the server; from `endpoints.yml` it is found by the settings."""
        super().__init__(domain, event_broker, **{k: v for k, v in kwargs.items() if k != "url"})
        if database is None:
            from bot.bootstrap import bootstrap

            database = bootstrap().database
        self._database = database

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the tracker's new events. Raises ConcurrentTurn if somebody else did first."""
        known = getattr(tracker, "saved_events", 0)
        new = list(tracker.events)[known - getattr(tracker, "skipped_events", 0):]
        if not new:
            return
        try:
            with self._database.unit_of_work() as session:
                session.add_all(
                    TrackerEvent(conversation_id=tracker.sender_id, seq=known + i + 1,
                                 type_name=event.type_name, timestamp=event.timestamp,
                                 data=json.dumps(event.as_dict(), ensure_ascii=False))
                    for i, event in enumerate(new))
        except sa.exc.IntegrityError as error:
            raise ConcurrentTurn(f"conversation {tracker.sender_id} went on meanwhile") from error
        tracker.saved_events = known + len(new)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of the latest session, which knows how many events are stored."""
        return self._load(sender_id, latest_session=True)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The tracker with all sessions."""
        return self._load(conversation_id, latest_session=False)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        with self._database.unit_of_work() as session:
            return list(session.scalars(sa.select(TrackerEvent.conversation_id).distinct()))

    def _load(self, sender_id: str, *, latest_session: bool) -> DialogueStateTracker | None:
        mine = TrackerEvent.conversation_id == sender_id
        with self._database.unit_of_work() as session:
            events = sa.select(TrackerEvent.seq, TrackerEvent.data).where(mine)
            if latest_session:
                began = sa.select(sa.func.max(TrackerEvent.seq)).where(
                    mine, TrackerEvent.type_name == "session_started").scalar_subquery()
                events = events.where(TrackerEvent.seq >= sa.func.coalesce(began, 1)).limit(LONGEST)
            rows = session.execute(events.order_by(TrackerEvent.seq)).all()
            before: list[dict[str, Any]] = []
            if latest_session and len(rows) == LONGEST:
                start, before = _bounded(session, mine, rows[0].seq)
                rows = session.execute(
                    sa.select(TrackerEvent.seq, TrackerEvent.data)
                    .where(mine, TrackerEvent.seq >= start).order_by(TrackerEvent.seq)).all()
        if not rows:
            return None
        tracker = self.init_tracker(sender_id)
        tracker.sender_id = sender_id
        events = rasa_events.deserialise_events([*before, *(json.loads(row.data) for row in rows)])
        tracker.update_with_events(events, self.domain)
        tracker.saved_events = rows[-1].seq
        tracker.skipped_events = tracker.saved_events - len(tracker.events)
        return tracker


def _bounded(session: Session, mine: Any, start: int) -> tuple[int, list[dict[str, Any]]]:
    """Where to begin reading a long session, and what stood before it, in short.

    Rasa walks over all events of a tracker several times a turn. So of a long session only the
    last turns are read; of those before, the last value of each slot and the form that was open.
    """
    last = session.scalar(sa.select(sa.func.max(TrackerEvent.seq)).where(mine)) or 0
    cut = session.scalar(sa.select(sa.func.max(TrackerEvent.seq)).where(
        mine, TrackerEvent.type_name == "user", TrackerEvent.seq <= last - KEPT))
    if cut is None or cut <= start:
        return start, []
    slots: dict[str, dict[str, Any]] = {}
    loop: dict[str, Any] | None = None
    for data in session.execute(
            sa.select(TrackerEvent.data).where(
                mine, TrackerEvent.seq >= start, TrackerEvent.seq < cut,
                TrackerEvent.type_name.in_(("slot", "active_loop")))
            .order_by(TrackerEvent.seq)).scalars():
        event = json.loads(data)
        if event["event"] == "slot":
            slots[event["name"]] = event
        else:
            loop = event
    listening = {"event": "action", "name": "action_listen", "timestamp": 0.0}
    return cut, [*slots.values(), *([loop] if loop else []), listening]
