"""What the processes on one PostgreSQL database tell each other, over LISTEN and NOTIFY.

Only a doorbell: whoever was away when it rang finds in the database what it rang for. So nobody
waits for it, and nothing fails when it cannot ring.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import json
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.engine import Engine

logger = logging.getLogger(__name__)

_CHANNEL = "aftersale"
#: PostgreSQL carries less than 8,000 bytes at a time.
_PIECE = 7000
#: What is kept for neighbours while the database is away; older things have been found by then.
_KEPT = 1000
#: Seconds between two signs of life on a silent connection, and before a lost one is made anew.
_SILENCE, _PAUSE = 30.0, 2.0

#: Is called with what another process told, in a thread of its own, so it must be quick.
Heard = Callable[[Any], None]


class Neighbours:
    """Tells the other processes and hears them, from `start` to `stop`.

    Without an `engine` (on SQLite) there are no others, and all of this does nothing.
    """

    def __init__(self, engine: Engine | None) -> None:
        self._engine = engine
        self._listeners: dict[str, list[Heard]] = collections.defaultdict(list)
        self._waiting: collections.deque[str] = collections.deque(maxlen=_KEPT)
        self._numbers = itertools.count()
        self._parts: dict[int, str] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None

    @property
    def can_be(self) -> bool:
        """Whether there may be others."""
        return self._engine is not None

    def start(self) -> None:
        """Begins to tell and to hear, in a thread of its own."""
        if self._engine is None or self._thread is not None:
            return
        self._stopping.clear()
        bell, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._run, args=(self._engine, bell),
                                        name="neighbours", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it, after what was told last."""
        thread, self._thread = self._thread, None
        if thread is None or self._wake is None:
            return
        self._stopping.set()
        self._ring()
        thread.join(timeout=3)
        self._wake.close()

    def tell(self, topic: str, what: Any) -> None:
        """Tells all other processes what JSON can hold. Returns at once, in any thread."""
        if self._thread is not None:
            self._waiting.append(f"{topic} {json.dumps(what)}")
            self._ring()

    def hear(self, topic: str, heard: Heard) -> None:
        """Has `heard` called with what others tell of a topic."""
        self._listeners[topic].append(heard)

    def _ring(self) -> None:
        # One that is full has rung already; one that is closed needs to no more.
        with contextlib.suppress(OSError):
            if self._wake is not None:
                self._wake.send(b".")

    def _run(self, engine: Engine, bell: socket.socket) -> None:
        with bell:
            while not self._stopping.is_set():
                try:
                    self._exchange(engine, bell)
                except Exception as error:
                    logger.warning("other processes cannot be heard for the moment: %s", error)
                    self._stopping.wait(_PAUSE)

    def _exchange(self, engine: Engine, bell: socket.socket) -> None:
        with contextlib.closing(engine.raw_connection()) as borrowed:
            connection = borrowed.dbapi_connection
            # Out of the pool: what listens must not be given to anybody else.
            borrowed.detach()
            connection.autocommit = True
            cursor = connection.cursor()
            # Nothing here is worth waiting for the disk.
            cursor.execute(f"SET synchronous_commit = off; LISTEN {_CHANNEL}")
            self._parts.clear()
            while True:
                self._send(cursor)
                if self._stopping.is_set():
                    return
                self._hear(connection)
                ready, _, _ = select.select([connection, bell], [], [], _SILENCE)
                if bell in ready:
                    bell.recv(4096)
                elif not ready:
                    cursor.execute("SELECT 1")

    def _send(self, cursor: Any) -> None:
        texts = []
        with contextlib.suppress(IndexError):
            while True:
                texts.append(self._waiting.popleft())
        # Of equal notices in one transaction only the first is delivered, hence the number.
        pieces = [f"{next(self._numbers)} {int(last)} {piece}"
                  for text in texts for piece, last in _pieces(text)]
        if pieces:
            cursor.execute("SELECT pg_notify(%s, piece) FROM unnest(%s) WITH ORDINALITY AS "
                           "pieces(piece, place) ORDER BY place", (_CHANNEL, pieces))

    def _hear(self, connection: Any) -> None:
        connection.poll()
        own = connection.info.backend_pid
        while connection.notifies:
            notice = connection.notifies.pop(0)
            if notice.pid == own:
                continue
            _, last, piece = notice.payload.split(" ", 2)
            text = self._parts.pop(notice.pid, "") + piece
            if last == "0":
                self._parts[notice.pid] = text
                continue
            topic, _, what = text.partition(" ")
            for heard in list(self._listeners[topic]):
                try:
                    heard(json.loads(what))
                except Exception:
                    logger.exception("what another process told was not understood")


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """What fits into one notice each, and whether it is the last piece."""
    for start in range(0, len(text), _PIECE):
        yield text[start:start + _PIECE], start + _PIECE >= len(text)
