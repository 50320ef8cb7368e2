"""Renders the support centre's pages: language, headers, and the values that all of them show."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.texts import DEFAULT, accepted, direction, supported
from bot.channels.support.guard import form_token, keep_token
from bot.channels.support.texts import NAMES, day_text, moment_text, say
from bot.services.contact import Contact
from bot.services.ticket_texts import shown_subject
from bot.store.tables import utcnow
from bot.wording.hours import hours_text

LANGUAGE_COOKIE = "support_language"
#: Everything comes from our own origin, nothing is written inline, and an address with a token in
#: it is told to nobody.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Pages:
    """The templates with what they need. Everything in them is escaped."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact
        self._zone = contact.hours.timezone
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True)

    def show(self, request: Request, template: str, status: int = 200,
             **values: Any) -> HTTPResponse:
        """A page in the reader's language."""
        language, token = language_of(request), form_token(request)
        # What was not typed is empty.
        values["typed"] = defaultdict(str, values.get("typed") or {})
        page = self._templates.get_template(f"{template}.html").render(
            t=functools.partial(say, language), language=language, dir=direction(language),
            languages=NAMES, path=request.path, csrf=token,
            **{"errors": {}, "said": None, **self._words(language), **values})
        response = HTTPResponse(page, status, headers=dict(HEADERS),
                                content_type="text/html; charset=utf-8")
        keep_token(request, response, token)
        if supported(request.args.get("language")):
            response.headers.add("Set-Cookie", f"{LANGUAGE_COOKIE}={language}; Path=/support; "
                                               "Max-Age=31536000; HttpOnly; SameSite=Lax")
        return response

    def day(self, language: str) -> Callable[[dt.datetime], str]:
        """Writes days in a language."""
        return lambda moment: day_text(moment, self._zone, language)

    def _words(self, language: str) -> dict[str, Any]:
        ways = self._contact.ways(utcnow())
        number = re.sub(r"[^\d+]", "", ways.support_phone)
        return {
            "phone": ways.support_phone,
            "tel": "+" + number[2:] if number.startswith("00") else number,
            "open_now": ways.open_now, "timezone": ways.timezone,
            "hours": hours_text(ways.working_hours, language),
            "moment": lambda at: moment_text(at, self._zone, language),
            "day": self.day(language),
            "subject": lambda stored: shown_subject(stored, language)}


def language_of(request: Request) -> str:
    """What the reader chose, else what their browser asks for."""
    return (supported(request.args.get("language"))
            or supported(request.cookies.get(LANGUAGE_COOKIE))
            or accepted(request.headers.get("accept-language")) or DEFAULT)


def go_to(path: str) -> HTTPResponse:
    """Sends the browser on after a form, so that loading again sends nothing again."""
    return HTTPResponse(status=303, headers={**HEADERS, "Location": path})
