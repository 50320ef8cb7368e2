"""Signing in at the desk: password, one-time code, new password; lockout.

Nothing tells whether an address is an agent's: the words, the time and the lockout are the same
for addresses of nobody.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import pyotp
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, SignInRefused
from bot.services.audit import Audit
from bot.services.passwords import check_new, hashed, outdated, verified
from bot.services.staff_sessions import CODE, NEW_PASSWORD, SignedIn, StaffSessions
from bot.store.database import Database
from bot.store.tables import SignInFailure, StaffMember, StaffSession, utcnow

#: So many failures lock an address, for this long, twice as long at each further lock.
FAILURES, LOCKED, LONGEST_LOCK = 5, dt.timedelta(minutes=15), dt.timedelta(hours=24)
#: Failures are forgotten after a day without another one.
FORGOTTEN = dt.timedelta(days=1)
#: Seconds of a one-time code (RFC 6238), and how many codes a clock may be off.
STEP, DRIFT = 30, 1
_ISSUER = "After-sale desk"


class SignIn:
    """Lets agents in. Each step gives a new session token and ends the one before."""

    def __init__(self, database: Database, sessions: StaffSessions, audit: Audit) -> None:
        self._database, self._sessions, self._audit = database, sessions, audit

    def password(self, email: str, password: str, address: str) -> str:
        """The first step. Returns a session's token. Raises SignInRefused."""
        typed = email.strip().lower()
        self._count(typed)
        with self._database.unit_of_work() as session:
            staff = session.scalar(sa.select(StaffMember).where(StaffMember.email == typed,
                                                                StaffMember.active))
        if not verified(staff.password_hash if staff else None, password):
            self._audit.write(staff.email if staff else "nobody", "sign-in failed", "staff",
                              staff.id if staff else "", address)
            raise SignInRefused("wrong")
        with self._database.unit_of_work() as session:
            if outdated(staff.password_hash):
                session.get(StaffMember, staff.id).password_hash = hashed(password)
            if not staff.totp_on:
                self._forget(session, typed)
            self._audit.write(staff.email, "password given", "staff", staff.id, address)
            return self._sessions.begin(staff.id, address)

    def code(self, token: str, code: str, address: str) -> str:
        """The second step, for those who have one-time codes. Raises SignInRefused."""
        signed_in = self._at(token, CODE)
        self._count(signed_in.email)
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, signed_in.staff_id)
            if _code_taken(session, staff, code):
                self._forget(session, signed_in.email)
                self._audit.write(staff.email, "code given", "staff", staff.id, address)
                return self._sessions.rotate(token, address, code_given=True)
            self._audit.write(staff.email, "code failed", "staff", staff.id, address)
        raise SignInRefused("code")

    def new_password(self, token: str, password: str, address: str) -> str:
        """The last step after a one-time password. Raises SignInRefused or AftersaleError."""
        signed_in = self._at(token, NEW_PASSWORD)
        return self._set_password(signed_in.staff_id, password, address)

    def change_password(self, staff_id: str, old: str, new: str, address: str) -> str:
        """Changes a password; signs out everywhere else. Returns the new session's token.

        Raises SignInRefused where the old one is wrong, AftersaleError for one easy to guess.
        """
        self._prove(staff_id, old)
        return self._set_password(staff_id, new, address)

    def begin_totp(self, staff_id: str) -> tuple[str, str]:
        """A new secret for one-time codes and its otpauth URI. Raises NotAllowed if they are on."""
        secret = pyotp.random_base32()
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, staff_id)
            if staff.totp_on:
                raise NotAllowed("one-time codes are on already")
            staff.totp_secret = secret
        return secret, pyotp.TOTP(secret, name=staff.email, issuer=_ISSUER).provisioning_uri()

    def confirm_totp(self, staff_id: str, key: str, code: str) -> None:
        """Turns one-time codes on, proven by one; `key` names the session that goes on.

        All others end. Raises SignInRefused if the code is wrong, NotAllowed.
        """
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, staff_id)
            if staff.totp_on or not staff.totp_secret:
                raise NotAllowed("one-time codes are on already, or were not begun")
            if not _code_taken(session, staff, code):
                raise SignInRefused("code")
            staff.totp_on = True
            session.execute(sa.delete(StaffSession).where(
                StaffSession.staff_id == staff_id, StaffSession.token_hash != key)
                .execution_options(synchronize_session=False))
            held = session.get(StaffSession, key)
            if held is not None:
                held.code_given = True

    def remove_totp(self, staff_id: str, password: str) -> None:
        """Turns one-time codes off. Raises SignInRefused if the password is wrong."""
        self._prove(staff_id, password)
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, staff_id)
            staff.totp_on, staff.totp_secret, staff.totp_last_step = False, None, None

    def forget_expired(self) -> None:
        """Removes failures that nobody counts any more."""
        with self._database.separate_unit_of_work() as session:
            session.execute(sa.delete(SignInFailure).where(
                SignInFailure.last_at < utcnow() - FORGOTTEN)
                .execution_options(synchronize_session=False))

    def _at(self, token: str, step: str) -> SignedIn:
        signed_in = self._sessions.find(token)
        if signed_in is None or signed_in.step != step:
            raise SignInRefused("signed_out")
        return signed_in

    def _prove(self, staff_id: str, password: str) -> None:
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, staff_id)
        self._count(staff.email)
        if not verified(staff.password_hash, password):
            raise SignInRefused("wrong")
        with self._database.unit_of_work() as session:
            self._forget(session, staff.email)

    def _set_password(self, staff_id: str, password: str, address: str) -> str:
        with self._database.unit_of_work() as session:
            staff = session.get(StaffMember, staff_id)
            check_new(password, staff.email, staff.name)
            if verified(staff.password_hash, password):
                raise NotAllowed("the new password must be another one")
            staff.password_hash, staff.must_change = hashed(password), False
            self._sessions.end_all(staff_id)
            self._audit.write(staff.email, "password changed", "staff", staff_id, address)
            # Whoever came so far has given their code, if they have one.
            return self._sessions.begin(staff_id, address, code_given=True)

    def _count(self, email: str) -> None:
        """Counts an attempt as failed before it is made, so that many at once are counted too."""
        try:
            self._count_once(email)
        except IntegrityError:
            self._count_once(email)  # another one at the same moment was the first

    def _count_once(self, email: str) -> None:
        key, now = _address_hash(email), utcnow()
        with self._database.separate_unit_of_work() as session:
            self._forget(session, email, SignInFailure.last_at < now - FORGOTTEN)
            counted = session.execute(
                sa.update(SignInFailure)
                .where(SignInFailure.address_hash == key, sa.or_(
                    SignInFailure.locked_until.is_(None), SignInFailure.locked_until <= now))
                .values(failed=SignInFailure.failed + 1, last_at=now)
                .execution_options(synchronize_session=False))
            if not counted.rowcount:
                locked_until = session.scalar(sa.select(SignInFailure.locked_until).where(
                    SignInFailure.address_hash == key))
                if locked_until is not None:
                    raise SignInRefused("locked", round((locked_until - now).total_seconds()) + 1)
                session.add(SignInFailure(address_hash=key, failed=1, last_at=now))
                return
            row = session.get(SignInFailure, key)
            if row.failed % FAILURES == 0:
                row.locked_until = now + min(
                    LOCKED * 2 ** min(row.failed // FAILURES - 1, 10), LONGEST_LOCK)

    def _forget(self, session: Session, email: str, *conditions: object) -> None:
        session.execute(sa.delete(SignInFailure).where(
            SignInFailure.address_hash == _address_hash(email), *conditions)
            .execution_options(synchronize_session=False))


def _code_taken(session: Session, staff: StaffMember, code: str) -> bool:
    """Whether a code is right and newer than the last one: each is good for one use."""
    step = _step_of(staff.totp_secret, code)
    if step is None:
        return False
    taken = session.execute(
        sa.update(StaffMember)
        .where(StaffMember.id == staff.id, sa.or_(StaffMember.totp_last_step.is_(None),
                                                  StaffMember.totp_last_step < step))
        .values(totp_last_step=step).execution_options(synchronize_session=False))
    return bool(taken.rowcount == 1)


def _step_of(secret: str | None, code: str) -> int | None:
    if not secret:
        return None
    now = int(utcnow().timestamp()) // STEP
    typed = "".join(code.split())
    codes = pyotp.TOTP(secret)
    found = [step for step in range(now - DRIFT, now + DRIFT + 1)
             if pyotp.utils.strings_equal(typed, codes.generate_otp(step))]
    return found[-1] if found else None


def _address_hash(email: str) -> str:
    return hashlib.sha256(email.encode("utf-8", "surrogateescape")).hexdigest()
