"""The desk's socket: who may connect, and what a page may tell (docs/desk-protocol.md)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from socketio.exceptions import ConnectionRefusedError

from bot.desk.access import Access
from bot.desk.hub import Hub, Seat, agent_room, view_room
from bot.desk.refusals import Refused, as_refused, refuse
from bot.errors import TooOften
from bot.http.rates import RateLimit
from bot.http.requests import address_of, same_origin
from bot.http.sockets import SocketServer
from bot.services.ownership import Ownership
from bot.services.presence import Presences
from bot.services.staff_sessions import DONE, StaffSessions

logger = logging.getLogger(__name__)

#: Bytes of an event, events a minute of one page, and connections a minute from one address.
MAX_EVENT, EVENTS, CONNECTS = 16_000, 600, 600
_REFUSAL = 0.5
#: Seconds between two looks whether the sessions of those who are connected still hold.
SESSIONS_SECONDS = 15.0
_LONGEST_ID = 255
#: Tells the customer's pages that an agent is writing: conversation, on, the agent's name.
TellTyping = Callable[[str, bool, str], Awaitable[None]]


class DeskSocket:
    """Connects agents' pages, and takes what they tell."""

    def __init__(self, server: SocketServer, access: Access, sessions: StaffSessions,
                 presences: Presences, hub: Hub, ownership: Ownership,
                 tell_typing: TellTyping) -> None:
        self._server, self._access, self._sessions = server, access, sessions
        self._presences, self._hub, self._tell_typing = presences, hub, tell_typing
        self._ownership = ownership
        self._connects, self._told = RateLimit(CONNECTS), RateLimit(EVENTS)
        self._task: asyncio.Task[None] | None = None
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        for name, handle in (("beat", self._beat), ("view", self._view),
                             ("typing", self._typing)):
            server.on(name, self._guarded(handle))

    def blueprint(self) -> Blueprint:
        """The route of both transports."""
        blueprint = Blueprint("desk_socket", url_prefix="/desk")

        @blueprint.route("/socket.io/", methods=["GET", "POST"], name="socket")
        async def handle(request: Request) -> HTTPResponse:
            try:
                if not same_origin(request):
                    raise Refused("origin")
                if "sid" not in request.args:
                    self._connects.take(address_of(request))
            except (Refused, TooOften) as error:
                return refuse(error)
            return await self._server.handle_request(request)

        @blueprint.listener("before_server_start")
        async def start(*_: Any) -> None:
            self._hub.start()
            self._task = asyncio.create_task(self._end_sessions())

        @blueprint.listener("before_server_stop")
        async def stop(*_: Any) -> None:
            if self._task is not None:
                self._task.cancel()
            await self._hub.stop()
            await self._server.close_all()

        return blueprint

    async def _connect(self, sid: str, environ: dict[str, Any], _: Any = None) -> None:
        request: Request = environ["sanic.request"]
        try:
            # A browser's cookie only: a token of a script has no page that could be watched.
            signed_in = None if request.headers.get("authorization") \
                else self._access.signed_in(request)
            if signed_in is None or signed_in.step != DONE:
                raise Refused("signed_out")
        except Exception as error:
            told = as_refused(error).public()
            self._server.close_stranger_later(
                self._server.manager.eio_sid_from_sid(sid, "/"), _REFUSAL)
            raise ConnectionRefusedError(told["text"], told) from None
        self._hub.seats[sid] = Seat(signed_in.staff_id, signed_in.name or signed_in.email,
                                    signed_in.key)
        self._presences.beat(signed_in.staff_id, active=True)
        await self._server.enter_room(sid, agent_room(signed_in.staff_id))

    async def _disconnect(self, sid: str, *_: Any) -> None:
        seat = self._hub.seats.pop(sid, None)
        if seat is not None:
            if seat.typing:
                await self._stops_typing(seat, seat.typing)
            self._turn_to(seat, None)

    async def _beat(self, sid: str, seat: Seat, payload: dict[str, Any]) -> None:
        active = payload.get("active") is True
        if self._sessions.by_key(seat.session, touch=active) is None:
            await self._send_away(sid)
            return
        self._presences.beat(seat.agent_id, active=active)

    async def _end_sessions(self) -> None:
        """Sends away whose session is over, also those who never beat: they would hear on."""
        while True:
            await asyncio.sleep(SESSIONS_SECONDS)
            try:
                here = {seat.session for seat in self._hub.seats.values()}
                over = await asyncio.to_thread(
                    lambda keys: {key for key in keys if self._sessions.by_key(key) is None}, here)
                for sid in [sid for sid, seat in self._hub.seats.items() if seat.session in over]:
                    await self._send_away(sid)
            except Exception:
                logger.exception("the sessions at the desk were not looked at; they will be")

    async def _send_away(self, sid: str) -> None:
        await self._server.emit("signed_out", {}, to=sid)
        await self._server.disconnect(sid)

    async def _view(self, sid: str, seat: Seat, payload: dict[str, Any]) -> None:
        wanted = _conversation(payload)
        if seat.viewing == wanted:
            return
        if seat.viewing:
            await self._server.leave_room(sid, view_room(seat.viewing))
        if seat.typing and seat.typing != wanted:
            await self._stops_typing(seat, seat.typing)
        self._turn_to(seat, wanted)
        if wanted:
            await self._server.enter_room(sid, view_room(wanted))

    async def _typing(self, sid: str, seat: Seat, payload: dict[str, Any]) -> None:
        conversation_id, on = _conversation(payload), payload.get("on") is True
        if not conversation_id:
            raise Refused("unreadable")
        if on:
            seat.typing = conversation_id
            await self._tell_typists(seat, conversation_id, skip=sid)
        else:
            await self._stops_typing(seat, conversation_id)

    async def _stops_typing(self, seat: Seat, conversation_id: str) -> None:
        if seat.typing == conversation_id:
            seat.typing = None
        # The agent may be writing there on another page.
        if not self._hub.types(seat.agent_id, conversation_id):
            await self._tell_typists(seat, conversation_id)

    async def _tell_typists(self, seat: Seat, conversation_id: str, skip: str | None = None
                            ) -> None:
        await self._server.emit("viewers", {
            "conversation_id": conversation_id, "viewers": self._hub.viewers(conversation_id)},
            room=view_room(conversation_id), skip_sid=skip)
        if self._ownership.of(conversation_id).agent_id == seat.agent_id:
            await self._tell_typing(conversation_id, self._hub.types(
                seat.agent_id, conversation_id), seat.name)

    def _turn_to(self, seat: Seat, wanted: str | None) -> None:
        before, seat.viewing = seat.viewing, wanted
        if wanted:
            self._hub.look_at(wanted)
            self._presences.views(seat.agent_id, wanted)
        elif before:
            self._presences.views_no_more(seat.agent_id, before, self._hub.shows(seat.agent_id))
        self._hub.viewers_changed(before, wanted)

    def _guarded(self, handle: Callable[[str, Seat, dict[str, Any]], Awaitable[None]]
                 ) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def guarded(sid: str, payload: Any = None, *_: Any) -> dict[str, Any]:
            try:
                seat = self._hub.seats.get(sid)
                if seat is None:
                    raise Refused("signed_out")
                self._told.take(sid)
                if payload is not None and not isinstance(payload, dict):
                    raise Refused("unreadable")
                await handle(sid, seat, payload or {})
                return {"ok": True}
            except Exception as error:
                return {"error": as_refused(error).public()}
        return guarded


def _conversation(payload: dict[str, Any]) -> str | None:
    value = payload.get("conversation_id")
    if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_ID):
        raise Refused("unreadable")
    return value or None
