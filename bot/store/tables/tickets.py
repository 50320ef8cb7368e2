"""Tickets, what was written on them, and customers' files."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column
from bot.store.tables.claims import Claim
from bot.store.tables.conversations import Message
from bot.store.tables.orders import Order


class Ticket(Base):
    """Work for a person. `kind`: claim, review, emergency, request, failure, order, privacy,
    question (from the support centre or by mail) or presale.

    `state`: open (the shop's turn), waiting (the customer's turn), solved or closed. `queue` is
    support or presale. `due_at` is by when the shop's next reply is due.
    """

    __tablename__ = "tickets"
    id = id_column()
    number = sa.Column(sa.String(16), nullable=False, unique=True)
    kind = sa.Column(sa.String(16), nullable=False)
    urgent = sa.Column(sa.Boolean, nullable=False, default=False)
    state = sa.Column(sa.String(16), nullable=False, default="open")
    subject = sa.Column(sa.String(200), nullable=False)
    conversation_id = sa.Column(sa.String(255), index=True)
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), index=True)
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), index=True)
    due_at = sa.Column(UtcDateTime, nullable=False)
    queue = sa.Column(sa.String(16), nullable=False, default="support",
                      server_default="support")
    priority = sa.Column(sa.String(8), nullable=False, default="normal", server_default="normal")
    assignee_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"), index=True)
    customer_email = sa.Column(sa.String(320), index=True)
    language = sa.Column(sa.String(8))
    #: The shop's first reply; when its lateness was warned of, and when it came to pass.
    replied_at = sa.Column(UtcDateTime)
    warned_at = sa.Column(UtcDateTime)
    breached_at = sa.Column(UtcDateTime)
    snoozed_until = sa.Column(UtcDateTime)
    closed_at = sa.Column(UtcDateTime)
    merged_into = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"))
    #: The earlier ticket that this one goes on with, after that one was closed for good.
    follows_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"))
    #: The item of the order. No reference, since an import may remove items.
    order_line_id = sa.Column(sa.String(32))
    #: The order number that somebody wrote without proving that the order is theirs.
    stated_order = sa.Column(sa.String(64))
    topic = sa.Column(sa.String(32))
    #: How the customer liked it: 1 to 5 stars.
    stars = sa.Column(sa.Integer)
    rating_comment = sa.Column(sa.Text, nullable=False, default="", server_default="")
    created_at = made_column()
    order = relationship(Order)
    claim = relationship(Claim)
    entries = relationship("TicketEntry", order_by="TicketEntry.created_at")


class TicketEntry(Base):
    """Something written on a ticket: by the customer, the assistant or an agent."""

    __tablename__ = "ticket_entries"
    id = id_column()
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), nullable=False, index=True)
    author = sa.Column(sa.String(16), nullable=False)
    body = sa.Column(sa.Text, nullable=False)
    #: The message of its conversation that says the same, where there is one.
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"))
    created_at = made_column()


class ReplyClock(Base):
    """One reply that is due to a customer: since when, by when, and when it came.

    `subject` is ticket:ID or conversation:ID, `kind` first, next or emergency. `ended_at`: when
    the reply came or none was needed any more.
    """

    __tablename__ = "reply_clocks"
    subject = sa.Column(sa.String(280), primary_key=True)
    started_at = sa.Column(UtcDateTime, primary_key=True)
    kind = sa.Column(sa.String(16), nullable=False)
    warn_at = sa.Column(UtcDateTime, nullable=False)
    due_at = sa.Column(UtcDateTime, nullable=False)
    warned_at = sa.Column(UtcDateTime)
    breached_at = sa.Column(UtcDateTime)
    ended_at = sa.Column(UtcDateTime)
    __table_args__ = (sa.Index("ix_reply_clocks_running", "ended_at", "due_at"),)
class TicketChange(Base):
    """One step of a ticket's life. `what` is state, priority, queue, assignee (agents' ids), merged
    or rated."""

    __tablename__ = "ticket_changes"
    id = id_column()
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), nullable=False, index=True)
    what = sa.Column(sa.String(16), nullable=False)
    before = sa.Column(sa.String(32))
    after = sa.Column(sa.String(32), nullable=False)
    actor = sa.Column(sa.String(320), nullable=False)
    reason = sa.Column(sa.Text, nullable=False, default="")
    created_at = made_column()
    ticket = relationship(Ticket)


class TicketLink(Base):
    """A link to tickets in the support centre. Its token is known to its holder: here is a hash.

    `purpose`: ticket (that one), tickets (all of `email`) or receipt (that one was taken in).
    """

    __tablename__ = "ticket_links"
    token_hash = sa.Column(sa.String(64), primary_key=True)
    purpose = sa.Column(sa.String(16), nullable=False)
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), index=True)
    email = sa.Column(sa.String(320), index=True)
    created_at = made_column()
    expires_at = sa.Column(UtcDateTime, nullable=False, index=True)
    ticket = relationship(Ticket)


class Attachment(Base):
    """A file of a customer: uploaded to a conversation, then sent with a message.

    Sent ones are evidence on the conversation's ticket. `stored_as` names the file in the folder
    of attachments; `name` is only ever shown.
    """

    __tablename__ = "attachments"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), index=True)
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), index=True)
    name = sa.Column(sa.String(200), nullable=False)
    media_type = sa.Column(sa.String(64), nullable=False)
    size = sa.Column(sa.Integer, nullable=False)
    width = sa.Column(sa.Integer)
    height = sa.Column(sa.Integer)
    stored_as = sa.Column(sa.String(64), nullable=False, unique=True)
    created_at = made_column()
    message = relationship(Message)
    ticket = relationship(Ticket)
