"""`/support/t/…`: tickets by their link. Every request is checked against what the link is for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.refusals import Refused
from bot.channels.support.forms import MAX_FILES, Form, read_form, typed
from bot.channels.support.guard import FIELD, Guards, is_ours, is_token
from bot.channels.support.letters import Letters
from bot.channels.support.rendering import Pages, go_to, language_of
from bot.channels.support.submitting import file_error
from bot.channels.support.texts import say
from bot.engine.door import MAX_CHARACTERS, take_in
from bot.errors import BadMessage, NotAllowed
from bot.http.files import send_file
from bot.http.headers import API_HEADERS
from bot.http.requests import address_of
from bot.services.attachments import Attachments
from bot.services.ticket_answers import TicketAnswers, room_for_files
from bot.services.ticket_life import TicketLife
from bot.services.ticket_links import ONE, TicketLinks
from bot.services.ticket_pages import TicketPages

#: What a page says on top after a form was sent, by the last part of its address.
_DONE = ("added", "followed", "closed", "opened", "rated")


class Gone(NotAllowed):
    """A link that does not work, or is not for that ticket."""


@dataclass(frozen=True)
class Reading:
    """What the pages of tickets need."""

    links: TicketLinks
    pages: TicketPages
    answers: TicketAnswers
    life: TicketLife
    attachments: Attachments
    letters: Letters


def reading_routes(blueprint: Blueprint, pages: Pages, service: Reading, guards: Guards) -> None:
    """Adds the routes of tickets to the blueprint of `/support`."""

    def allowed(request: Request, token: str, number: str | None = None) -> list[str]:
        """The tickets that the link shows; only `number` if that is given. Raises Gone."""
        link = service.links.open(token)
        try:
            if link is None:
                raise Gone("there is no such link")
            numbers = service.links.numbers(link)
            if number is not None:
                return [service.links.check(link, number)]
            if not numbers:
                raise Gone("the tickets are gone")
            return numbers if link.purpose != ONE else numbers[:1]
        except NotAllowed as error:
            guards.wrong_links.take(address_of(request))
            raise Gone(str(error)) from None

    def is_list(token: str) -> bool:
        link = service.links.open(token)
        return link is not None and link.purpose != ONE

    def ticket_page(request: Request, token: str, number: str, status: int = 200,
                    **values: object) -> HTTPResponse:
        done = request.args.get("done")
        said = None
        if done in _DONE:
            said = say(language_of(request),
                       "rating_thanks" if done == "rated" else f"done_{done}", number=number)
        return pages.show(
            request, "ticket", status,
            **{"ticket": service.pages.page(number), "token": token, "said": said,
               "form": secrets.token_urlsafe(32), "max_files": MAX_FILES, "back": is_list(token),
               "megabytes": service.attachments.max_bytes // 1024 // 1024, **values})

    @blueprint.get("/t/<token:str>")
    async def by_link(request: Request, token: str) -> HTTPResponse:
        numbers = allowed(request, token)
        if not is_list(token):
            return ticket_page(request, token, numbers[0])
        return pages.show(request, "tickets", tickets=service.pages.rows(numbers), token=token)

    @blueprint.get("/t/<token:str>/<number:str>")
    async def one(request: Request, token: str, number: str) -> HTTPResponse:
        allowed(request, token, number)
        return ticket_page(request, token, number)

    @blueprint.get("/t/<token:str>/<number:str>/files/<attachment_id:str>")
    async def file(request: Request, token: str, number: str, attachment_id: str) -> None:
        allowed(request, token, number)
        conversation = service.pages.conversation_of_file(number, attachment_id)
        found = conversation and service.attachments.find(
            conversation, attachment_id, preview=request.args.get("size") == "preview")
        if not found:
            raise Gone("there is no such file on this ticket")
        await send_file(request, *found, API_HEADERS)

    @blueprint.post("/t/<token:str>/<number:str>/answer", stream=True)
    async def answer(request: Request, token: str, number: str) -> HTTPResponse:
        allowed(request, token, number)
        guards.tries.take(address_of(request))

        def room(texts: dict[str, str]) -> str | None:
            named = texts.get("form", "")
            ours = is_ours(request, texts.get(FIELD, "")) and is_token(named)
            return room_for_files(named) if ours else None

        form = await read_form(request, service.attachments, room)
        errors = _errors(form, language_of(request))
        if room(form.texts) is None:
            errors["form"] = say(language_of(request), "error_form")
        if not errors:
            guards.forms.take(address_of(request))
            text = take_in(form.text("answer")).shown if form.text("answer") else ""
            went_to = service.answers.add(number, text, form.text("form"))
            if went_to.number != number and is_list(token):
                return go_to(f"/support/t/{token}/{went_to.number}?done=followed")
            done = "added" if went_to.number == number else "followed"
            return go_to(f"/support/t/{token}/{number}?done={done}")
        kept = {"form": form.text("form")} if room(form.texts) is not None else {}
        return ticket_page(request, token, number, 400, errors=errors, typed=form.texts, **kept)

    @blueprint.post("/t/<token:str>/<number:str>/<step:str>")
    async def step(request: Request, token: str, number: str, step: str) -> HTTPResponse:
        allowed(request, token, number)
        if step not in ("close", "reopen", "rate"):
            raise Gone("there is no such step")
        form = request.form or {}
        if not is_ours(request, form.get(FIELD) or ""):
            return ticket_page(request, token, number, 400,
                               errors={"form": say(language_of(request), "error_form")})
        guards.forms.take(address_of(request))
        if step == "rate":
            stars = form.get("stars") or ""
            if stars not in ("1", "2", "3", "4", "5"):
                return ticket_page(request, token, number, 400, errors={
                    "stars": say(language_of(request), "error_stars")}, typed=dict(
                        comment=form.get("comment") or ""))
            service.life.rate(number, int(stars), typed(form.get("comment") or "")[:MAX_CHARACTERS])
            return go_to(f"/support/t/{token}/{number}?done=rated")
        state, done = ("closed", "closed") if step == "close" else ("open", "opened")
        service.life.set_state(number, state, "customer")
        return go_to(f"/support/t/{token}/{number}?done={done}")

    @blueprint.get("/links")
    async def links(request: Request) -> HTTPResponse:
        return pages.show(request, "links", sent=False)

    @blueprint.post("/links")
    async def send_link(request: Request) -> HTTPResponse:
        form, language = request.form or {}, language_of(request)
        given = {name: typed(form.get(name) or "").strip()[:320] for name in ("number", "email")}
        errors = {name: say(language, f"error_{name}") for name, text in given.items()
                  if not text or (name == "email" and "@" not in text)}
        if not is_ours(request, form.get(FIELD) or ""):
            errors["form"] = say(language, "error_form")
        try:
            guards.links.take(address_of(request))
        except Refused as refused:
            errors["form"] = refused.public(language)["text"]
        if errors:
            return pages.show(request, "links", 400, sent=False, errors=errors, typed=given)
        address = service.links.address_for(given["number"], given["email"])
        if address is not None:
            service.letters.link_wanted(address, language)
        # The same words in any case: nobody learns here who bought or wrote what.
        return pages.show(request, "links", sent=True)


def _errors(form: Form, language: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    try:
        if form.text("answer") or not form.files:
            take_in(form.text("answer"))
    except BadMessage:
        errors["answer"] = (
            say(language, "refused_too_long", characters=f"{MAX_CHARACTERS:,}")
            if len(form.text("answer")) > MAX_CHARACTERS else say(language, "error_answer"))
    if form.refused is not None:
        errors["photos"] = file_error(form, language)
    return errors
