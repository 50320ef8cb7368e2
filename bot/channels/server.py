"""The server: channels, demo page and Rasa's HTTP API on one Sanic application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import rasa.server
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.channels.chat import ChatService, add_chat
from bot.channels.email import add_email
from bot.channels.rest import rest_blueprint
from bot.channels.shop import shop_blueprint
from bot.channels.support import SupportService, add_support
from bot.desk import Surroundings, add_desk
from bot.engine.assistant import Assistant
from bot.services.demo import demo_situations

#: Rasa's own routes that are not served: its greeting page, and everything that would load a model
#: from outside or train one (a model runs code, so only our own are loaded).
_NOT_SERVED = {"/", "/model", "/model/train"}
#: Bytes of a request. Messages are far smaller; uploads have a limit of their own.
MAX_REQUEST = 256_000


class _RasaApplication(Sanic):
    """Rasa's application without the routes above."""

    def route(self, uri: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        if uri in _NOT_SERVED:
            return lambda handler: handler
        return super().route(uri, *args, **kwargs)


def create_application(assistant: Assistant) -> Sanic:
    """The application with everything that the settings turn on."""
    services = assistant.services
    settings = services.settings
    if settings.api_token:
        rasa.server.Sanic = _RasaApplication
        app = rasa.server.create_app(assistant.agent, cors_origins=[],
                                     auth_token=settings.api_token)
        app.blueprint(rest_blueprint(assistant, settings.api_token))
    else:
        app = Sanic("aftersale")
    app.config.REQUEST_MAX_SIZE = MAX_REQUEST
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 3.0
    relay = add_chat(app, ChatService(
        services.database, assistant.inbox, assistant.outbox, assistant.turns, services.contact,
        services.visitors, services.attachments, services.feedback,
        origins=settings.widget_origins, identity_key=settings.widget_identity_key,
        redis_url=settings.redis_url))
    desk = add_desk(app, services, Surroundings(
        assistant.handing_back, assistant.outbox.deliver, relay.agent_typing))
    relay.to_desk = desk.hub.customer_typing
    add_support(app, SupportService(
        services.database, assistant.outbox, assistant.reader, assistant.responses,
        services.support, services.ticket_answers,
        services.ticket_life, services.ticket_links, services.ticket_pages,
        services.attachments, services.contact, services.mail_out, settings.public_url))
    app.blueprint(shop_blueprint(services.contact, lambda: _demo_orders(assistant)))

    add_email(app, assistant)

    @app.exception(SanicException)
    async def refused(_: Request, error: SanicException) -> HTTPResponse:
        return json_response({"error": str(error)}, getattr(error, "status_code", 500))

    @app.after_server_start
    async def start_sweep(app: Sanic, _: Any) -> None:
        services.database.neighbours.start()
        app.ctx.sweep = asyncio.create_task(assistant.sweep())

    @app.before_server_stop
    async def stop_sweep(app: Sanic, _: Any) -> None:
        app.ctx.sweep.cancel()

    @app.after_server_stop
    async def stop_telling(*_: Any) -> None:
        services.database.neighbours.stop()

    return app


def _demo_orders(assistant: Assistant) -> list[dict[str, Any]]:
    """The demo's orders, as long as they are in the store."""
    if not assistant.services.settings.seed_demo:
        return []
    situations = demo_situations(assistant.services.today())
    known = assistant.services.orders.known([one.order_number for one in situations])
    return [{name: getattr(one, name) for name in (
                "order_number", "invoice_number", "verification", "items", "situation")}
            for one in situations if one.order_number in known]
