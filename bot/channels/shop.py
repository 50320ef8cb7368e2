"""The demo shop: its page at `/` with the chat on it, the page's data, and `/health`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, file
from sanic.response import json as json_response

from bot.channels.chat import contact_json
from bot.services.contact import Contact
from bot.store.tables import utcnow

WEB = Path(__file__).resolve().parent.parent / "web" / "shop"

#: Everything comes from our own origin, and nothing is written inline.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

#: The demo orders to try the chat with: `order_number`, `invoice_number`, `verification`, `items`
#: and `situation` of each. `verification` and `items` are a text or a list of texts.
DemoOrders = Callable[[], Sequence[Mapping[str, Any]]]


def shop_blueprint(contact: Contact, demo_orders: DemoOrders = tuple) -> Blueprint:
    """The shop's routes. `demo_orders` gives an empty list when the demo is off."""
    blueprint = Blueprint("demo_shop")
    blueprint.static("/assets", WEB, name="assets")

    @blueprint.route("/", methods=["GET", "HEAD"])
    async def index(_: Request) -> HTTPResponse:
        return await file(WEB / "index.html", mime_type="text/html; charset=utf-8")

    @blueprint.get("/demo/orders")
    async def orders(_: Request) -> HTTPResponse:
        return _never_stored([dict(order) for order in demo_orders()])

    @blueprint.get("/demo/contact")
    async def ways(_: Request) -> HTTPResponse:
        return _never_stored(contact_json(contact.ways(utcnow())))

    @blueprint.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return _never_stored({"status": "ok"})

    @blueprint.middleware("response")
    async def protect(_: Request, response: HTTPResponse) -> None:
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        # Asked for again each time, and mostly answered with "not modified".
        response.headers.setdefault("Cache-Control", "no-cache")

    return blueprint


def _never_stored(body: Any) -> HTTPResponse:
    return json_response(body, headers={"Cache-Control": "no-store"})
