"""Who answers a conversation: the assistant (`bot`), nobody yet (`queued`), or an `agent`.

The owner stands in the database with an epoch that counts its changes. Whoever wants to change it
names the epoch they saw; of two at once one wins and the other learns who it was. What the
assistant began in an earlier epoch is not said any more (`bot/engine/turn.py`, `outbox.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, Unknown
from bot.store.database import Database
from bot.store.tables import Conversation, OwnerChange, StaffMember, utcnow

BOT, QUEUED, AGENT = "bot", "queued", "agent"
ASSISTANT = "assistant"
#: Channels by which people write letters: nobody waits in front of a screen for the answer.
LETTERS = ("email", "ticket")


@dataclass(frozen=True)
class Owner:
    """Who has a conversation. `agent` is the name that its customer sees."""

    owner: str
    epoch: int
    agent_id: str | None = None
    agent: str | None = None
    conversation_id: str = ""


#: Whether a change may follow on how things stand.
Allowed = Callable[[Owner], bool]


class Taken(NotAllowed):
    """Somebody else has the conversation; `by` is their name, None if it is the assistant."""

    def __init__(self, by: str | None) -> None:
        super().__init__(f"{by or 'the assistant'} has this conversation")
        self.by = by


class Ownership:
    """Changes owners. Every change raises the epoch and is kept in `owner_changes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, conversation_id: str) -> Owner:
        """Who has a conversation now; the assistant has those that do not exist yet."""
        with self._database.unit_of_work() as session:
            return _owner(session, conversation_id) or Owner(BOT, 0)

    def queue(self, conversation_id: str, reason: str) -> Owner:
        """The assistant asks for a person: part of its turn, which may still be undone.

        One that waits already keeps its place; what was an emergency stays one.
        """
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return Owner(BOT, 0)
            if conversation.owner == BOT:
                now = utcnow()
                conversation.owner, conversation.waiting_since = QUEUED, now
                conversation.merged_into = None
                conversation.epoch += 1
                session.add(OwnerChange(
                    conversation_id=conversation_id, epoch=conversation.epoch, owner=QUEUED,
                    actor=ASSISTANT, reason=reason, created_at=now))
            if conversation.handoff_reason != "emergency":
                conversation.handoff_reason = reason
            return Owner(conversation.owner, conversation.epoch)

    def claim(self, conversation_id: str, staff_id: str, reason: str = "claimed") -> Owner:
        """An agent takes a conversation from the assistant or out of the queue.

        Who has it already keeps it. Raises Taken if another agent has it.
        """
        return self._change(conversation_id, staff_id, AGENT, staff_id, reason,
                            allowed=lambda now: now.owner != AGENT)

    def take(self, conversation_id: str, staff_id: str) -> Owner:
        """An agent takes a conversation that waits. Raises Taken if it waits no more."""
        return self._change(conversation_id, staff_id, AGENT, staff_id, "taken",
                            allowed=lambda now: now.owner == QUEUED)

    def hold(self, conversation_id: str, staff_id: str, reason: str) -> Owner:
        """Like `claim`, and from here to the commit nobody else can change the owner."""
        owner = self.claim(conversation_id, staff_id, reason)
        with self._database.unit_of_work() as session:
            same = session.execute(sa.update(Conversation).where(
                Conversation.id == conversation_id, Conversation.epoch == owner.epoch
            ).values(epoch=Conversation.epoch).execution_options(synchronize_session=False))
            if same.rowcount != 1:
                session.expire_all()
                winner = _owner(session, conversation_id)
                raise Taken(winner.agent if winner else None)
        return owner

    def give(self, conversation_id: str, from_staff: str, to_staff: str) -> Owner:
        """Transfers a conversation to another agent. Raises Taken unless the first one has it."""
        return self._change(conversation_id, from_staff, AGENT, to_staff, "transferred",
                            allowed=lambda now: now.agent_id == from_staff)

    def requeue(self, conversation_id: str, staff_id: str, reason: str) -> Owner:
        """Back to its old place in the queue. Raises Taken unless this agent has it."""
        return self._change(conversation_id, staff_id, QUEUED, None, reason,
                            allowed=lambda now: now.agent_id == staff_id)

    def hand_back(self, conversation_id: str, staff_id: str,
                  reason: str = "handed_back") -> Owner:
        """Back to the assistant. Raises Taken unless this agent has it, or nobody."""
        return self._change(conversation_id, staff_id, BOT, None, reason,
                            allowed=lambda now: now.owner == QUEUED or now.agent_id == staff_id)

    def release(self, conversation_id: str, reason: str) -> Owner:
        """Out of the queue and back to the assistant, since nobody is there to take it."""
        return self._change(conversation_id, None, BOT, None, reason,
                            allowed=lambda now: now.owner == QUEUED)

    def _change(self, conversation_id: str, staff_id: str | None, owner: str,
                agent_id: str | None, reason: str, allowed: Allowed) -> Owner:
        with self._database.unit_of_work() as session:
            session.flush()
            now = _owner(session, conversation_id)
            if now is None:
                raise Unknown("there is no such conversation")
            if (now.owner, now.agent_id) == (owner, agent_id):
                return now
            if not allowed(now):
                raise Taken(now.agent)
            moment = utcnow()
            values: dict[str, Any] = {"owner": owner, "agent_id": agent_id,
                                      "epoch": now.epoch + 1, "snoozed_until": None}
            if owner != BOT:
                values["merged_into"] = None  # somebody is wanted here again
            if owner == QUEUED:
                # Whoever waited before waits on from then: the turn of others comes later.
                values["waiting_since"] = sa.func.coalesce(Conversation.waiting_since, moment)
            elif owner == BOT:
                values |= {"waiting_since": None, "handoff_reason": None}
            # The epoch in the condition makes it atomic: two who saw the same one cannot both win.
            done = session.execute(sa.update(Conversation).where(
                Conversation.id == conversation_id, Conversation.epoch == now.epoch
            ).values(**values).execution_options(synchronize_session="fetch"))
            if done.rowcount != 1:
                session.expire_all()
                winner = _owner(session, conversation_id)
                raise Taken(winner.agent if winner else None)
            name = session.scalar(sa.select(StaffMember.email).where(StaffMember.id == staff_id))
            session.add(OwnerChange(
                conversation_id=conversation_id, epoch=now.epoch + 1, owner=owner,
                agent_id=agent_id, actor=name or "system", reason=reason, created_at=moment))
            session.flush()
            return _owner(session, conversation_id) or now


def _owner(session: Session, conversation_id: str) -> Owner | None:
    row = session.execute(
        sa.select(Conversation.owner, Conversation.epoch, Conversation.agent_id, StaffMember.name,
                  Conversation.id)
        .outerjoin(StaffMember, StaffMember.id == Conversation.agent_id)
        .where(Conversation.id == conversation_id)).one_or_none()
    return Owner(*row) if row else None
