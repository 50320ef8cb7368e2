"""Who is at the desk: browsers give a sign of life, and agents say whether they are away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store.changes import presence_touched
from bot.store.database import Database
from bot.store.dialect import insert
from bot.store.tables import Presence, StaffMember, utcnow

ONLINE, AWAY, OFFLINE = "online", "away", "offline"
#: Whose browser gave no sign of life for this long is gone (docs/desk-protocol.md, `beat`).
GONE_AFTER = dt.timedelta(seconds=45)
#: A browser tells of itself every ten seconds; more often is not written down.
_WRITTEN_EVERY = dt.timedelta(seconds=5)


class Presences:
    """Keeps the signs of life, in the database and so for every process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, staff_id: str, *, active: bool) -> None:
        """A sign of life of an agent's browser. `active`: they did something since the last one."""
        now = utcnow()
        with self._database.unit_of_work() as session:
            row = session.execute(sa.select(Presence.seen_at, Presence.active_at).where(
                Presence.staff_id == staff_id)).one_or_none()
            if row is None:
                session.connection().execute(insert(session, Presence.__table__).values(
                    staff_id=staff_id, seen_at=now, active_at=now).on_conflict_do_nothing())
                presence_touched(session)
                return
            late = now - _WRITTEN_EVERY
            changed = {}
            if active and row.active_at < late:
                changed["active_at"] = now
            if row.seen_at < late:
                changed["seen_at"] = now
            if changed:
                _update(session, staff_id, **changed)

    def acted(self, staff_id: str) -> None:
        """Notes that an agent did something, whether or not their browser is there."""
        with self._database.unit_of_work() as session:
            _update(session, staff_id, active_at=utcnow())

    def views(self, staff_id: str, conversation_id: str) -> None:
        """Notes which conversation an agent opened last."""
        with self._database.unit_of_work() as session:
            _update(session, staff_id, viewing=conversation_id)

    def views_no_more(self, staff_id: str, conversation_id: str, instead: str | None) -> None:
        """Notes that an agent left a conversation. `instead`: what another page of theirs shows."""
        with self._database.unit_of_work() as session:
            # A page in another process may have opened something since.
            _update(session, staff_id, Presence.viewing == conversation_id, viewing=instead)

    def choose(self, staff_id: str, status: str) -> None:
        """Keeps what an agent chose: online or away. Raises ValueError for anything else."""
        if status not in (ONLINE, AWAY):
            raise ValueError(f"the status is online or away, not {status!r}")
        now = utcnow()
        with self._database.unit_of_work() as session:
            session.connection().execute(
                insert(session, Presence.__table__)
                .values(staff_id=staff_id, status=status, seen_at=now, active_at=now)
                .on_conflict_do_update(index_elements=["staff_id"],
                                       set_={"status": status, "seen_at": now}))
            presence_touched(session)

    def left(self, staff_id: str) -> None:
        """An agent signed out: gone at once."""
        with self._database.unit_of_work() as session:
            _update(session, staff_id, seen_at=utcnow() - 2 * GONE_AFTER)

    def agents_online(self) -> int:
        """How many agents are at the desk and take conversations now."""
        with self._database.unit_of_work() as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(Presence)
                                      .join(StaffMember).where(*is_online())) or 0)

    def statuses(self) -> dict[str, str]:
        """What each agent who ever was at the desk is now: online, away or offline."""
        gone = utcnow() - GONE_AFTER
        with self._database.unit_of_work() as session:
            rows = session.execute(sa.select(Presence.staff_id, Presence.status, Presence.seen_at))
            return {row.staff_id: row.status if row.seen_at >= gone else OFFLINE for row in rows}


def is_online() -> list[sa.sql.ColumnElement[bool]]:
    """The conditions on `presence` and `staff` for somebody who takes conversations now."""
    return [Presence.status == ONLINE, Presence.seen_at >= utcnow() - GONE_AFTER,
            StaffMember.active]


def _update(session: Session, staff_id: str, *where: Any, **values: Any) -> None:
    # One statement, and none that must find the row: an admin may take the agent off the staff
    # while their browser says good-bye. On the connection, for to be there is not an act that
    # the audit log's line could stand beside (`audit.py`).
    done = session.connection().execute(
        sa.update(Presence).where(Presence.staff_id == staff_id, *where).values(**values))
    if done.rowcount:
        presence_touched(session)
