"""Who is signed in at the desk: sessions of browsers, and tokens of scripts.

A session's token is a random text that its browser alone knows; the database keeps its SHA-256. It
ends after 12 hours, or after 60 minutes in which nobody did anything (OWASP ASVS 5.0, 7.3).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.tables import StaffMember, StaffSession, StaffToken, utcnow

#: How long a session lasts at most, and how long without anything being done.
LASTS, IDLE = dt.timedelta(hours=12), dt.timedelta(minutes=60)
#: Signing in must not take longer than this.
HALF_LASTS = dt.timedelta(minutes=15)
#: A sign of life is written down at most so often.
_TOUCH = dt.timedelta(minutes=1)
DONE, CODE, NEW_PASSWORD = "done", "code", "new_password"


@dataclass(frozen=True)
class SignedIn:
    """Somebody at the desk. `step` is what signing in still needs: code, new_password or done.

    `key` names the session (empty for a script's token) and `csrf` goes with what changes
    something.
    """

    staff_id: str
    email: str
    name: str
    role: str
    step: str
    key: str = ""
    csrf: str = ""


class StaffSessions:
    """Begins, finds and ends sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, staff_id: str, address: str, *, code_given: bool = False) -> str:
        """A new session. Returns its token; what is still needed tells `find`."""
        token, now = secrets.token_urlsafe(32), utcnow()
        with self._database.unit_of_work() as session:
            session.add(StaffSession(token_hash=_hash(token), staff_id=staff_id, address=address,
                                     code_given=code_given, complete=False, created_at=now,
                                     seen_at=now, expires_at=now + HALF_LASTS))
            self._complete(session, _hash(token))
        return token

    def rotate(self, token: str, address: str, *, code_given: bool) -> str:
        """Another token for somebody who went a step further; the old one is over."""
        with self._database.unit_of_work() as session:
            staff_id = session.scalar(sa.select(StaffSession.staff_id).where(
                StaffSession.token_hash == _hash(token)))
            self.end(token)
            return self.begin(staff_id, address, code_given=code_given)

    def find(self, token: str) -> SignedIn | None:
        """Who is signed in by a session's token; None if it is unknown or over."""
        return self.by_key(_hash(token), _csrf(token), touch=True)

    def by_key(self, key: str, csrf: str = "", *, touch: bool = False) -> SignedIn | None:
        """Who is signed in by a session's key: to see whether a socket's session still holds.

        `touch`: something was done, so the session is not idle.
        """
        now = utcnow()
        with self._database.separate_unit_of_work() as session:
            row = session.execute(
                sa.select(StaffSession, StaffMember)
                .join(StaffMember, StaffMember.id == StaffSession.staff_id)
                .where(StaffSession.token_hash == key, StaffSession.expires_at > now,
                       StaffSession.seen_at > now - IDLE, StaffMember.active)).one_or_none()
            if row is None:
                return None
            held, staff = row
            step = _step(held, staff)
            if (step == DONE) != held.complete:
                return None
            if touch and held.seen_at < now - _TOUCH:
                # A statement, for the session may be over in the same moment on another page.
                session.execute(sa.update(StaffSession).where(StaffSession.token_hash == key)
                                .values(seen_at=now).execution_options(synchronize_session=False))
            return SignedIn(staff.id, staff.email, staff.name, staff.role, step, key, csrf)

    def end(self, token: str) -> None:
        """Signs a browser out."""
        with self._database.unit_of_work() as session:
            session.execute(sa.delete(StaffSession).where(
                StaffSession.token_hash == _hash(token))
                .execution_options(synchronize_session=False))

    def end_all(self, staff_id: str, *, tokens: bool = False) -> None:
        """Signs somebody out everywhere; with `tokens` their scripts too."""
        with self._database.unit_of_work() as session:
            for table in (StaffSession, StaffToken) if tokens else (StaffSession,):
                session.execute(sa.delete(table).where(table.staff_id == staff_id)
                                .execution_options(synchronize_session=False))

    def new_token(self, staff_id: str) -> str:
        """A token for a script, with all the rights of that person until they are deactivated.

        It replaces the one they had.
        """
        token = secrets.token_urlsafe(32)
        with self._database.unit_of_work() as session:
            session.execute(sa.delete(StaffToken).where(StaffToken.staff_id == staff_id)
                            .execution_options(synchronize_session=False))
            session.add(StaffToken(token_hash=_hash(token), staff_id=staff_id))
        return token

    def by_token(self, token: str) -> SignedIn | None:
        """Whose script this is; None if the token is unknown or its owner was deactivated."""
        with self._database.separate_unit_of_work() as session:
            staff = session.scalar(
                sa.select(StaffMember).join(StaffToken, StaffToken.staff_id == StaffMember.id)
                .where(StaffToken.token_hash == _hash(token), StaffMember.active))
            if staff is None:
                return None
            return SignedIn(staff.id, staff.email, staff.name, staff.role, DONE)

    def forget_expired(self) -> None:
        """Removes sessions that are over."""
        now = utcnow()
        with self._database.separate_unit_of_work() as session:
            session.execute(sa.delete(StaffSession).where(sa.or_(
                StaffSession.expires_at <= now, StaffSession.seen_at <= now - IDLE))
                .execution_options(synchronize_session=False))

    def _complete(self, session: sa.orm.Session, key: str) -> None:
        """Gives a session its full length once nothing is missing any more."""
        session.flush()
        held = session.get(StaffSession, key)
        staff = session.get(StaffMember, held.staff_id)
        if _step(held, staff) == DONE:
            held.complete, held.expires_at = True, held.created_at + LASTS


def _step(held: StaffSession, staff: StaffMember) -> str:
    if staff.totp_on and not held.code_given:
        return CODE
    return NEW_PASSWORD if staff.must_change else DONE


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _csrf(token: str) -> str:
    """Follows from the token, which no page of another site knows; it tells nothing of it."""
    return hashlib.sha256(b"csrf:" + token.encode("utf-8", "surrogateescape")).hexdigest()
