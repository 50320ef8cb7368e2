"""`/desk/api/webhooks`: for admins."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from sanic.request import Request

from bot.desk.access import Agent
from bot.desk.api import Api, Body, note_details
from bot.services.webhooks import DeliveryView, Webhooks, WebhookView

Url = Annotated[str, Meta(min_length=10, max_length=2000)]


class NewWebhookBody(Body):
    """A new webhook."""

    url: Url
    events: list[str]
    active: bool = True


class WebhookBody(Body):
    """What changes of a webhook."""

    url: Url | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def webhook_routes(api: Api, webhooks: Webhooks) -> None:
    """Adds the routes."""

    @api.route("GET", "/webhooks", permission="webhooks", summary="All webhooks",
               answer="WebhookList")
    async def everything(_: Request, __: Agent, ___: None) -> list[WebhookView]:
        return webhooks.all()

    @api.route("POST", "/webhooks", permission="webhooks", body=NewWebhookBody,
               summary="Adds a webhook; its secret is shown only now", answer="NewWebhook",
               status=201, refuses=("invalid",))
    async def add(request: Request, _: Agent, body: NewWebhookBody) -> dict[str, Any]:
        note_details(request, events=body.events)
        added, secret = webhooks.add(body.url, body.events)
        if not body.active:
            added = webhooks.change(added.id, active=False)
        return {**vars(added), "secret": secret}

    @api.route("PATCH", "/webhooks/<webhook_id>", permission="webhooks", body=WebhookBody,
               summary="Changes a webhook", answer="Webhook", refuses=("invalid", "unknown"))
    async def change(_: Request, __: Agent, body: WebhookBody, webhook_id: str) -> WebhookView:
        return webhooks.change(webhook_id, url=_given(body.url), events=_given(body.events),
                               active=_given(body.active))

    @api.route("DELETE", "/webhooks/<webhook_id>", permission="webhooks",
               summary="Removes a webhook", refuses=("unknown",))
    async def remove(_: Request, __: Agent, ___: None, webhook_id: str) -> None:
        webhooks.remove(webhook_id)

    @api.route("GET", "/webhooks/<webhook_id>/deliveries", permission="webhooks",
               summary="What it was told lately", answer="Deliveries", refuses=("unknown",))
    async def deliveries(_: Request, __: Agent, ___: None, webhook_id: str
                         ) -> list[DeliveryView]:
        return webhooks.deliveries(webhook_id)


def _given(value: Any) -> Any:
    return None if value is UNSET else value
