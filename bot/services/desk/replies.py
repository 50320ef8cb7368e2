"""What agents write to customers. Any reply of a person takes the conversation over."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NoSuchAttachment, Unknown
from bot.services.messages import send
from bot.services.ownership import Owner, Ownership
from bot.services.ticket_life import TicketLife
from bot.store.database import Database
from bot.store.tables import Attachment, Conversation, Message, StaffMember

_NAMESPACE = uuid.UUID("6f0d9c54-6c0a-4b7e-9a53-0f3f2f7f6a11")
_TRIES = 5


@dataclass(frozen=True)
class Replied:
    """A reply that was committed. `repeated`: it was there already."""

    message_id: str
    seq: int
    owner: Owner
    repeated: bool


class AgentReplies:
    """Takes agents' replies: message, outbox, owner and tickets in one transaction."""

    def __init__(self, database: Database, ownership: Ownership, life: TicketLife) -> None:
        self._database, self._ownership, self._life = database, ownership, life

    def reply(self, conversation_id: str, staff_id: str, text: str, client_msg_id: str,
              attachments: Sequence[str] = ()) -> Replied:
        """Commits a reply. The same `client_msg_id` of an agent in a conversation is the same one.

        Takes the conversation from the assistant or the queue; raises Taken if another agent has
        it, Unknown if there is none, NoSuchAttachment for a file that was not uploaded to it or
        was sent before.
        """
        named = f"{conversation_id}\n{staff_id}\n{client_msg_id}"
        message_id = uuid.uuid5(_NAMESPACE, named).hex
        for attempt in range(_TRIES):
            try:
                with self._database.separate_unit_of_work() as session:
                    return self._reply(session, conversation_id, staff_id, text, message_id,
                                       attachments)
            except sa.exc.IntegrityError:
                # Somebody took the same number at this moment, or sent the same reply.
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _reply(self, session: Session, conversation_id: str, staff_id: str, text: str,
               message_id: str, attachments: Sequence[str]) -> Replied:
        there = session.get(Message, message_id)
        if there is not None:
            return Replied(there.id, there.seq, self._ownership.of(conversation_id), True)
        conversation = session.get(Conversation, conversation_id)
        member = session.get(StaffMember, staff_id)
        if conversation is None or member is None:
            raise Unknown("there is no such conversation")
        owner = self._ownership.hold(conversation_id, staff_id, "replied")
        payload: dict[str, object] = {"name": member.name, "by": staff_id}
        files = _uploaded(session, conversation_id, attachments)
        if files:
            payload["attachments"] = [file.id for file in files]
        message = send(session, conversation, "agent", text, payload=payload,
                       message_id=message_id)
        for file in files:
            file.message_id = message.id
        self._life.agent_wrote(conversation_id, message, member.email)
        return Replied(message.id, message.seq, owner, False)


def _uploaded(session: Session, conversation_id: str, ids: Sequence[str]) -> list[Attachment]:
    if not ids:
        return []
    found = {file.id: file for file in session.scalars(sa.select(Attachment).where(
        Attachment.id.in_(ids), Attachment.conversation_id == conversation_id,
        Attachment.message_id.is_(None)))}
    if len(found) != len(set(ids)):
        raise NoSuchAttachment("a file is not in this conversation, or was sent before")
    return [found[each] for each in dict.fromkeys(ids)]
