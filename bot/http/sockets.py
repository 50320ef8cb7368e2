"""A Socket.IO server as the chat and the desk use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import engineio
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from bot.store.neighbours import Neighbours

#: Seconds in which somebody who connected must have said who they are.
_INTRODUCTION = 15.0
_FAREWELL = 1.0


def new_server(name: str, most_bytes: int, neighbours: Neighbours,
               redis_url: str | None) -> SocketServer:
    """A server for events of at most so many bytes.

    What one process tells reaches the pages of all that serve the same `name`: by Redis if there
    is one, else by the database.
    """
    manager = None
    if redis_url:
        manager = socketio.AsyncRedisManager(redis_url, channel=f"aftersale-{name}")
    elif neighbours.can_be:
        manager = _NeighboursManager(neighbours, name)
    # Origins are checked before it sees a request: its own check has a way around.
    return SocketServer(async_mode="sanic", cors_allowed_origins=[], client_manager=manager,
                        max_http_buffer_size=most_bytes, logger=False, engineio_logger=False)


class _NeighboursManager(AsyncPubSubManager):
    """Tells the pages of other processes through the database."""

    def __init__(self, neighbours: Neighbours, name: str) -> None:
        super().__init__(channel=name)
        self._neighbours = neighbours

    async def _publish(self, data: dict[str, Any]) -> None:
        self._neighbours.tell(self.channel, data)

    async def _listen(self) -> AsyncIterator[dict[str, Any]]:
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def heard(what: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(told.put_nowait, what)

        self._neighbours.hear(self.channel, heard)
        while True:
            yield await told.get()


class _Engine(engineio.AsyncServer):
    """Knows its tasks, so that none is left over at the end: it sleeps for a while in each."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()
        super().__init__(*arguments, **options)

    def start_background_task(self, target: Any, *arguments: Any, **more: Any) -> Any:
        task = super().start_background_task(target, *arguments, **more)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class SocketServer(socketio.AsyncServer):
    """Closes connections that never say who they are."""

    def _engineio_server_class(self) -> type[engineio.AsyncServer]:
        return _Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        found = await super()._handle_eio_connect(eio_sid, environ)
        self.close_stranger_later(eio_sid, _INTRODUCTION)
        return found

    def close_stranger_later(self, eio_sid: str, seconds: float) -> None:
        """Closes a connection after a while, unless it has become somebody's by then."""
        asyncio.get_running_loop().call_later(seconds, self._close_stranger, eio_sid)

    async def close_all(self) -> None:
        """Sends the pages away; they come back by themselves when the server is up again."""
        sockets = list(self.eio.sockets.values())
        farewells = [asyncio.ensure_future(socket.close(wait=False)) for socket in sockets]
        if farewells:
            await asyncio.wait(farewells, timeout=_FAREWELL)
        for task in list(self.eio.tasks):
            task.cancel()

    def _close_stranger(self, eio_sid: str) -> None:
        if eio_sid in self.environ and not self.manager.sid_from_eio_sid(eio_sid, "/"):
            self.start_background_task(self.eio.disconnect, eio_sid)
