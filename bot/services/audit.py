"""The audit log: who did what to what. It only ever grows.

`recording` puts the entry into the transaction that does the thing, so that nothing is done
without one and nothing is noted that was undone.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session

from bot.store.database import Database
from bot.store.tables import AuditEntry, new_id, utcnow

PAGE = 100


@dataclass
class Recording:
    """An entry that waits for its transaction. `details` may be added to until then."""

    actor: str
    action: str
    object_kind: str = ""
    object_id: str = ""
    address: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    written: bool = False

    def entry(self) -> AuditEntry:
        """The row."""
        return AuditEntry(id=new_id(), actor=self.actor, action=self.action[:64],
                          object_kind=self.object_kind, object_id=self.object_id[:255],
                          address=self.address, details=self.details, created_at=utcnow())


@dataclass(frozen=True)
class AuditView:
    """One line of the log, as an admin reads it."""

    at: dt.datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    details: dict[str, Any]
    address: str


_recording: contextvars.ContextVar[Recording | None] = contextvars.ContextVar(
    "audit", default=None)
_WROTE, _ENTRY = "wrote", "audit"


class Audit:
    """Writes and reads the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, actor: str, action: str, object_kind: str = "", object_id: str = "",
              address: str = "", **details: Any) -> None:
        """Adds an entry, as part of the present unit of work."""
        with self._database.unit_of_work() as session:
            session.add(Recording(actor, action, object_kind, object_id, address,
                                  details).entry())

    @contextlib.contextmanager
    def recording(self, recording: Recording) -> Iterator[Recording]:
        """Notes what the block does, in the first transaction of the block that writes.

        Where none does it is noted at the end; where the block raises before, not at all.
        """
        token, done = _recording.set(recording), False
        try:
            yield recording
            done = True
        finally:
            _recording.reset(token)
            # Tasks that the block began may go on; they are not what was recorded.
            missing, recording.written = done and not recording.written, True
        if missing:
            with self._database.separate_unit_of_work() as session:
                session.add(recording.entry())

    def page(self, *, actor: str | None = None, object_id: str | None = None,
             after: str | None = None) -> tuple[list[AuditView], str | None]:
        """The newest entries first, and where the next page begins (None: no more).

        `after` is what the page before said. An unknown one begins anew.
        """
        key = (AuditEntry.created_at, AuditEntry.id)
        query = sa.select(AuditEntry).order_by(*(column.desc() for column in key)).limit(PAGE + 1)
        if actor:
            query = query.where(AuditEntry.actor == actor)
        if object_id:
            query = query.where(AuditEntry.object_id == object_id)
        with self._database.unit_of_work() as session:
            last = session.get(AuditEntry, after) if after else None
            if last is not None:
                query = query.where(sa.or_(
                    AuditEntry.created_at < last.created_at,
                    sa.and_(AuditEntry.created_at == last.created_at, AuditEntry.id < last.id)))
            rows = session.scalars(query).all()
        shown = [AuditView(row.created_at, row.actor, row.action, row.object_kind, row.object_id,
                           row.details, row.address) for row in rows[:PAGE]]
        return shown, rows[PAGE - 1].id if len(rows) > PAGE else None


# Of all sessions, since whoever writes need not know that it is recorded.
@sa.event.listens_for(Session, "after_flush")
def _flushed(session: Session, _: Any) -> None:
    session.info[_WROTE] = True


@sa.event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info[_WROTE] = True


@sa.event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    recording = _recording.get()
    if recording is None or recording.written:
        return
    if session.info.get(_WROTE) or session.new or session.dirty or session.deleted:
        session.info[_ENTRY] = recording
        session.add(recording.entry())


@sa.event.listens_for(Session, "after_commit")
def _after_commit(session: Session) -> None:
    session.info.pop(_WROTE, None)
    recording = session.info.pop(_ENTRY, None)
    if recording is not None:
        recording.written = True


@sa.event.listens_for(Session, "after_rollback")
def _after_rollback(session: Session) -> None:
    session.info.pop(_WROTE, None)
    session.info.pop(_ENTRY, None)
