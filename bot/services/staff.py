"""Human agents."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email

from bot.errors import AftersaleError
from bot.store.database import Database
from bot.store.tables import StaffMember


def add_staff(database: Database, email: str) -> str:
    """Adds a human agent and returns a password that is valid for one sign-in.

    Raises AftersaleError if the address is no e-mail address or is an agent's already.
    """
    try:
        address = validate_email(email, check_deliverability=False,
                                 test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise AftersaleError(f"{email!r} is not an e-mail address: {error}") from None
    password = secrets.token_urlsafe(12)
    with database.unit_of_work() as session:
        if session.scalar(sa.select(StaffMember).where(StaffMember.email == address)):
            raise AftersaleError(f"{address} is an agent already")
        session.add(StaffMember(email=address, password_hash=PasswordHasher().hash(password),
                                must_change=True))
    return password
