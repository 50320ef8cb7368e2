"""The chat's socket: who may connect, and what a page may tell (docs/chat-protocol.md).

A socket is bound to its visitor's conversation when it connects. No event names a conversation,
so knowing another one's id is of no use.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from socketio.exceptions import ConnectionRefusedError

from bot.channels.chat.events import Events
from bot.channels.chat.limits import Limits, RateLimit
from bot.channels.chat.origin import same_origin
from bot.channels.chat.refusals import Refused, as_refused, refuse
from bot.channels.chat.session import Sessions
from bot.http.requests import address_of
from bot.http.sockets import SocketServer

logger = logging.getLogger(__name__)

#: Seconds in which somebody who was refused may read why.
_REFUSAL = 0.5


@dataclass(frozen=True)
class Bound:
    """What a socket was bound to when it connected. `key` is the visitor's."""

    key: str
    conversation_id: str
    language: str | None
    address: str


class ChatSocket:
    """Connects pages to conversations, and hands what they tell to `Events`."""

    def __init__(self, server: SocketServer, sessions: Sessions, events: Events,
                 limits: Limits) -> None:
        self._server, self._sessions = server, sessions
        self._limits = limits
        self._connects = RateLimit(limits.connects_per_address)
        self._told = RateLimit(limits.events)
        self._bound: dict[str, Bound] = {}
        self._open: Counter[str] = Counter()
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        for name, handle in events.handlers().items():
            server.on(name, self._guarded(handle))

    def conversations(self) -> list[str]:
        """The conversations that have a page here."""
        return list(self._open)

    def routes(self, blueprint: Blueprint) -> None:
        """Adds the route of both transports to the blueprint of `/chat`."""
        @blueprint.route("/socket.io/", methods=["GET", "POST"], name="socket")
        async def handle(request: Request) -> HTTPResponse:
            try:
                same_origin(request)
                if "sid" not in request.args:
                    self._connects.take(address_of(request))
            except Refused as refused:
                return refuse(refused, self._sessions.language_of(request))
            return await self._server.handle_request(request)

    async def close(self) -> None:
        """Sends the pages away; they come back by themselves when the server is up again."""
        await self._server.close_all()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        request: Request = environ["sanic.request"]
        language: str | None = self._sessions.language_of(request)
        try:
            token = auth.get("token") if isinstance(auth, dict) else None
            visitor = self._sessions.required(request, token)
            language = visitor.language or language
            if self._open[visitor.conversation_id] >= self._limits.sockets:
                raise Refused("rate", 429, text="refused_crowded", retry_after=30)
        except Exception as error:
            told = as_refused(error).public(language)
            self._server.close_stranger_later(
                self._server.manager.eio_sid_from_sid(sid, "/"), _REFUSAL)
            raise ConnectionRefusedError(told["text"], told) from None
        room = visitor.conversation_id
        self._bound[sid] = Bound(visitor.key, room, language, address_of(request))
        self._open[room] += 1
        await self._server.enter_room(sid, room)

    async def _disconnect(self, sid: str, *_: Any) -> None:
        bound = self._bound.pop(sid, None)
        if bound is not None:
            self._open[bound.conversation_id] -= 1
            self._open += Counter()  # forgets those at zero

    def _guarded(self, handle: Callable[[Bound, dict[str, Any]], Awaitable[dict[str, Any]]]
                 ) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def guarded(sid: str, payload: Any = None, *_: Any) -> dict[str, Any]:
            bound = self._bound.get(sid)
            try:
                if bound is None:
                    raise Refused("ended")
                self._told.take(sid)
                if payload is not None and not isinstance(payload, dict):
                    raise Refused("unreadable")
                return await handle(bound, payload or {})
            except Exception as error:
                refused = as_refused(error)
                return {"error": refused.public(bound.language if bound else None)}
        return guarded
