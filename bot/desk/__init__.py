"""The agents' desk: what it speaks is in docs/desk-protocol.md and docs/desk-api.md."""

from __future__ import annotations

from dataclasses import dataclass

from sanic import Sanic
from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import OPEN, Access
from bot.desk.api import Api
from bot.desk.canned import canned_routes
from bot.desk.chatwoot import chatwoot_blueprint
from bot.desk.claims import claim_routes, ticket_routes
from bot.desk.conversations import Alert, Deliver, HandsBack, conversation_routes
from bot.desk.files import file_routes
from bot.desk.hub import Hub
from bot.desk.inbox import inbox_routes
from bot.desk.lateness import Lateness
from bot.desk.news import Watcher
from bot.desk.openapi import openapi
from bot.desk.pages import pages_blueprint
from bot.desk.reports import report_routes
from bot.desk.sign_in import sign_in_routes
from bot.desk.socket import MAX_EVENT, DeskSocket, TellTyping
from bot.desk.staff import staff_routes
from bot.desk.webhooks import webhook_routes
from bot.http.sockets import new_server

__all__ = ["Desk", "Surroundings", "add_desk"]


@dataclass(frozen=True)
class Surroundings:
    """What the desk needs of the rest of the server.

    `deliver` sends what waits in a conversation's outbox; `tell_typing` tells a customer's pages
    that an agent is writing.
    """

    handing_back: HandsBack
    deliver: Deliver
    tell_typing: TellTyping


@dataclass(frozen=True)
class Desk:
    """The desk on an application: the table of its routes, and who tells its pages."""

    api: Api
    hub: Hub


def add_desk(app: Sanic, services: Services, surroundings: Surroundings) -> Desk:
    """Adds `/desk/api` and `/desk/socket.io` to an application."""
    access = Access(services.staff_sessions)
    server = new_server("desk", MAX_EVENT, services.database.neighbours,
                        services.settings.redis_url)
    hub = Hub(server, services.database, Watcher(services.database, services.queue))
    socket = DeskSocket(server, access, services.staff_sessions, services.presences, hub,
                        services.ownership, surroundings.tell_typing)
    Lateness(hub, services.presences, services.ownership).listen(app, services.service_levels)
    api = Api(access, services.audit)
    _routes(api, services, surroundings, hub.alert)
    app.blueprint(api.finish())
    app.blueprint(socket.blueprint())
    app.enable_websocket()
    if services.chatwoot and services.settings.chatwoot:
        app.blueprint(chatwoot_blueprint(services.chatwoot, services.settings.chatwoot.secret,
                                         surroundings.handing_back, surroundings.deliver))
    app.blueprint(pages_blueprint())
    return Desk(api, hub)


def _routes(api: Api, services: Services, surroundings: Surroundings, alert: Alert) -> None:
    sign_in_routes(api, services.sign_in, services.staff_sessions, services.staff,
                   services.presences.statuses, services.presences.left)
    staff_routes(api, services.staff, services.audit)
    webhook_routes(api, services.webhooks)
    report_routes(api, services.reports)
    inbox_routes(api, services)
    conversation_routes(api, services, surroundings.handing_back, surroundings.deliver, alert)
    file_routes(api, services)
    claim_routes(api, services, surroundings.deliver)
    ticket_routes(api, services)
    canned_routes(api, services)

    @api.route("GET", "/openapi.json", permission=OPEN, summary="This document", answer="OpenApi")
    async def document(_: Request, __: None, ___: None) -> dict[str, object]:
        return openapi(api.routes)
