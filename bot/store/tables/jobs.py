"""Work for later."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column, utcnow


class Job(Base):
    """Something to do later, kept in the database and not in memory.

    `key` is unique: the same work is not planned twice. `dead_at`: when it was given up, for the
    reason in `last_error`.
    """

    __tablename__ = "jobs"
    id = id_column()
    kind = sa.Column(sa.String(32), nullable=False)
    key = sa.Column(sa.String(255))
    payload = sa.Column(sa.JSON, nullable=False, default=dict)
    run_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    leased_until = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    done_at = sa.Column(UtcDateTime)
    dead_at = sa.Column(UtcDateTime)
    last_error = sa.Column(sa.Text)
    created_at = made_column()
    __table_args__ = (sa.Index("ix_jobs_due", "done_at", "run_at"),
                      sa.Index("uq_jobs_key", "key", unique=True))


class Webhook(Base):
    """An address of the shop's own systems that is told what happens. `events` are their names."""

    __tablename__ = "webhooks"
    id = id_column()
    url = sa.Column(sa.String(2000), nullable=False)
    secret = sa.Column(sa.String(64), nullable=False)
    events = sa.Column(sa.JSON, nullable=False, default=list)
    active = sa.Column(sa.Boolean, nullable=False, default=True)
    created_at = made_column()


class WebhookDelivery(Base):
    """An event on its way to a webhook. `state`: waiting, delivered or failed.

    `object_id` names what it is about; what is told is in the job until it is done.
    """

    __tablename__ = "webhook_deliveries"
    id = id_column()
    webhook_id = sa.Column(sa.String(32), sa.ForeignKey("webhooks.id"), nullable=False)
    event = sa.Column(sa.String(64), nullable=False)
    object_id = sa.Column(sa.String(255), nullable=False, default="")
    state = sa.Column(sa.String(16), nullable=False, default="waiting")
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    #: The answer's HTTP status, or in words why there was none.
    status = sa.Column(sa.Integer)
    error = sa.Column(sa.String(300))
    delivered_at = sa.Column(UtcDateTime)
    created_at = made_column()
    __table_args__ = (sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "created_at"),)


class OutsideConversation(Base):
    """A conversation as the shop's own help desk knows it.

    `outside_id` is its number there; `told_seq` the last message that was told there.
    """

    __tablename__ = "outside_conversations"
    desk = sa.Column(sa.String(16), primary_key=True)
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"),
                                primary_key=True)
    outside_id = sa.Column(sa.String(64), nullable=False)
    told_seq = sa.Column(sa.Integer, nullable=False, default=0)
    created_at = made_column()
    __table_args__ = (sa.Index("uq_outside_conversations_outside", "desk", "outside_id",
                               unique=True),)
