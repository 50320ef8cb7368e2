"""Human agents: adding them, what they may, and their leave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from bot.errors import AftersaleError, NotAllowed, Unknown
from bot.services.passwords import hashed, one_time_password
from bot.services.staff_sessions import StaffSessions
from bot.store.database import Database
from bot.store.tables import Presence, StaffMember, new_id

ROLES = ("agent", "lead", "admin")
MOST_AT_ONCE = 50
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_SKILL = re.compile(r"[a-z][a-z_]{0,31}\Z")


@dataclass(frozen=True)
class StaffView:
    """An agent as admins see them. `totp`: whether they sign in with a code too."""

    id: str
    email: str
    name: str
    role: str
    languages: list[str]
    skills: list[str]
    capacity: int
    active: bool
    totp: bool
    must_change: bool


class Staff:
    """Adds and changes agents."""

    def __init__(self, database: Database, sessions: StaffSessions) -> None:
        self._database, self._sessions = database, sessions

    def add(self, email: str, *, name: str = "", role: str | None = None,
            languages: Sequence[str] = (), skills: Sequence[str] = (),
            capacity: int = 4) -> tuple[StaffView, str]:
        """Adds an agent. Returns them and a password that is good for one sign-in.

        Where there is no admin they become one, since nobody else could make one. Raises
        AftersaleError if the address is none or is an agent's already, or another value cannot
        be used.
        """
        address, password = normalized(email), one_time_password()
        with self._database.unit_of_work() as session:
            if session.scalar(sa.select(StaffMember.id).where(StaffMember.email == address)):
                raise AftersaleError(f"{address} is an agent already")
            nobody = not session.scalar(sa.select(sa.func.count()).select_from(StaffMember)
                                        .where(StaffMember.role == "admin"))
            staff = StaffMember(id=new_id(), email=address, password_hash=hashed(password),
                                must_change=True, totp_on=False, active=True)
            _set(staff, name=name or address.partition("@")[0], languages=list(languages),
                 role=role or ("admin" if nobody else "agent"), skills=list(skills),
                 capacity=capacity)
            session.add(staff)
            return _view(staff), password

    def all(self) -> list[StaffView]:
        """Everybody, also those who left, by name."""
        with self._database.unit_of_work() as session:
            return [_view(staff) for staff in session.scalars(
                sa.select(StaffMember).order_by(StaffMember.name, StaffMember.email))]

    def get(self, staff_id: str) -> StaffView:
        """One agent. Raises Unknown."""
        with self._database.unit_of_work() as session:
            return _view(_found(session, StaffMember.id == staff_id))

    def named(self, email: str) -> StaffView:
        """The agent with an address. Raises Unknown."""
        with self._database.unit_of_work() as session:
            return _view(_found(session, StaffMember.email == email.strip().lower()))

    def change(self, staff_id: str, **values: Any) -> StaffView:
        """Changes name, role, languages, skills, capacity or active; other keys are a mistake.

        Whoever is deactivated is signed out everywhere. Raises NotAllowed where no admin would
        be left, AftersaleError for values that cannot be used, Unknown.
        """
        with self._database.unit_of_work() as session:
            staff = _found(session, StaffMember.id == staff_id)
            was_admin = staff.role == "admin" and staff.active
            _set(staff, **values)
            if was_admin and not (staff.role == "admin" and staff.active):
                _check_admins(session, staff_id)
            if not staff.active:
                self._sessions.end_all(staff_id, tokens=True)
                session.execute(sa.delete(Presence).where(Presence.staff_id == staff_id)
                                .execution_options(synchronize_session=False))
            return _view(staff)

    def new_password(self, staff_id: str) -> str:
        """A new one-time password for whoever lost theirs, or their second factor.

        Ends all their sessions and turns one-time codes off. Raises Unknown.
        """
        password = one_time_password()
        with self._database.unit_of_work() as session:
            staff = _found(session, StaffMember.id == staff_id)
            staff.password_hash, staff.must_change = hashed(password), True
            staff.totp_on, staff.totp_secret, staff.totp_last_step = False, None, None
            self._sessions.end_all(staff_id)
        return password


def normalized(email: str) -> str:
    """An agent's address as it is kept. Raises AftersaleError if it is none."""
    try:
        found = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise AftersaleError(f"{email!r} is not an e-mail address: {error}") from None
    return str(found.normalized).lower()


def _found(session: Session, condition: Any) -> StaffMember:
    staff: StaffMember | None = session.scalar(sa.select(StaffMember).where(condition))
    if staff is None:
        raise Unknown("there is no such agent")
    return staff


def _set(staff: StaffMember, **values: Any) -> None:
    for name, value in values.items():
        _check(name, value)
        setattr(staff, name, value.strip() if name == "name" else value)


def _check(name: str, value: Any) -> None:
    if name == "name":
        right, wanted = 0 < len(value.strip()) <= 200, "1 to 200 characters"
    elif name == "role":
        right, wanted = value in ROLES, " or ".join(ROLES)
    elif name in ("languages", "skills"):
        form = _LANGUAGE if name == "languages" else _SKILL
        right, wanted = len(value) <= 50 and all(form.match(each) for each in value), (
            "codes such as en, de" if name == "languages" else "topics such as claim, warranty")
    elif name == "capacity":
        right, wanted = 1 <= value <= MOST_AT_ONCE, f"1 to {MOST_AT_ONCE}"
    elif name == "active":
        right, wanted = isinstance(value, bool), "true or false"
    else:
        raise TypeError(name)
    if not right:
        raise AftersaleError(f"{name} must be {wanted}")


def _check_admins(session: Session, staff_id: str) -> None:
    others = session.scalar(
        sa.select(sa.func.count()).select_from(StaffMember)
        .where(StaffMember.role == "admin", StaffMember.active, StaffMember.id != staff_id))
    if not others:
        raise NotAllowed("this is the only admin; make somebody else an admin first")


def _view(staff: StaffMember) -> StaffView:
    return StaffView(staff.id, staff.email, staff.name, staff.role, list(staff.languages),
                     list(staff.skills), staff.capacity, staff.active, staff.totp_on,
                     staff.must_change)
