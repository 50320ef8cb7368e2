"""Conversations: what was said, what waits, and what is on its way."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column, utcnow


class Conversation(Base):
    """A conversation on one channel. `owner` says who answers: bot, queued or agent."""

    __tablename__ = "conversations"
    id = sa.Column(sa.String(255), primary_key=True)
    channel = sa.Column(sa.String(32), nullable=False)
    owner = sa.Column(sa.String(16), nullable=False, default="bot")
    #: Counts the changes of owner. What was begun in an earlier epoch is not said any more.
    epoch = sa.Column(sa.Integer, nullable=False, default=0)
    #: The agent who has it, while `owner` is agent.
    agent_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"))
    #: Why a person was asked for (contract, "Slots", `handoff`), since when somebody waits for
    #: one, and until when an agent put it aside.
    handoff_reason = sa.Column(sa.String(16))
    waiting_since = sa.Column(UtcDateTime)
    snoozed_until = sa.Column(UtcDateTime)
    #: The order that the customer proved to be theirs, and where mail reaches them.
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"))
    customer_email = sa.Column(sa.String(320))
    topic = sa.Column(sa.String(32))
    #: The conversation that this one was merged into.
    merged_into = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"))
    language = sa.Column(sa.String(8))
    #: The number of the last message that its customer has seen.
    read_seq = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    created_at = made_column()
    __table_args__ = (sa.Index("ix_conversations_owner", "owner", "waiting_since"),)


class OwnerChange(Base):
    """One change of a conversation's owner: who had it from then on, and who changed it."""

    __tablename__ = "owner_changes"
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"),
                                primary_key=True)
    epoch = sa.Column(sa.Integer, primary_key=True)
    owner = sa.Column(sa.String(16), nullable=False)
    agent_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"))
    actor = sa.Column(sa.String(320), nullable=False)
    reason = sa.Column(sa.String(32), nullable=False, default="")
    created_at = made_column()


class Message(Base):
    """What was said, in order: `seq` counts from 1 in each conversation.

    `author` is customer, assistant or agent; withdrawn for what the assistant said too late.
    `payload` holds buttons, the custom part, and the name of the agent.
    """

    __tablename__ = "messages"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False)
    seq = sa.Column(sa.Integer, nullable=False)
    author = sa.Column(sa.String(16), nullable=False)
    text = sa.Column(sa.Text, nullable=False, default="")
    payload = sa.Column(sa.JSON, nullable=False, default=dict)
    created_at = made_column()
    __table_args__ = (sa.UniqueConstraint("conversation_id", "seq"),
                      sa.Index("ix_messages_created_at", "created_at"))


class Inbox(Base):
    """A customer's message that was taken in. `state`: waiting, answered or failed.

    `(channel, conversation, external_id)` is unique: the same message twice is one.
    """

    __tablename__ = "inbox"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False)
    channel = sa.Column(sa.String(32), nullable=False)
    external_id = sa.Column(sa.String(255), nullable=False)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), nullable=False)
    heard = sa.Column(sa.Text, nullable=False)
    state = sa.Column(sa.String(16), nullable=False, default="waiting")
    leased_until = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    created_at = made_column()
    conversation = relationship(Conversation)
    message = relationship(Message)
    __table_args__ = (
        sa.UniqueConstraint("channel", "conversation_id", "external_id"),
        sa.Index("ix_inbox_state", "state", "created_at"),
    )


class Outbox(Base):
    """A reply on its way to the channel. `id` is the stable key of its delivery."""

    __tablename__ = "outbox"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False,
                                index=True)
    channel = sa.Column(sa.String(32), nullable=False)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), nullable=False)
    inbox_id = sa.Column(sa.String(32), sa.ForeignKey("inbox.id"), index=True)
    #: The conversation's epoch when the assistant said it; None for what an agent says.
    epoch = sa.Column(sa.Integer)
    #: When it was withdrawn, because a person had taken over before it was delivered.
    dropped_at = sa.Column(UtcDateTime)
    delivered_at = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_attempt_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    created_at = made_column()
    message = relationship(Message)
    __table_args__ = (sa.Index("ix_outbox_undelivered", "delivered_at", "next_attempt_at"),)


class TrackerEvent(Base):
    """One event of Rasa's tracker. `(conversation_id, seq)` makes two savers collide."""

    __tablename__ = "tracker_events"
    conversation_id = sa.Column(sa.String(255), primary_key=True)
    seq = sa.Column(sa.Integer, primary_key=True)
    type_name = sa.Column(sa.String(64), nullable=False)
    timestamp = sa.Column(sa.Float, nullable=False)
    data = sa.Column(sa.Text, nullable=False)


class Visitor(Base):
    """A browser that may speak in a conversation. Its token is known to it alone: here is a hash.

    `identity_email` is whom the shop says is logged in; it verifies nothing.
    """

    __tablename__ = "visitors"
    token_hash = sa.Column(sa.String(64), primary_key=True)
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    language = sa.Column(sa.String(8))
    identity_subject = sa.Column(sa.String(255))
    identity_email = sa.Column(sa.String(320))
    created_at = made_column()
    expires_at = sa.Column(UtcDateTime, nullable=False, index=True)


class Rating(Base):
    """How a customer liked a conversation: 1 to 5 stars. The latest one counts."""

    __tablename__ = "ratings"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), nullable=False, unique=True)
    stars = sa.Column(sa.Integer, nullable=False)
    comment = sa.Column(sa.Text, nullable=False, default="")
    created_at = made_column()
