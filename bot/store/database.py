"""The connection to SQLite or PostgreSQL, and the unit of work.

A unit of work is one session that is written in one burst at its end: `autoflush` is off, ids are
made here and not by the database, so nothing is sent before the commit. A turn of a conversation
may therefore wait for other things in between without holding SQLite's only write lock.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from bot.errors import SettingError, StoreError
from bot.store.changes import Changes
from bot.store.neighbours import Neighbours

#: Seconds that a writer waits for another one before it gives up.
BUSY_SECONDS = 5
#: Seconds after which PostgreSQL ends a transaction in which nothing is done, with its locks.
_STILL_SECONDS = 300
#: Keeps these locks of PostgreSQL's apart from others that are named by a number.
_ALONE = 2

_READ = "rows that were read"
_ambient: contextvars.ContextVar[Session | None] = contextvars.ContextVar("session", default=None)


class Database:
    """One database. `url` is an SQLAlchemy URL of SQLite or PostgreSQL.

    Raises SettingError for any other kind of URL, StoreError when it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except sa.exc.ArgumentError as error:
            raise SettingError(f"DATABASE_URL is not a database URL: {error}") from None
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingError(
                "DATABASE_URL must start with sqlite:/// or postgresql://, "
                f"not {parsed.get_backend_name()}://"
            )
        self.url = parsed
        self.engine = _sqlite(parsed) if self.is_sqlite else _postgresql(parsed)
        self._sessions = sessionmaker(self.engine, autoflush=False, expire_on_commit=False,
                                      future=True)
        sa.event.listen(self._sessions, "loaded_as_persistent", _remember)
        #: The other processes on this database.
        self.neighbours = Neighbours(None if self.is_sqlite else self.engine)
        #: Rings after each commit of a unit of work.
        self.changes = Changes(self.neighbours)
        self.changes.watch(self._sessions)

    def on_session(self, event: str, listener: Callable[..., None]) -> None:
        """Has `listener` called at an event of each of this database's sessions."""
        sa.event.listen(self._sessions, event, listener)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite: one writer at a time, one process."""
        return bool(self.url.get_backend_name() == "sqlite")

    @contextlib.contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back if anything is raised.

        Inside another unit of work it is that one, and the outer one commits.
        Raises StoreError when the database cannot be written.
        """
        outer = _ambient.get()
        if outer is not None:
            yield outer
            return
        session = self._sessions()
        token = _ambient.set(session)
        try:
            yield session
            session.commit()
        except (OperationalError, DBAPIError) as error:
            session.rollback()
            if isinstance(error, sa.exc.IntegrityError):
                raise
            raise StoreError(f"the database could not be written: {error.orig}") from error
        except sa.exc.TimeoutError as error:
            session.rollback()
            raise StoreError("all connections to the database are taken") from error
        except BaseException:
            session.rollback()
            raise
        finally:
            _ambient.reset(token)
            session.close()
            # An action that was given up may still run in its thread; it writes nothing any more.
            session.get_bind = _over

    @contextlib.contextmanager
    def separate_unit_of_work(self, *, remembers: bool = False) -> Iterator[Session]:
        """Like `unit_of_work`, but never part of another: for what must outlive a failed turn.

        One that `remembers` keeps what it read until its end, and asks for no row by its key twice.
        """
        token = _ambient.set(None)
        try:
            with self.unit_of_work() as session:
                if remembers:
                    session.info[_READ] = []
                yield session
        finally:
            _ambient.reset(token)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One process at a time does what stands in blocks of the same name.

        For work outside that no transaction holds together. Raises StoreError if another one
        takes too long over it.
        """
        if self.is_sqlite:
            yield
            return
        with self.engine.begin() as connection:
            try:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(
                    _ALONE, sa.func.hashtext(name))))
            except DBAPIError as error:
                raise StoreError(f"somebody else is at {name}: {error.orig}") from error
            yield

    def dispose(self) -> None:
        """Closes all connections."""
        self.neighbours.stop()
        self.engine.dispose()


def _remember(session: Session, row: Any) -> None:
    # A session only knows of rows that somebody else still holds.
    if _READ in session.info:
        session.info[_READ].append(row)


def _over(*_: Any, **__: Any) -> Engine:
    raise StoreError("this unit of work is over")


def _sqlite(url: sa.engine.URL) -> Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(f"DATABASE_URL: the folder of {url.database} cannot be made: "
                               f"{error.strerror}") from None
    engine = sa.create_engine(
        url,
        future=True,
        poolclass=QueuePool,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # WAL lets readers and one writer work side by side; FULL keeps what was acknowledged
        # also when the power goes.
        with contextlib.suppress(Exception):  # a read-only file cannot change its journal
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _postgresql(url: sa.engine.URL) -> Engine:
    engine = sa.create_engine(url, future=True, pool_pre_ping=True, pool_size=5, max_overflow=15,
                              pool_timeout=BUSY_SECONDS,
                              connect_args={"connect_timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            # Who waits for a lock keeps the event loop, and maybe whoever is to let go of it.
            cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            # Of a process that stands still, or whose machine is gone, nobody else hears.
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{_STILL_SECONDS}s'")
        connection.commit()

    return engine
