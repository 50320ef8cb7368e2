"""The support centre at `/support`: tickets on pages that work in any browser.

Nothing needs JavaScript. Who may see a ticket is told by the link that was sent to its customer.
"""

from __future__ import annotations

from dataclasses import dataclass

from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.channels.chat.refusals import Refused, as_refused
from bot.channels.support.delivery import by_mail
from bot.channels.support.guard import Guards, SupportLimits
from bot.channels.support.letters import Letters
from bot.channels.support.reading import Gone, Reading, reading_routes
from bot.channels.support.rendering import HEADERS, Pages, language_of
from bot.channels.support.steps import Steps
from bot.channels.support.submitting import Submitting, submitting_routes
from bot.engine.outbox import OutboxService
from bot.engine.reader import Reads
from bot.engine.responses import Responses
from bot.errors import AftersaleError
from bot.services.attachments import Attachments
from bot.services.contact import Contact
from bot.services.mail_out import OutgoingMails
from bot.services.support import Support
from bot.services.symptoms import Symptoms
from bot.services.ticket_answers import CHANNEL, TicketAnswers
from bot.services.ticket_life import TicketLife
from bot.services.ticket_links import TicketLinks
from bot.services.ticket_pages import TicketPages
from bot.store.database import Database

__all__ = ["SupportLimits", "SupportService", "add_support"]


@dataclass(frozen=True)
class SupportService:
    """What the support centre needs. `site` is our public address, for links in mails."""

    database: Database
    outbox: OutboxService
    reader: Reads
    responses: Responses
    support: Support
    answers: TicketAnswers
    life: TicketLife
    links: TicketLinks
    pages: TicketPages
    attachments: Attachments
    contact: Contact
    mails: OutgoingMails
    site: str


def add_support(app: Sanic, service: SupportService, limits: SupportLimits | None = None) -> None:
    """Adds `/support…` to an application, and the mails about what is said on tickets."""
    pages, guards = Pages(service.contact), Guards(limits or SupportLimits())
    letters = Letters(service.mails, service.links, service.site)
    steps = Steps(service.reader, service.responses, Symptoms())
    service.outbox.register(CHANNEL, by_mail(service.database, letters))

    blueprint = Blueprint("support", url_prefix="/support")
    submitting_routes(blueprint, pages, Submitting(
        service.support, service.answers, service.links, service.attachments, service.reader,
        steps, letters), guards)
    reading_routes(blueprint, pages, Reading(
        service.links, service.pages, service.answers, service.life, service.attachments,
        letters), guards)

    async def gone(request: Request, _: Exception) -> HTTPResponse:
        return pages.show(request, "gone", 404)

    async def refused(request: Request, error: Exception) -> HTTPResponse:
        told = as_refused(error)
        words = told.public(language_of(request))
        if request.path.endswith("/steps"):
            return json_response({"error": words}, told.status, dict(HEADERS))
        page = pages.show(request, "refused", told.status, words=words["text"])
        if told.retry_after:
            page.headers["Retry-After"] = str(told.retry_after)
        return page

    blueprint.exception(Gone)(gone)
    for kind in (Refused, AftersaleError):
        blueprint.exception(kind)(refused)
    app.blueprint(blueprint)
