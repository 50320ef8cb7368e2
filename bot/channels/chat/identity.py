"""The shop's word on who is logged in, as a JWS that the shop's own server signs."""

from __future__ import annotations

import datetime as dt
import logging

import jwt
from email_validator import EmailNotValidError, validate_email

from bot.services.visitors import Identity
from bot.store.tables import utcnow

logger = logging.getLogger(__name__)

#: A statement that is valid for longer could be found and used by somebody else.
LONGEST = dt.timedelta(hours=1)
#: Two servers' clocks never agree entirely.
_LEEWAY = dt.timedelta(seconds=60)
_LONGEST_TOKEN = 4096


def stated_identity(token: object, key: str | None) -> Identity | None:
    """Whom the shop says is logged in; None for every statement that does not hold.

    It is a help for filling in forms and verifies nothing, so a wrong one is only not used.
    """
    if key is None or not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        return None
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], leeway=_LEEWAY,
                            options={"require": ["exp", "sub", "email"]})
        ends = dt.datetime.fromtimestamp(claims["exp"], dt.timezone.utc)
        if ends > utcnow() + LONGEST + _LEEWAY:
            raise jwt.InvalidTokenError("exp is more than an hour ahead")
        email = validate_email(str(claims["email"]), check_deliverability=False,
                               test_environment=True).normalized
    except (jwt.InvalidTokenError, EmailNotValidError, ValueError, OverflowError,
            OSError, RecursionError) as error:
        logger.warning("an identity of the shop is not used: %s", error)
        return None
    return Identity(str(claims["sub"])[:255], email)
