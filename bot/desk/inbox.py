"""`/desk/api/inbox`, `/queue/next`, `/team`, `/presence` and `/search`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from msgspec import Meta
from sanic.request import Request

from bot.bootstrap import Services
from bot.desk.access import Agent
from bot.desk.api import Api, Body
from bot.desk.refusals import Refused


class InboxQuery(Body):
    """Which view of the inbox, and from where on."""

    view: Literal["waiting", "mine", "all", "emergencies", "snoozed"] = "waiting"
    after: Annotated[str, Meta(max_length=64)] | None = None


class PresenceBody(Body):
    """Whether one takes conversations."""

    status: Literal["online", "away"]


class SearchQuery(Body):
    """What is looked for."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]


def inbox_routes(api: Api, services: Services) -> None:
    """Adds the routes."""
    inbox = services.desk.inbox

    @api.route("GET", "/inbox", permission="conversations", body=InboxQuery, answer="Inbox",
               summary="A view of the inbox", refuses=("invalid",))
    async def page(_: Request, agent: Agent, query: InboxQuery) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(inbox.page, query.view, agent.id, query.after)
        except ValueError as error:
            raise Refused("invalid", what=str(error)) from None

    @api.route("POST", "/queue/next", permission="conversations", answer="Row",
               summary="Takes the conversation that fits best; 204 if nobody waits")
    async def following(_: Request, agent: Agent, __: None) -> dict[str, Any] | None:
        owner = services.queue.next_for(agent.id)
        if owner is None:
            return None
        services.presences.acted(agent.id)
        return inbox.row(owner.conversation_id, agent.id)

    @api.route("PUT", "/presence", permission="profile", body=PresenceBody,
               summary="Online, or away")
    async def presence(_: Request, agent: Agent, body: PresenceBody) -> None:
        services.presences.choose(agent.id, body.status)

    @api.route("GET", "/team", permission="profile", answer="Team", summary="Who is at the desk")
    async def team(_: Request, __: Agent, ___: None) -> list[dict[str, Any]]:
        statuses, has = services.presences.statuses(), services.queue.open_counts()
        return [{"id": each.id, "name": each.name or each.email, "role": each.role,
                 "status": statuses.get(each.id, "offline"), "languages": each.languages,
                 "skills": each.skills, "open": has.get(each.id, 0), "capacity": each.capacity}
                for each in services.staff.all() if each.active]

    @api.route("GET", "/search", permission="conversations", body=SearchQuery,
               answer="SearchResult", summary="Looks for conversations, orders, tickets, claims")
    async def search(_: Request, agent: Agent, query: SearchQuery) -> dict[str, Any]:
        return await asyncio.to_thread(services.desk.search.find, query.q, agent.id)
