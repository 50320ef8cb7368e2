"""The server: channels, demo page and Rasa's HTTP API on one Sanic application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasa.server
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.channels.chat import chat_blueprint
from bot.channels.rest import rest_blueprint
from bot.channels.shop import shop_blueprint
from bot.engine.assistant import Assistant
from bot.services.demo import demo_situations
from bot.settings import ROOT

#: Rasa's own routes that are not served: its greeting page, and everything that would load a model
#: from outside or train one (a model runs code, so only our own are loaded).
_NOT_SERVED = {"/", "/model", "/model/train"}
#: Bytes of a request. Messages are far smaller; import has its own command.
MAX_REQUEST = 256_000


class _RasaApplication(Sanic):
    """Rasa's application without the routes above."""

    def route(self, uri: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        if uri in _NOT_SERVED:
            return lambda handler: handler
        return super().route(uri, *args, **kwargs)


@dataclass
class _Chat:
    """What the site chat needs."""

    database: Any
    inbox: Any
    outbox: Any
    turns: Any
    contact: Any
    secret_key: str


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
    app.blueprint(chat_blueprint(_Chat(
        services.database, assistant.inbox, assistant.outbox, assistant.turns, services.contact,
        settings.secret_key or _kept_secret())))
    app.blueprint(shop_blueprint(services.contact, lambda: _demo_orders(assistant)))

    @app.exception(SanicException)
    async def refused(_: Request, error: SanicException) -> HTTPResponse:
        return json_response({"error": str(error)}, getattr(error, "status_code", 500))

    @app.after_server_start
    async def start_sweep(app: Sanic, _: Any) -> None:
        app.ctx.sweep = asyncio.create_task(assistant.sweep())

    @app.before_server_stop
    async def stop_sweep(app: Sanic, _: Any) -> None:
        app.ctx.sweep.cancel()

    return app


def _demo_orders(assistant: Assistant) -> list[dict[str, Any]]:
    """The demo's orders, as long as they are in the store."""
    if not assistant.services.settings.seed_demo:
        return []
    found = []
    for situation in demo_situations(assistant.services.today()):
        if assistant.services.orders.known(situation.order_number):
            found.append({name: getattr(situation, name) for name in (
                "order_number", "invoice_number", "verification", "items", "situation")})
    return found


def _kept_secret(path: Path = ROOT / "var" / "secret.key") -> str:
    """The key that signs visitors' cookies; made once, and kept with the data."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
