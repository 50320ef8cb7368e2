"""Who may send a form: only a page of ours, in the browser that it was written in."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.limits import RateLimit
from bot.http.requests import own_origin, scheme_of

COOKIE = "support_form"
FIELD = "csrf"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class SupportLimits:
    """What is taken from one address in a minute. Many customers may share one."""

    forms: int = 20
    #: Forms that are begun, whatever becomes of them: they may bring files.
    tries: int = 60
    steps: int = 60
    #: Links that do not work: whoever tries many is guessing.
    wrong_links: int = 20
    #: Links asked for.
    links: int = 10


class Guards:
    """The counters behind the limits, in memory."""

    def __init__(self, limits: SupportLimits) -> None:
        self.forms, self.tries = RateLimit(limits.forms), RateLimit(limits.tries)
        self.steps = RateLimit(limits.steps)
        self.wrong_links = RateLimit(limits.wrong_links)
        self.links = RateLimit(limits.links)


def form_token(request: Request) -> str:
    """The browser's token, which every form repeats; a new one for a browser without."""
    token = request.cookies.get(COOKIE, "")
    return token if is_token(token) else secrets.token_urlsafe(32)


def keep_token(request: Request, response: HTTPResponse, token: str) -> None:
    """Gives the browser its token."""
    if request.cookies.get(COOKIE) == token:
        return
    secure = "; Secure" if scheme_of(request) == "https" else ""
    response.headers.add("Set-Cookie", f"{COOKIE}={token}; Path=/support; HttpOnly; "
                                       f"SameSite=Lax{secure}")


def is_ours(request: Request, token: str) -> bool:
    """Whether a form comes from a page of ours.

    Our pages tell nobody where a reader comes from, so browsers name the origin `null`; then the
    browser's own word and the token in the cookie decide.
    """
    origin = request.headers.get("origin", "null")
    if origin != "null" and origin.lower() != own_origin(request):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    held = request.cookies.get(COOKIE, "")
    return is_token(held) and is_token(token) and hmac.compare_digest(held, token)


def is_token(text: str) -> bool:
    """Whether a text could be a token of ours: of a form, or of a link."""
    return _TOKEN.fullmatch(text) is not None
