"""Passwords of agents: argon2id with the library's parameters (RFC 9106), and what is refused."""

from __future__ import annotations

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from bot.errors import AftersaleError

#: NIST SP 800-63B asks for 8 and no rules of composition; ours are a little longer.
SHORTEST, LONGEST = 12, 256
_LEAST_DIFFERENT = 5
_hasher = PasswordHasher()
#: What the password of nobody is compared with, so that it takes as long as anybody's.
_NOBODYS = _hasher.hash(secrets.token_urlsafe(16))


def one_time_password() -> str:
    """A random password to hand over, which has to be changed at the first sign-in."""
    return secrets.token_urlsafe(12)


def hashed(password: str) -> str:
    """The argon2 hash of a password."""
    return _hasher.hash(_plain(password))


def verified(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; None is nobody's and takes as long."""
    try:
        right = _hasher.verify(password_hash or _NOBODYS, _plain(password))
    except (Argon2Error, InvalidHashError):
        return False
    return bool(right) and password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def check_new(password: str, email: str, name: str = "") -> None:
    """Raises AftersaleError, saying why, for a password that is easy to guess."""
    plain = _plain(password).casefold()
    if not SHORTEST <= len(plain) <= LONGEST:
        raise AftersaleError(f"a password needs {SHORTEST} to {LONGEST} characters")
    known = {email.casefold(), email.partition("@")[0].casefold(), name.casefold().strip()}
    if plain in known or plain in {email.casefold()[::-1]}:
        raise AftersaleError("the password must not be the address or the name")
    if len(set(plain)) < _LEAST_DIFFERENT:
        raise AftersaleError("the password repeats too few characters")


def _plain(password: str) -> str:
    # The same key gives another spelling on another keyboard.
    return unicodedata.normalize("NFKC", password)
