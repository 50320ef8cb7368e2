"""A doorbell: after each commit, what it changed is told to whoever listens, in every process.

Only a ring. What it was about stands in the database, and a listener that missed one finds it
there when it looks again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import tables as t
from bot.store.neighbours import Neighbours

logger = logging.getLogger(__name__)
_KEY = _TOPIC = "changed"


@dataclass(frozen=True)
class Changed:
    """What a commit changed.

    `conversations`: their ids. `messages`: the conversation and number of each message that was
    written or withdrawn. `presence`: whether somebody came to the desk or left it.
    """

    conversations: frozenset[str] = frozenset()
    messages: frozenset[tuple[str, int]] = frozenset()
    presence: bool = False


#: Is called in the thread that committed, or heard of it: it must be quick and may not raise.
Listener = Callable[[Changed], None]


class Changes:
    """Collects what sessions write, and rings when they have committed, here and elsewhere."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._listeners: list[Listener] = []
        self._neighbours = neighbours
        neighbours.hear(_TOPIC, self._heard)

    def watch(self, sessions: Any) -> None:
        """Rings for the sessions of this `sessionmaker`."""
        sa.event.listen(sessions, "after_flush", _collect)
        sa.event.listen(sessions, "after_commit", self._ring)
        sa.event.listen(sessions, "after_rollback", _forget)

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Has `listener` called until the end of the block."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def _ring(self, session: Session) -> None:
        found = session.info.pop(_KEY, None)
        if not found:
            return
        changed = Changed(
            frozenset(id_ for id_, _ in found if id_),
            frozenset((id_, seq) for id_, seq in found if id_ and seq is not None),
            ("", None) in found)
        self._tell(changed)
        self._neighbours.tell(_TOPIC, [sorted(changed.conversations), sorted(changed.messages),
                                       changed.presence])

    def _heard(self, what: Any) -> None:
        conversations, messages, presence = what
        self._tell(Changed(frozenset(conversations),
                           frozenset((id_, seq) for id_, seq in messages), presence))

    def _tell(self, changed: Changed) -> None:
        for listener in list(self._listeners):
            try:
                listener(changed)
            except Exception:
                # The commit is done; whoever missed the ring finds it in the database.
                logger.exception("a listener failed")


def touched(session: Session, conversation_id: str) -> None:
    """Rings for what a session changed without its rows: by an update of many."""
    session.info.setdefault(_KEY, set()).add((conversation_id, None))


def presence_touched(session: Session) -> None:
    """Rings for who is at the desk, which is written without rows (`bot.services.presence`)."""
    session.info.setdefault(_KEY, set()).add(("", None))


def _collect(session: Session, _: Any) -> None:
    found = session.info.setdefault(_KEY, set())
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, t.Conversation):
            found.add((row.id, None))
        elif isinstance(row, t.Message):
            found.add((row.conversation_id, row.seq))
        elif isinstance(row, _OF_A_CONVERSATION) and row.conversation_id:
            found.add((row.conversation_id, None))


def _forget(session: Session) -> None:
    session.info.pop(_KEY, None)


_OF_A_CONVERSATION = (t.OwnerChange, t.Ticket, t.Note, t.Claim, t.ConversationTag)
