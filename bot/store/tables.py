"""All tables. A row's id is made by the application: a unit of work is written at its end."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base, relationship
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Base: Any = declarative_base(metadata=metadata)


def utcnow() -> dt.datetime:
    """Now, in UTC, with its time zone."""
    return dt.datetime.now(dt.timezone.utc)


def new_id() -> str:
    """A new random row id (32 hex digits)."""
    return uuid.uuid4().hex


class UtcDateTime(TypeDecorator):
    """A moment in UTC. SQLite forgets time zones, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """What is written: the same moment in UTC."""
        return None if value is None else value.astimezone(dt.timezone.utc)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """What is read: with its time zone."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.timezone.utc)


def _id() -> sa.Column:
    return sa.Column(sa.String(32), primary_key=True, default=new_id)


def _made(name: str = "created_at") -> sa.Column:
    return sa.Column(name, UtcDateTime, nullable=False, default=utcnow)


# ---------------------------------------------------------------- orders


class Customer(Base):
    """Who bought. `key` is the e-mail in lower case, or the order's key where there is none."""

    __tablename__ = "customers"
    id = _id()
    key = sa.Column(sa.String(320), nullable=False, unique=True)
    name = sa.Column(sa.String(200), nullable=False, default="")
    email = sa.Column(sa.String(320))
    phone = sa.Column(sa.String(40))
    country = sa.Column(sa.String(2))


class Order(Base):
    """An order with its invoice and the contact data that verify who asks.

    `order_key` and `invoice_key` are the numbers as they are compared: see `bot.store.keys`.
    """

    __tablename__ = "orders"
    id = _id()
    order_number = sa.Column(sa.String(64), nullable=False)
    order_key = sa.Column(sa.String(64), nullable=False, unique=True)
    invoice_number = sa.Column(sa.String(64))
    invoice_key = sa.Column(sa.String(64), index=True)
    invoice_date = sa.Column(sa.Date)
    status = sa.Column(sa.String(16), nullable=False)
    customer_id = sa.Column(sa.String(32), sa.ForeignKey("customers.id"), nullable=False,
                            index=True)
    email = sa.Column(sa.String(320))
    phone = sa.Column(sa.String(40))
    postal_code = sa.Column(sa.String(20))
    country = sa.Column(sa.String(2))
    updated_at = sa.Column(UtcDateTime, nullable=False, default=utcnow, onupdate=utcnow)
    customer = relationship(Customer)
    lines = relationship("OrderLine", back_populates="order", order_by="OrderLine.line_number")


class OrderLine(Base):
    """One line item of an order. `is_gift` is a free promotional gift of the shop."""

    __tablename__ = "order_lines"
    id = _id()
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), nullable=False)
    line_number = sa.Column(sa.Integer, nullable=False)
    sku = sa.Column(sa.String(64), nullable=False)
    product_name = sa.Column(sa.String(200), nullable=False)
    serial_number = sa.Column(sa.String(64))
    quantity = sa.Column(sa.Integer, nullable=False)
    unit_price = sa.Column(sa.Numeric(12, 2), nullable=False)
    currency = sa.Column(sa.String(3), nullable=False)
    is_gift = sa.Column(sa.Boolean, nullable=False, default=False)
    order = relationship(Order, back_populates="lines")
    __table_args__ = (sa.UniqueConstraint("order_id", "line_number"),)


class VerificationAttempt(Base):
    """One attempt to prove who asks; counted against guessing, per conversation and per order."""

    __tablename__ = "verification_attempts"
    id = _id()
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    order_key = sa.Column(sa.String(64), nullable=False, index=True)
    succeeded = sa.Column(sa.Boolean, nullable=False)
    created_at = _made()


# ---------------------------------------------------------------- conversations


class Conversation(Base):
    """A conversation on one channel. `owner` says who answers: bot, queued or agent."""

    __tablename__ = "conversations"
    id = sa.Column(sa.String(255), primary_key=True)
    channel = sa.Column(sa.String(32), nullable=False)
    owner = sa.Column(sa.String(16), nullable=False, default="bot")
    epoch = sa.Column(sa.Integer, nullable=False, default=0)
    language = sa.Column(sa.String(8))
    #: The number of the last message that its customer has seen.
    read_seq = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")
    created_at = _made()


class Message(Base):
    """What was said, in order: `seq` counts from 1 in each conversation.

    `author` is customer, assistant or agent. `payload` holds buttons and the custom part.
    """

    __tablename__ = "messages"
    id = _id()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False)
    seq = sa.Column(sa.Integer, nullable=False)
    author = sa.Column(sa.String(16), nullable=False)
    text = sa.Column(sa.Text, nullable=False, default="")
    payload = sa.Column(sa.JSON, nullable=False, default=dict)
    created_at = _made()
    __table_args__ = (sa.UniqueConstraint("conversation_id", "seq"),)


class Inbox(Base):
    """A customer's message that was taken in. `state`: waiting, answered or failed.

    `(channel, conversation, external_id)` is unique: the same message twice is one.
    """

    __tablename__ = "inbox"
    id = _id()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False)
    channel = sa.Column(sa.String(32), nullable=False)
    external_id = sa.Column(sa.String(255), nullable=False)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), nullable=False)
    heard = sa.Column(sa.Text, nullable=False)
    state = sa.Column(sa.String(16), nullable=False, default="waiting")
    leased_until = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    created_at = _made()
    message = relationship(Message)
    __table_args__ = (
        sa.UniqueConstraint("channel", "conversation_id", "external_id"),
        sa.Index("ix_inbox_state", "state", "created_at"),
    )


class Outbox(Base):
    """A reply on its way to the channel. `id` is the stable key of its delivery."""

    __tablename__ = "outbox"
    id = _id()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False)
    channel = sa.Column(sa.String(32), nullable=False)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), nullable=False)
    inbox_id = sa.Column(sa.String(32), sa.ForeignKey("inbox.id"), index=True)
    delivered_at = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_attempt_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    created_at = _made()
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
    created_at = _made()
    expires_at = sa.Column(UtcDateTime, nullable=False, index=True)


class Rating(Base):
    """How a customer liked a conversation: 1 to 5 stars. The latest one counts."""

    __tablename__ = "ratings"
    id = _id()
    conversation_id = sa.Column(sa.String(255), nullable=False, unique=True)
    stars = sa.Column(sa.Integer, nullable=False)
    comment = sa.Column(sa.Text, nullable=False, default="")
    created_at = _made()


# ---------------------------------------------------------------- claims and tickets


class Claim(Base):
    """A warranty claim. Its state changes only by `bot.services.claims`; every change is logged."""

    __tablename__ = "claims"
    id = _id()
    number = sa.Column(sa.String(16), nullable=False, unique=True)
    conversation_id = sa.Column(sa.String(255), index=True)
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), index=True)
    order_line_id = sa.Column(sa.String(32), sa.ForeignKey("order_lines.id"))
    state = sa.Column(sa.String(24), nullable=False)
    symptom = sa.Column(sa.Text, nullable=False, default="")
    incident = sa.Column(sa.Text, nullable=False, default="")
    remedy = sa.Column(sa.String(16))
    remedy_note = sa.Column(sa.Text, nullable=False, default="")
    created_at = _made()
    order = relationship(Order)
    order_line = relationship(OrderLine)


class ClaimTransition(Base):
    """One change of a claim's state: from, to, who, why."""

    __tablename__ = "claim_transitions"
    id = _id()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    ordinal = sa.Column(sa.Integer, nullable=False)
    from_state = sa.Column(sa.String(24))
    to_state = sa.Column(sa.String(24), nullable=False)
    actor = sa.Column(sa.String(320), nullable=False)
    reason = sa.Column(sa.Text, nullable=False, default="")
    created_at = _made()


class Decision(Base):
    """A decision on a claim, append-only. `record` replays it: every rule with its facts."""

    __tablename__ = "decisions"
    id = _id()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    outcome = sa.Column(sa.String(16), nullable=False)
    record = sa.Column(sa.JSON, nullable=False)
    terms_version = sa.Column(sa.String(32), nullable=False)
    terms_hash = sa.Column(sa.String(64), nullable=False)
    decided_by = sa.Column(sa.String(320), nullable=False)
    supersedes = sa.Column(sa.String(32), sa.ForeignKey("decisions.id"))
    created_at = _made()


class ClaimFact(Base):
    """A fact of a claim: yes, no or unknown, where it comes from and the message that said it."""

    __tablename__ = "facts"
    id = _id()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    name = sa.Column(sa.String(32), nullable=False)
    state = sa.Column(sa.String(8), nullable=False)
    source = sa.Column(sa.String(16), nullable=False)
    said_in = sa.Column(sa.String(64))
    created_at = _made()


class Ticket(Base):
    """Work for a person. `kind`: claim, review, emergency, request, failure, order or privacy."""

    __tablename__ = "tickets"
    id = _id()
    number = sa.Column(sa.String(16), nullable=False, unique=True)
    kind = sa.Column(sa.String(16), nullable=False)
    urgent = sa.Column(sa.Boolean, nullable=False, default=False)
    state = sa.Column(sa.String(16), nullable=False, default="open")
    subject = sa.Column(sa.String(200), nullable=False)
    conversation_id = sa.Column(sa.String(255), index=True)
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), index=True)
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), index=True)
    due_at = sa.Column(UtcDateTime, nullable=False)
    created_at = _made()
    order = relationship(Order)
    claim = relationship(Claim)
    entries = relationship("TicketEntry", order_by="TicketEntry.created_at")


class TicketEntry(Base):
    """Something written on a ticket: by the customer, the assistant or an agent."""

    __tablename__ = "ticket_entries"
    id = _id()
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), nullable=False, index=True)
    author = sa.Column(sa.String(16), nullable=False)
    body = sa.Column(sa.Text, nullable=False)
    created_at = _made()


class ReviewItem(Base):
    """A message that was not understood, without personal data, until somebody looked at it.

    `label` is the training label that it was given, if any.
    """

    __tablename__ = "review_items"
    id = _id()
    kind = sa.Column(sa.String(16), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    language = sa.Column(sa.String(8), nullable=False)
    asked = sa.Column(sa.String(32))
    guess = sa.Column(sa.String(64))
    label = sa.Column(sa.String(64))
    settled_at = sa.Column(UtcDateTime)
    created_at = _made()
    __table_args__ = (sa.Index("ix_review_items_waiting", "settled_at", "created_at"),)


class Attachment(Base):
    """A file of a customer: uploaded to a conversation, then sent with a message.

    Sent ones are evidence on the conversation's ticket. `stored_as` names the file in the folder
    of attachments; `name` is only ever shown.
    """

    __tablename__ = "attachments"
    id = _id()
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), index=True)
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), index=True)
    name = sa.Column(sa.String(200), nullable=False)
    media_type = sa.Column(sa.String(64), nullable=False)
    size = sa.Column(sa.Integer, nullable=False)
    width = sa.Column(sa.Integer)
    height = sa.Column(sa.Integer)
    stored_as = sa.Column(sa.String(64), nullable=False, unique=True)
    created_at = _made()
    message = relationship(Message)
    ticket = relationship(Ticket)


class StaffMember(Base):
    """A human agent. The password is an argon2 hash; a one-time one must be changed."""

    __tablename__ = "staff"
    id = _id()
    email = sa.Column(sa.String(320), nullable=False, unique=True)
    password_hash = sa.Column(sa.String(200), nullable=False)
    must_change = sa.Column(sa.Boolean, nullable=False, default=True)
    created_at = _made()


class Job(Base):
    """Something to do later, kept in the database and not in memory."""

    __tablename__ = "jobs"
    id = _id()
    kind = sa.Column(sa.String(32), nullable=False)
    payload = sa.Column(sa.JSON, nullable=False, default=dict)
    run_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    leased_until = sa.Column(UtcDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    done_at = sa.Column(UtcDateTime)
    last_error = sa.Column(sa.Text)
    created_at = _made()
    __table_args__ = (sa.Index("ix_jobs_due", "done_at", "run_at"),)
