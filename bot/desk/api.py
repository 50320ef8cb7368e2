"""The desk's routes as one table: who may, what goes in and out, and what is refused.

    @api.route("POST", "/conversations/<conversation_id>/claim", permission="conversations",
               summary="Takes a conversation", body=ClaimBody, answer="Owner",
               refuses=("taken",))
    async def claim(request: Request, agent: Agent, body: ClaimBody, conversation_id: str):
        return asdict(...)

The table is checked, documented (`openapi.py`) and audited by itself: whatever is not a `GET`
leaves a line in the audit log, in the transaction that does it.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.desk.access import HALF, OPEN, Access, Agent
from bot.desk.refusals import Refused, refuse
from bot.errors import Unknown
from bot.http.headers import API_HEADERS
from bot.services.audit import Audit, Recording

PREFIX = "/desk/api"
#: Bytes of a request's body. A canned reply in 15 languages is the largest.
MAX_BODY = 200_000
#: `answer` of routes whose handler has sent a file itself.
FILE = "file"
Handler = Callable[..., Awaitable[Any]]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of what comes in: a JSON body, or a query string. Unknown fields are refused."""


@dataclass(frozen=True)
class Route:
    """One line of the table. `answer` names a schema of `answers.yml`; None: nothing (204)."""

    method: str
    path: str
    permission: str
    summary: str
    body: type[Body] | None
    answer: str | None
    refuses: tuple[str, ...]
    status: int
    stream: bool


class Api:
    """The table of routes, on a blueprint of `/desk/api`."""

    def __init__(self, access: Access, audit: Audit) -> None:
        self.access, self._audit = access, audit
        self.routes: list[Route] = []
        self.blueprint = Blueprint("desk_api", url_prefix=PREFIX)

    def route(self, method: str, path: str, *, permission: str, summary: str,
              body: type[Body] | None = None, answer: str | None = None,
              refuses: tuple[str, ...] = (), status: int = 200,
              stream: bool = False) -> Callable[[Handler], Handler]:
        """Adds a route. The handler gets (request, agent, body, and the path's parts by name).

        It returns what becomes JSON, None for 204, or a response of its own. `body` of a `GET` is
        read from the query string. `permission` is one of permissions.yml. With `stream` the
        handler reads the request's body itself.
        """
        described = Route(method, path, permission, summary, body, answer, refuses,
                          status if answer else 204, stream)

        def add(handler: Handler) -> Handler:
            self.routes.append(described)

            async def serve(request: Request, **parts: str) -> HTTPResponse | None:
                try:
                    return await self._serve(described, handler, request, parts)
                except Exception as error:
                    return refuse(error)

            name = f"{method}_{path}".translate(str.maketrans("/<>-.", "_____"))
            self.blueprint.add_route(serve, path, methods=[method], name=name, stream=stream)
            return handler

        return add

    def finish(self) -> Blueprint:
        """The blueprint with all routes, and an answer of the desk's own for what is not there."""

        async def nothing(_: Request, **__: str) -> HTTPResponse:
            return refuse(Unknown("there is nothing here"))

        self.blueprint.add_route(nothing, "/<rest:path>", name="nothing",
                                 methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return self.blueprint

    async def _serve(self, route: Route, handler: Handler, request: Request,
                     parts: dict[str, str]) -> HTTPResponse | None:
        agent = self.access.enter(request, route.permission)
        named = {name: _part(value) for name, value in parts.items()}
        body = None if route.body is None else _read(route.body, request)
        if route.method == "GET" or agent is None or route.permission in (OPEN, HALF):
            result = await handler(request, agent, body, **named)
        else:
            with self._audit.recording(_recording(route, agent, named)) as recording:
                request.ctx.recording = recording
                result = await handler(request, agent, body, **named)
        if isinstance(result, HTTPResponse) or route.answer == FILE:
            return result
        return respond(result, route.status if result is not None else 204)


def note_details(request: Request, **details: Any) -> None:
    """Adds details to the audit log's line of a request. To be called before anything is written.

    Neither secrets nor what a customer wrote belong there.
    """
    request.ctx.recording.details.update(details)


def respond(result: Any, status: int = 200) -> HTTPResponse:
    """Anything that msgspec can write (dicts, dataclasses, moments) as JSON that nobody keeps."""
    if result is None:
        return HTTPResponse(status=204, headers=dict(API_HEADERS))
    return HTTPResponse(msgspec.json.encode(result), status, dict(API_HEADERS),
                        "application/json")


def _recording(route: Route, agent: Agent, parts: dict[str, str]) -> Recording:
    kind = route.path.strip("/").partition("/")[0]
    return Recording(agent.email, f"{route.method} {route.path}", kind,
                     next(iter(parts.values()), agent.id if kind == "me" else ""), agent.address)


def _part(value: str) -> str:
    part = urllib.parse.unquote(value, errors="replace")
    if "\0" in part or "\ufffd" in part:
        raise Unknown("there is nothing here")
    return part


def _read(kind: type[Body], request: Request) -> Body:
    try:
        if request.method == "GET":
            plain: Any = dict(urllib.parse.parse_qsl(
                request.query_string, errors="strict", max_num_fields=50))
            read = msgspec.convert(plain, kind, strict=False)
        else:
            _check_form(request)
            plain = msgspec.json.decode(request.body or b"{}")
            read = msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise Refused("invalid", what=f"{error}.") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Refused("unreadable") from None
    if _has_nul(plain):
        raise Refused("unreadable")
    return read


def _check_form(request: Request) -> None:
    """Only JSON, which another site's page cannot send without being asked for permission."""
    if len(request.body) > MAX_BODY:
        raise Refused("too_long")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/json":
        raise Refused("unreadable")


def _has_nul(value: Any) -> bool:
    """PostgreSQL takes no text with a NUL in it."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)
