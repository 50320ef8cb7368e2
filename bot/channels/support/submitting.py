"""`/support`: writing a ticket, the steps to try meanwhile, and what became of it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.channels.chat.origin import same_origin
from bot.channels.chat.refusals import Refused, as_refused
from bot.channels.support.forms import MAX_FILES, Form, read_form
from bot.channels.support.guard import FIELD, Guards, is_ours, is_token
from bot.channels.support.letters import Letters
from bot.channels.support.rendering import HEADERS, Pages, go_to, language_of
from bot.channels.support.steps import Steps
from bot.channels.support.texts import say
from bot.engine.door import MAX_CHARACTERS, take_in
from bot.engine.reader import Reads
from bot.errors import BadMessage
from bot.http.requests import address_of
from bot.services.attachments import Attachments
from bot.services.support import Submission, Submitted, Support
from bot.services.ticket_answers import TicketAnswers, conversation_of
from bot.services.ticket_links import TicketLinks
from bot.store.tables import utcnow

#: From this many characters on the details are long enough to tell their language.
_TELLS_LANGUAGE = 30
_SHORT = 320
#: For this long the page that says what became of a form can be looked at again.
_RECEIPT_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Submitting:
    """What the pages of a new ticket need."""

    support: Support
    answers: TicketAnswers
    links: TicketLinks
    attachments: Attachments
    reader: Reads
    steps: Steps
    letters: Letters


def submitting_routes(blueprint: Blueprint, pages: Pages, service: Submitting,
                      guards: Guards) -> None:
    """Adds the routes of a new ticket to the blueprint of `/support`."""

    def form_page(request: Request, form: str, status: int = 200, **values: Any) -> HTTPResponse:
        return pages.show(
            request, "new", status, form=form, max_files=MAX_FILES,
            megabytes=service.attachments.max_bytes // 1024 // 1024, characters=MAX_CHARACTERS,
            kept=service.answers.waiting_files(conversation_of(form)), **values)

    @blueprint.get("/")
    async def new(request: Request) -> HTTPResponse:
        return form_page(request, secrets.token_urlsafe(32),
                         typed={"queue": "presale" if request.args.get("about") == "presale"
                                else "support"})

    # Streamed, so the limit on the size of requests does not hold here; the form has its own.
    @blueprint.post("/", stream=True)
    async def submit(request: Request) -> HTTPResponse:
        guards.tries.take(address_of(request))
        trusted: dict[str, bool] = {}

        def room(texts: dict[str, str]) -> str | None:
            if "now" not in trusted:
                trusted["now"] = is_ours(request, texts.get(FIELD, "")) and is_token(
                    texts.get("form", ""))
            return conversation_of(texts["form"]) if trusted["now"] else None

        form = await read_form(request, service.attachments, room)
        errors = _errors(form, language_of(request))
        if room(form.texts) is None:
            errors = {"form": say(language_of(request), "error_form"), **errors}
        named = form.text("form") if is_token(form.text("form")) else secrets.token_urlsafe(32)
        if not errors:
            try:
                guards.forms.take(address_of(request))
            except Refused as refused:
                errors["form"] = refused.public(language_of(request))["text"]
        if errors:
            return form_page(request, named, 400, errors=errors, typed=form.texts)
        await _take(request, form, service)
        return go_to(f"/support/sent/{named}")

    @blueprint.get("/sent/<form:str>")
    async def sent(request: Request, form: str) -> HTTPResponse:
        taken = service.support.submitted(form) if is_token(form) else None
        if taken is None or taken.at < utcnow() - _RECEIPT_KEPT:
            guards.wrong_links.take(address_of(request))
            return pages.show(request, "gone", 404)
        typed_here = taken.email if not taken.verified else None
        return pages.show(request, "sent", taken=taken, form=form, typed_email=typed_here)

    @blueprint.post("/steps")
    async def steps(request: Request) -> HTTPResponse:
        same_origin(request)
        guards.steps.take(address_of(request))
        body = request.json if isinstance(request.json, dict) else {}
        details = body.get("details")
        found = (await service.steps.to_try(details, language_of(request))
                 if isinstance(details, str) and len(details) <= MAX_CHARACTERS else None)
        return json_response({"steps": found and found.text,
                              "safety": bool(found and found.is_safety)}, headers=dict(HEADERS))


async def _take(request: Request, form: Form, service: Submitting) -> None:
    details = take_in(form.text("details")).shown
    heard = await service.reader.read(details)
    language = heard.language if len(details) >= _TELLS_LANGUAGE else language_of(request)
    order_number = form.text("order_number") or next(iter(heard.likely_numbers), "")
    given = Submission(
        form=form.text("form"), details=details, heard=heard,
        email=_email(form.text("email")) or "", order_number=order_number[:_SHORT],
        verification=form.text("verification")[:_SHORT],
        queue="presale" if form.text("queue") == "presale" else "support", language=language,
        safety=service.steps.safety(heard, language))

    def confirm(taken: Submitted) -> None:
        service.letters.received(taken)
        if taken.verified:
            # Who proved the order goes on here at once: the form's id is the link's token.
            service.links.for_ticket(taken.ticket.id, given.form)

    service.support.submit(given, confirm)


def _errors(form: Form, language: str) -> dict[str, str]:
    """What is wrong with each field, in the reader's words."""
    errors: dict[str, str] = {}
    if form.text("leave_empty"):
        errors["leave_empty"] = say(language, "leave_empty")
    try:
        take_in(form.text("details"))
    except BadMessage:
        long = len(form.text("details")) > MAX_CHARACTERS
        errors["details"] = (say(language, "refused_too_long", characters=f"{MAX_CHARACTERS:,}")
                             if long else say(language, "error_details"))
    if _email(form.text("email")) is None:
        errors["email"] = say(language, "error_email")
    if form.refused is not None:
        errors["photos"] = file_error(form, language)
    return errors


def file_error(form: Form, language: str) -> str:
    """Why a file was not taken."""
    assert form.refused is not None
    if form.refused.reason == "too_many" and form.refused.values.get("files") == MAX_FILES:
        return say(language, "error_too_many", files=MAX_FILES)
    return str(as_refused(form.refused).public(language)["text"])


def _email(typed: str) -> str | None:
    try:
        return validate_email(typed, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
