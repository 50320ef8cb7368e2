"""What happens that others want to hear of, found in what a transaction writes.

Whoever listens does so in that transaction: what it adds is kept with the rest, or with nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from bot.services.ownership import AGENT, QUEUED
from bot.store.database import Database
from bot.store.tables import (
    Claim,
    Conversation,
    Decision,
    Message,
    OwnerChange,
    StaffMember,
    Ticket,
)

WAITING, CLAIMED = "conversation.waiting", "conversation.claimed"
OPENED, DECIDED, EMERGENCY = "ticket.opened", "claim.decided", "emergency"
#: Every event by its name, with what it says.
EVENTS = {
    WAITING: "A conversation waits for a person.",
    CLAIMED: "An agent took a conversation.",
    OPENED: "A ticket was opened.",
    DECIDED: "A claim was decided, by the assistant or by a person.",
    EMERGENCY: "Somebody reported an emergency, in a conversation that waits or by a ticket.",
}
#: Somebody wrote a message: for adapters, and no webhook's event.
MESSAGE = "message"
_FOUND = "happenings"


@dataclass(frozen=True)
class Happening:
    """One event. `data` names records and says nothing that a customer wrote."""

    event: str
    object_id: str
    data: dict[str, Any] = field(default_factory=dict)


#: Is called with the session that writes, before it commits.
Listener = Callable[[Session, Happening], None]


class Happenings:
    """Finds events of a database's sessions and tells the listeners."""

    def __init__(self, database: Database) -> None:
        self._listeners: list[Listener] = []
        database.on_session("after_flush", _collect)
        database.on_session("after_flush_postexec", self._tell)
        database.on_session("after_rollback", _forget)

    def listen(self, listener: Listener) -> None:
        """Has `listener` told of every event from now on."""
        self._listeners.append(listener)

    def _tell(self, session: Session, _: Any) -> None:
        # Listeners may write, and so come here again with what they wrote.
        for row in session.info.pop(_FOUND, ()):
            for happening in _happenings(session, row):
                for listener in self._listeners:
                    listener(session, happening)


def _collect(session: Session, _: Any) -> None:
    rows = [row for row in session.new if isinstance(row, (OwnerChange, Ticket, Decision, Message))]
    if rows:
        session.info.setdefault(_FOUND, []).extend(rows)


def _forget(session: Session) -> None:
    with contextlib.suppress(KeyError):
        del session.info[_FOUND]


def _happenings(session: Session, row: Any) -> Iterator[Happening]:
    if isinstance(row, Message):
        yield Happening(MESSAGE, row.conversation_id, {"seq": row.seq, "author": row.author})
    elif isinstance(row, OwnerChange):
        yield from _of_owner(session, row)
    elif isinstance(row, Ticket):
        data = {"number": row.number, "kind": row.kind, "urgent": row.urgent,
                "conversation_id": row.conversation_id, "due_at": row.due_at.isoformat()}
        yield Happening(OPENED, row.number, data)
        if row.kind == EMERGENCY:
            yield Happening(EMERGENCY, row.number, {
                "conversation_id": row.conversation_id, "ticket_number": row.number})
    else:
        claim = session.get(Claim, row.claim_id)
        yield Happening(DECIDED, claim.number, {
            "claim_number": claim.number, "outcome": row.outcome,
            "reasons": list(row.record.get("reasons") or ()),
            "decided_by": "assistant" if row.decided_by in ("assistant", "bot") else "agent",
            "supersedes": row.supersedes is not None,
            "conversation_id": claim.conversation_id})


def _of_owner(session: Session, change: OwnerChange) -> Iterator[Happening]:
    conversation = session.get(Conversation, change.conversation_id)
    data = {"conversation_id": change.conversation_id, "epoch": change.epoch,
            "channel": conversation.channel, "language": conversation.language,
            "topic": conversation.topic, "reason": change.reason}
    if change.owner == QUEUED:
        yield Happening(WAITING, change.conversation_id, data)
        if EMERGENCY in (change.reason, conversation.handoff_reason):
            yield Happening(EMERGENCY, change.conversation_id, {
                "conversation_id": change.conversation_id, "ticket_number": None})
    elif change.owner == AGENT:
        agent = session.get(StaffMember, change.agent_id) if change.agent_id else None
        yield Happening(CLAIMED, change.conversation_id, {
            **data, "agent": {"id": agent.id, "name": agent.name} if agent else None})
