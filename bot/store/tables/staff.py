"""Human agents: who they are, where they are, what they did and what they noted."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column, utcnow


class StaffMember(Base):
    """A human agent. The password is an argon2 hash; a one-time one must be changed.

    `role` is agent, lead or admin. `languages` (ISO 639-1) and `skills` (topics) say whom to ask
    first; `capacity` is how many conversations they take at once.
    """

    __tablename__ = "staff"
    id = id_column()
    email = sa.Column(sa.String(320), nullable=False, unique=True)
    name = sa.Column(sa.String(200), nullable=False, default="", server_default="")
    role = sa.Column(sa.String(16), nullable=False, default="agent", server_default="agent")
    password_hash = sa.Column(sa.String(200), nullable=False)
    must_change = sa.Column(sa.Boolean, nullable=False, default=True)
    #: The shared secret of one-time codes (RFC 6238), and whether it was confirmed with a code.
    totp_secret = sa.Column(sa.String(64))
    totp_on = sa.Column(sa.Boolean, nullable=False, default=False, server_default=sa.false())
    totp_last_step = sa.Column(sa.Integer)
    languages = sa.Column(sa.JSON, nullable=False, default=list, server_default="[]")
    skills = sa.Column(sa.JSON, nullable=False, default=list, server_default="[]")
    capacity = sa.Column(sa.Integer, nullable=False, default=4, server_default="4")
    active = sa.Column(sa.Boolean, nullable=False, default=True, server_default=sa.true())
    created_at = made_column()


class StaffSession(Base):
    """A signed-in browser of an agent. Its token is known to it alone: here is a hash."""

    __tablename__ = "staff_sessions"
    token_hash = sa.Column(sa.String(64), primary_key=True)
    staff_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"), nullable=False, index=True)
    #: Whether everything that signing in needs was done: also the one-time code, where it is on.
    complete = sa.Column(sa.Boolean, nullable=False, default=False)
    code_given = sa.Column(sa.Boolean, nullable=False, default=False, server_default=sa.false())
    address = sa.Column(sa.String(64), nullable=False, default="")
    created_at = made_column()
    seen_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    expires_at = sa.Column(UtcDateTime, nullable=False, index=True)
    staff = relationship(StaffMember)


class StaffToken(Base):
    """A script that acts for an agent. Its token is known to it alone: here is a hash."""

    __tablename__ = "staff_tokens"
    token_hash = sa.Column(sa.String(64), primary_key=True)
    staff_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"), nullable=False, index=True)
    created_at = made_column()


class SignInFailure(Base):
    """Failed attempts to sign in with an address, whether it is an agent's or nobody's.

    `address_hash` is the SHA-256 of the e-mail address.
    """

    __tablename__ = "sign_in_failures"
    address_hash = sa.Column(sa.String(64), primary_key=True)
    failed = sa.Column(sa.Integer, nullable=False, default=0)
    locked_until = sa.Column(UtcDateTime)
    last_at = sa.Column(UtcDateTime, nullable=False, default=utcnow, index=True)


class Presence(Base):
    """Whether an agent is at the desk: `status` is online or away, as they chose.

    `seen_at`: their browser's last sign of life. `active_at`: the last time they did something.
    """

    __tablename__ = "presence"
    staff_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"), primary_key=True)
    status = sa.Column(sa.String(16), nullable=False, default="online")
    seen_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    active_at = sa.Column(UtcDateTime, nullable=False, default=utcnow)
    #: The conversation that they look at.
    viewing = sa.Column(sa.String(255))
    staff = relationship(StaffMember)


class AuditEntry(Base):
    """Who did what to what, append-only. `actor` is an agent's address or a part of the system."""

    __tablename__ = "audit_log"
    id = id_column()
    actor = sa.Column(sa.String(320), nullable=False, index=True)
    action = sa.Column(sa.String(64), nullable=False)
    object_kind = sa.Column(sa.String(32), nullable=False, default="")
    object_id = sa.Column(sa.String(255), nullable=False, default="")
    details = sa.Column(sa.JSON, nullable=False, default=dict)
    address = sa.Column(sa.String(64), nullable=False, default="")
    created_at = made_column()
    __table_args__ = (sa.Index("ix_audit_log_object", "object_kind", "object_id"),
                      sa.Index("ix_audit_log_created_at", "created_at"))


class Note(Base):
    """What agents tell each other about a conversation; no customer ever sees it.

    `mentions` are the ids of the agents it calls.
    """

    __tablename__ = "notes"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"), nullable=False,
                                index=True)
    staff_id = sa.Column(sa.String(32), sa.ForeignKey("staff.id"), nullable=False)
    body = sa.Column(sa.Text, nullable=False)
    mentions = sa.Column(sa.JSON, nullable=False, default=list)
    created_at = made_column()
    staff = relationship(StaffMember)


class ConversationTag(Base):
    """A tag on a conversation."""

    __tablename__ = "conversation_tags"
    conversation_id = sa.Column(sa.String(255), sa.ForeignKey("conversations.id"),
                                primary_key=True)
    tag = sa.Column(sa.String(40), primary_key=True)
    created_at = made_column()


class CannedReply(Base):
    """A reply that the shop prepared: `texts` by language (ISO 639-1), with {placeholders}."""

    __tablename__ = "canned_replies"
    id = id_column()
    shortcut = sa.Column(sa.String(40), nullable=False, unique=True)
    title = sa.Column(sa.String(200), nullable=False)
    texts = sa.Column(sa.JSON, nullable=False, default=dict)
    updated_by = sa.Column(sa.String(320), nullable=False, default="")
    updated_at = sa.Column(UtcDateTime, nullable=False, default=utcnow, onupdate=utcnow)
