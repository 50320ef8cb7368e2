"""`/desk/api/canned`: prepared replies."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta
from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import Agent
from bot.desk.api import Api, Body


class CannedQuery(Body):
    """In which language, and filled in for which conversation."""

    language: Annotated[str, Meta(pattern="^[a-z]{2,3}$")] | None = None
    conversation: Annotated[str, Meta(max_length=255)] | None = None


class CannedBody(Body):
    """A prepared reply: its texts by language, with {placeholders}."""

    shortcut: Annotated[str, Meta(min_length=1, max_length=41)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    texts: dict[str, Annotated[str, Meta(max_length=4000)]]


def canned_routes(api: Api, services: Services) -> None:
    """Adds the routes."""
    canned = services.desk.canned

    @api.route("GET", "/canned", permission="conversations", body=CannedQuery,
               answer="CannedReplies", summary="Prepared replies, filled in for a conversation",
               refuses=("unknown",))
    async def listed(_: Request, agent: Agent, query: CannedQuery) -> list[dict[str, Any]]:
        return canned.listed(agent.id, query.language, query.conversation)

    @api.route("POST", "/canned", permission="canned", body=CannedBody, answer="CannedReply",
               summary="Adds a prepared reply", refuses=("invalid", "state"), status=201)
    async def add(_: Request, agent: Agent, body: CannedBody) -> dict[str, Any]:
        return canned.add(body.shortcut, body.title, body.texts, agent.email)

    @api.route("PUT", "/canned/<reply_id>", permission="canned", body=CannedBody,
               answer="CannedReply", summary="Changes a prepared reply",
               refuses=("unknown", "invalid", "state"))
    async def change(_: Request, agent: Agent, body: CannedBody, reply_id: str) -> dict[str, Any]:
        return canned.change(reply_id, body.shortcut, body.title, body.texts, agent.email)

    @api.route("DELETE", "/canned/<reply_id>", permission="canned",
               summary="Removes a prepared reply", refuses=("unknown",))
    async def remove(_: Request, agent: Agent, __: None, reply_id: str) -> None:
        canned.remove(reply_id, agent.email)
