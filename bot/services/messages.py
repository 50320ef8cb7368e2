"""Writing a message into a conversation, and sending it on its way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store.tables import Conversation, Message, Outbox, new_id

#: Keeps these locks of PostgreSQL's apart from others that are named by a number.
_NUMBERS = 1


def next_seq(session: Session, conversation_id: str) -> int:
    """The next message number of a conversation.

    On PostgreSQL it is the caller's until the transaction ends: others wait for it, so what is
    left to do should be little.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(
            _NUMBERS, sa.func.hashtext(conversation_id))))
    latest = session.scalar(sa.select(sa.func.max(Message.seq)).where(
        Message.conversation_id == conversation_id))
    return (latest or 0) + 1


def send(session: Session, conversation: Conversation, author: str, text: str, *,
         payload: dict[str, Any] | None = None, message_id: str | None = None,
         epoch: int | None = None) -> Message:
    """Writes a message to the customer and puts it into the outbox of the conversation's channel.

    `epoch` is that of what the assistant says of itself, and is withdrawn if a person takes over
    before it is delivered; what people say has none. Raises IntegrityError if another message
    took the same number at this moment.
    """
    message = Message(id=message_id or new_id(), conversation_id=conversation.id, author=author,
                      seq=next_seq(session, conversation.id), text=text, payload=payload or {})
    session.add_all([message, Outbox(
        id=new_id(), conversation_id=conversation.id, channel=conversation.channel,
        message_id=message.id, epoch=epoch)])
    session.flush()
    return message
