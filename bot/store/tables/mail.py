"""E-mail: what came in, what goes out, and what is known of a thread."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column, utcnow


class MailCursor(Base):
    """How far a mailbox has been read: the last UID that was kept, under its UIDVALIDITY."""

    __tablename__ = "mail_cursors"
    mailbox = sa.Column(sa.String(64), primary_key=True)
    uid_validity = sa.Column(sa.BigInteger, nullable=False)
    last_uid = sa.Column(sa.BigInteger, nullable=False, default=0)
    updated_at = sa.Column(UtcDateTime, nullable=False, default=utcnow, onupdate=utcnow)


class MailIn(Base):
    """A mail that was taken in, whatever it is. Its original is the file `stored_as`.

    `source` names where it was found, so that it is kept once; `identity` tells what it says, so
    that it is read once, whichever way it came. `state`: received, read (a customer's, now in its
    conversation), noted (a robot's or a bounce, shown on its ticket at most), duplicate, ignored
    or failed (a person reads the original). `kind` says what it was taken for.
    """

    __tablename__ = "mails_in"
    id = id_column()
    source = sa.Column(sa.String(255), nullable=False, unique=True)
    mailbox = sa.Column(sa.String(64), nullable=False)
    queue = sa.Column(sa.String(16), nullable=False, default="support")
    #: SMTP's envelope, where the mail came by the door: its sender may be empty (a robot's).
    envelope_from = sa.Column(sa.String(320))
    stored_as = sa.Column(sa.String(64), nullable=False, unique=True)
    size = sa.Column(sa.Integer, nullable=False)
    state = sa.Column(sa.String(16), nullable=False, default="received")
    kind = sa.Column(sa.String(16))
    identity = sa.Column(sa.String(64), unique=True)
    content = sa.Column(sa.String(64), index=True)
    header_id = sa.Column(sa.String(255), index=True)
    sender = sa.Column(sa.String(320), index=True)
    subject = sa.Column(sa.String(500), nullable=False, default="")
    #: What was odd about it, for those who look at the original.
    notes = sa.Column(sa.JSON, nullable=False, default=list)
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), index=True)
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), index=True)
    message_id = sa.Column(sa.String(32), sa.ForeignKey("messages.id"), index=True)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    leased_until = sa.Column(UtcDateTime)
    last_error = sa.Column(sa.Text)
    created_at = made_column()
    handled_at = sa.Column(UtcDateTime)
    __table_args__ = (sa.Index("ix_mails_in_state", "state", "created_at"),)


class MailOut(Base):
    """A mail on its way out. `key` is what it is about, so that it is written once; `header_id`
    is its Message-ID at every attempt.

    `state`: waiting, sent, failed (refused for good) or bounced (came back). `body` is the text
    and what stands around it. `automatic` ones are never answered by well-made robots.
    """

    __tablename__ = "mails_out"
    id = id_column()
    key = sa.Column(sa.String(255), nullable=False, unique=True)
    header_id = sa.Column(sa.String(255), nullable=False, unique=True)
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), index=True)
    ticket_id = sa.Column(sa.String(32), sa.ForeignKey("tickets.id"), index=True)
    recipient = sa.Column(sa.String(320), nullable=False, index=True)
    subject = sa.Column(sa.String(500), nullable=False)
    language = sa.Column(sa.String(8), nullable=False, default="en")
    body = sa.Column(sa.JSON, nullable=False, default=dict)
    in_reply_to = sa.Column(sa.String(255))
    references = sa.Column("reference_ids", sa.JSON, nullable=False, default=list)
    automatic = sa.Column(sa.Boolean, nullable=False, default=True)
    state = sa.Column(sa.String(16), nullable=False, default="waiting")
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_attempt_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    leased_until = sa.Column(UtcDateTime)
    last_error = sa.Column(sa.Text)
    created_at = made_column()
    sent_at = sa.Column(UtcDateTime)
    __table_args__ = (sa.Index("ix_mails_out_due", "state", "next_attempt_at"),)


class MailThread(Base):
    """What the assistant has understood of a thread of mails, or of a ticket of the support centre,
    and what it asked for.

    `draft` is a claim in progress as `bot.services.draft` keeps it; `asked` names what is missing.
    """

    __tablename__ = "mail_threads"
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"),
                                primary_key=True)
    subject = sa.Column(sa.String(500), nullable=False, default="")
    queue = sa.Column(sa.String(16), nullable=False, default="support")
    draft = sa.Column(sa.JSON, nullable=False, default=dict)
    asked = sa.Column(sa.JSON, nullable=False, default=list)
    answers = sa.Column(sa.Integer, nullable=False, default=0)
    created_at = made_column()
