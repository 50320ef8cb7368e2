"""Visitors: the random token of a browser, and the conversation that it may speak in.

The token is the only key to a conversation. Knowing a conversation's id opens nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import tables as t
from bot.store.database import Database
from bot.store.tables import utcnow

#: A conversation can be taken up again for this long after the last visit.
KEPT = dt.timedelta(days=30)
#: Characters of a token; ours have 43. Longer ones are not even looked up.
_LONGEST_TOKEN = 100


@dataclass(frozen=True)
class Identity:
    """Whom the shop says is logged in. Good for filling in, never for verifying an order."""

    subject: str
    email: str


@dataclass(frozen=True)
class Known:
    """A visitor: `key` names them without being their token."""

    key: str
    conversation_id: str
    language: str | None
    email: str | None


@dataclass(frozen=True)
class Arrival:
    """A visitor with their token. `left` is the conversation that they just left behind."""

    token: str
    visitor: Known
    left: str | None


class Visitors:
    """Issues tokens and finds whom they belong to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, token: str | None) -> Known | None:
        """The visitor with this token; None if there is none or it has expired."""
        with self._database.unit_of_work() as session:
            row = _row(session, token)
            return _known(row) if row is not None else None

    def by_key(self, key: str) -> Known | None:
        """The visitor as they are now; None if they are gone."""
        with self._database.unit_of_work() as session:
            row = session.get(t.Visitor, key)
            return _known(row) if row is not None and row.expires_at > utcnow() else None

    def arrive(self, token: str | None, *, fresh: bool = False, language: str | None = None,
               identity: Identity | None = None) -> Arrival:
        """Takes up the conversation of `token`, or begins one; `fresh` begins one in any case.

        The token stays the same as long as it is used, so that all tabs follow into a new
        conversation. Each arrival prolongs it.
        """
        with self._database.separate_unit_of_work() as session:
            row = _row(session, token)
            left = None
            if row is None:
                token = secrets.token_urlsafe(32)
                row = t.Visitor(token_hash=_hash(token), conversation_id=new_conversation_id())
                session.add(row)
            elif fresh:
                left, row.conversation_id = row.conversation_id, new_conversation_id()
            row.expires_at = utcnow() + KEPT
            row.language = language or row.language
            if identity is not None:
                row.identity_subject, row.identity_email = identity.subject, identity.email
            assert token is not None
            return Arrival(token, _known(row), left)

    def forget_expired(self) -> int:
        """Deletes tokens that nobody can use any more; returns how many."""
        with self._database.separate_unit_of_work() as session:
            gone = session.execute(sa.delete(t.Visitor).where(t.Visitor.expires_at <= utcnow()))
            return int(gone.rowcount)


def new_conversation_id() -> str:
    """A new conversation's id. It never leaves the server."""
    return f"web-{secrets.token_urlsafe(24)}"


def _row(session: Session, token: str | None) -> t.Visitor | None:
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    row = session.get(t.Visitor, _hash(token))
    return row if row is not None and row.expires_at > utcnow() else None


def _hash(token: str) -> str:
    # Of 256 random bits: nothing to be guessed, so no salt and no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _known(row: t.Visitor) -> Known:
    return Known(row.token_hash, row.conversation_id, row.language, row.identity_email)
