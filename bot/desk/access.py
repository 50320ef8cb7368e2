"""Who asks, and what they may do: the session's cookie or a script's token, CSRF, roles."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from pathlib import Path

import yaml
from sanic.request import Request

from bot.desk.refusals import Refused
from bot.http.rates import RateLimit
from bot.http.requests import address_of, same_origin, scheme_of
from bot.services.staff_sessions import DONE, SignedIn, StaffSessions

COOKIE = "desk_session"
#: Of routes that need no permission: for everybody, or for whoever has begun to sign in.
OPEN, HALF = "", "half"
#: Roles from the least to the most; each may do what those before it may.
ROLES = ("agent", "lead", "admin")
_GRANTS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "permissions.yml").read_text(encoding="utf-8"))
#: What each role may do.
MAY: dict[str, frozenset[str]] = {
    role: frozenset(name for lower in ROLES[:place + 1] for name in _GRANTS[lower])
    for place, role in enumerate(ROLES)}


@dataclass(frozen=True)
class Agent:
    """The human agent who asks. `address` is where from, `session` names their session."""

    id: str
    email: str
    name: str
    role: str
    address: str
    session: str = ""

    def may(self, permission: str) -> bool:
        """Whether their role has a permission."""
        return permission in MAY[self.role]

    def must(self, permission: str) -> None:
        """Raises Refused unless their role has a permission."""
        if not self.may(permission):
            raise Refused("role")


class Access:
    """Lets requests in. `per_minute` is how many of one agent, or of one address signed out."""

    def __init__(self, sessions: StaffSessions, per_minute: int = 600) -> None:
        self._sessions = sessions
        self._rate = RateLimit(per_minute)

    def enter(self, request: Request, permission: str) -> Agent | None:
        """The agent behind a request, None where anybody may ask. Raises Refused or TooOften."""
        if permission == OPEN:
            self._rate.take(address_of(request))
            if request.method != "GET" and not same_origin(request):
                raise Refused("origin")
            return None
        signed_in = self.signed_in(request)
        if signed_in is None:
            self._rate.take(address_of(request))
            raise Refused("signed_out")
        self._rate.take(signed_in.staff_id)
        if request.method != "GET" and signed_in.key:
            check_csrf(request, signed_in)
        if permission != HALF:
            if signed_in.step != DONE:
                raise Refused("signed_out", step=signed_in.step)
            if permission not in MAY[signed_in.role]:
                raise Refused("role")
        return Agent(signed_in.staff_id, signed_in.email, signed_in.name, signed_in.role,
                     address_of(request), signed_in.key)

    def signed_in(self, request: Request) -> SignedIn | None:
        """Who a request belongs to, half signed in or wholly; None if nobody."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme:
            # A request that brings a token is a script's, whatever cookies stand beside it.
            return self._sessions.by_token(value.strip()) if scheme.lower() == "bearer" else None
        token = request.cookies.get(COOKIE)
        return self._sessions.find(token) if token else None


def check_csrf(request: Request, signed_in: SignedIn) -> None:
    """Raises Refused unless a request comes from the desk's own page."""
    given = request.headers.get("x-csrf-token", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, signed_in.csrf.encode()):
        raise Refused("csrf")
    if not same_origin(request):
        raise Refused("origin")


def session_cookie(request: Request, token: str | None) -> str:
    """The header that keeps a session's token in the browser; None takes it away."""
    kept = f"{COOKIE}={token or ''}; Path=/desk; HttpOnly; SameSite=Strict"
    kept += "" if token else "; Max-Age=0"
    return f"{kept}; Secure" if scheme_of(request) == "https" else kept
