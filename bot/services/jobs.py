"""Work for later, kept in the database: planned in the transaction that asks for it.

A job runs at least once. Whoever runs it leases it first; a lease that its process did not end,
because it crashed, is over after a while and somebody else goes on. What fails is tried again
after a pause that grows, and given up (`dead_at`) after a number of attempts.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import AftersaleError
from bot.store.database import Database
from bot.store.tables import Job, new_id, utcnow

logger = logging.getLogger(__name__)

#: How long a process may take for a job before another one takes it up.
LEASE = dt.timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=5), dt.timedelta(hours=6)
#: Attempts before a job is given up: with the pauses above about a day.
ATTEMPTS = 16
#: Done and given-up jobs are kept so long, to be looked at.
KEPT = dt.timedelta(days=14)
_BATCH, _WORKERS = 20, 4
#: Does a job. It gets the payload, may run again after a crash, and raises to be tried later.
Work = Callable[[dict[str, Any]], None]


class GiveUp(AftersaleError):
    """A job cannot succeed, however often it is tried."""


@dataclass(frozen=True)
class _Leased:
    id: str
    kind: str
    payload: dict[str, Any]
    attempts: int
    until: dt.datetime


class Jobs:
    """Plans jobs and runs those that are due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._work: dict[str, tuple[Work, int]] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="jobs")

    def register(self, kind: str, work: Work, attempts: int = ATTEMPTS) -> None:
        """Names what does the jobs of a kind. Others wait until somebody does."""
        self._work[kind] = (work, attempts)

    def plan(self, kind: str, payload: dict[str, Any], *, key: str | None = None,
             run_at: dt.datetime | None = None) -> bool:
        """Plans a job as part of the present unit of work.

        False, and nothing planned, where there is one with this `key`, done or not.
        """
        with self._database.unit_of_work() as session:
            return plan(session, kind, payload, key=key, run_at=run_at)

    def run_due(self) -> int:
        """Runs what is due, several at once. Returns how many were run."""
        leased = list(itertools.islice(iter(self._lease, None), _BATCH))
        list(self._pool.map(self._run, leased))
        return len(leased)

    def forget_old(self) -> None:
        """Removes jobs that were done or given up long ago."""
        with self._database.separate_unit_of_work() as session:
            session.execute(sa.delete(Job).where(
                sa.func.coalesce(Job.done_at, Job.dead_at) < utcnow() - KEPT)
                .execution_options(synchronize_session=False))

    def close(self) -> None:
        """Waits for the jobs that run."""
        self._pool.shutdown()

    def _lease(self) -> _Leased | None:
        now = utcnow()
        free = sa.and_(
            Job.done_at.is_(None), Job.dead_at.is_(None), Job.run_at <= now,
            sa.or_(Job.leased_until.is_(None), Job.leased_until <= now),
            Job.kind.in_(list(self._work)))
        with self._database.separate_unit_of_work() as session:
            job = session.scalars(sa.select(Job).where(free).order_by(Job.run_at, Job.id).limit(1)
                                  .with_for_update(skip_locked=True)).first()
            if job is None:
                return None
            until = now + LEASE
            # SQLite knows no row locks: of two who saw it free, one finds it so when it writes.
            taken = session.execute(
                sa.update(Job).where(Job.id == job.id, free)
                .values(leased_until=until, attempts=Job.attempts + 1)
                .execution_options(synchronize_session=False))
            if taken.rowcount != 1:
                return None
            return _Leased(job.id, job.kind, job.payload, job.attempts + 1, until)

    def _run(self, job: _Leased) -> None:
        work, attempts = self._work[job.kind]
        values: dict[str, Any]
        try:
            work(job.payload)
            values = {"done_at": utcnow(), "last_error": None}
        except Exception as error:
            values = {"last_error": f"{type(error).__name__}: {error}"[:2000]}
            if isinstance(error, GiveUp) or job.attempts >= attempts:
                logger.error("a job of kind %s was given up: %s", job.kind, values["last_error"])
                values["dead_at"] = utcnow()
            else:
                values["run_at"] = utcnow() + pause(job.attempts)
        with self._database.separate_unit_of_work() as session:
            # One whose lease is over may be somebody else's by now.
            session.execute(
                sa.update(Job).where(Job.id == job.id, Job.leased_until == job.until)
                .values(leased_until=None, **values)
                .execution_options(synchronize_session=False))


def plan(session: Session, kind: str, payload: dict[str, Any], *, key: str | None = None,
         run_at: dt.datetime | None = None) -> bool:
    """The same, in a session at hand."""
    if key is not None:
        if any(isinstance(row, Job) and row.key == key for row in session.new):
            return False
        if session.scalar(sa.select(Job.id).where(Job.key == key)):
            return False
    now = utcnow()
    session.add(Job(id=new_id(), kind=kind, key=key, payload=payload, run_at=run_at or now,
                    created_at=now, attempts=0))
    return True


def pause(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts: 5 s, then four times as long, at most 6 h."""
    longer: int = 4 ** min(attempts - 1, 10)
    return min(FIRST_PAUSE * longer, LONGEST_PAUSE)
