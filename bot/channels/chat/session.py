"""`POST /chat/session`: who is asking, and what the page needs to begin.

The token of a visitor is a random text in a cookie that no script can read. Browsers that block
such cookies in another site's page get it into their own hands, and name it with each request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.identity import stated_identity
from bot.channels.chat.limits import Limits, RateLimit
from bot.channels.chat.origin import same_origin
from bot.channels.chat.refusals import Refused, answer
from bot.channels.chat.texts import DEFAULT, accepted, supported
from bot.engine.door import MAX_CHARACTERS
from bot.http.requests import address_of, scheme_of
from bot.services.attachment_kinds import KINDS
from bot.services.contact import Contact, ContactWays
from bot.services.visitors import KEPT, Known, Visitors
from bot.store.tables import utcnow

COOKIE = "chat_visitor"
#: Bytes of a request or an event. 4,000 characters escaped as JSON are at most 48,000.
MAX_BODY = 64_000
#: Is told which conversation a visitor left, and which one they are in now.
MovedOn = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True)
class Sessions:
    """Finds the visitor of a request."""

    visitors: Visitors

    def of(self, request: Request, token: object = None) -> Known | None:
        """The visitor by `token`, the `Authorization` header or the cookie; None if unknown."""
        for each in (token, _bearer(request), request.cookies.get(COOKIE)):
            if isinstance(each, str) and (known := self.visitors.find(each)):
                return known
        return None

    def required(self, request: Request, token: object = None) -> Known:
        """The visitor of the request. Raises Refused if there is none."""
        known = self.of(request, token)
        if known is None:
            raise Refused("ended", 401)
        return known

    def language_of(self, request: Request) -> str:
        """The language to refuse a request in."""
        return accepted(request.headers.get("accept-language")) or DEFAULT


def session_routes(blueprint: Blueprint, sessions: Sessions, contact: Contact, limits: Limits,
                   max_file_bytes: int, identity_key: str | None, moved_on: MovedOn) -> None:
    """Adds the route to the blueprint of `/chat`."""
    newcomers = RateLimit(limits.sessions_per_address)

    @blueprint.post("/session")
    async def session(request: Request) -> HTTPResponse:
        same_origin(request)
        body = body_of(request) if request.body else {}
        cookie = request.cookies.get(COOKIE)
        token = _first_known(sessions.visitors, body.get("token"), _bearer(request), cookie)
        fresh = body.get("fresh") is True
        if token is None or fresh:
            newcomers.take(address_of(request))
        language = supported(body.get("language")) or (
            accepted(request.headers.get("accept-language")) if token is None else None)
        arrival = sessions.visitors.arrive(
            token, fresh=fresh, language=language,
            identity=stated_identity(body.get("identity"), identity_key))
        visitor = arrival.visitor
        if arrival.left is not None:
            await moved_on(arrival.left, visitor.conversation_id)
        response = answer({
            **contact_json(contact.ways(utcnow())),
            "thread": thread_of(visitor.conversation_id),
            "language": visitor.language or DEFAULT,
            "limits": {"characters": MAX_CHARACTERS, "file_bytes": max_file_bytes,
                       "file_types": list(KINDS)},
            "cookie": cookie is not None, "token": arrival.token,
            **({"known_email": visitor.email} if visitor.email else {}),
        })
        # By hand: the server's own cookies know no `Partitioned`.
        response.headers.add("Set-Cookie", _cookie(request, arrival.token))
        return response


def contact_json(ways: ContactWays) -> dict[str, Any]:
    """The contact ways as the pages show them."""
    return {
        "open_now": ways.open_now,
        "opens_at": ways.opens_at.isoformat() if ways.opens_at else None,
        "closes_at": ways.closes_at.isoformat() if ways.closes_at else None,
        "phone": ways.support_phone, "email": ways.support_email,
        "presale_email": ways.presale_email, "working_hours": ways.working_hours,
        "timezone": ways.timezone,
    }


def thread_of(conversation_id: str) -> str:
    """Tells a page that its conversation is another one now, without giving the id away."""
    return hashlib.sha256(conversation_id.encode()).hexdigest()[:16]


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises Refused."""
    if len(request.body) > MAX_BODY:
        raise Refused("too_long", 413, characters=f"{MAX_CHARACTERS:,}")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused("unreadable")
    return body


def _first_known(visitors: Visitors, *tokens: object) -> str | None:
    return next((token for token in tokens
                 if isinstance(token, str) and visitors.find(token) is not None), None)


def _bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _cookie(request: Request, token: str) -> str:
    kept = f"{COOKIE}={token}; Path=/; Max-Age={int(KEPT.total_seconds())}; HttpOnly"
    if scheme_of(request) == "https":
        return f"{kept}; SameSite=None; Secure; Partitioned"
    return f"{kept}; SameSite=Lax"
