"""Alerts the agents at the desk of replies that are nearly or really too late."""

from __future__ import annotations

import asyncio
import contextlib

from sanic import Sanic

from bot.desk.hub import Hub
from bot.services.ownership import Ownership
from bot.services.presence import OFFLINE, Presences
from bot.services.service_levels import Late, ServiceLevels


class Lateness:
    """Tells whoever has the conversation, else everybody who is there."""

    def __init__(self, hub: Hub, presences: Presences, ownership: Ownership) -> None:
        self._hub, self._presences, self._ownership = hub, presences, ownership
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, app: Sanic, levels: ServiceLevels) -> None:
        """Begins with the server."""

        @app.after_server_start
        async def begin(*_: object) -> None:
            loop = asyncio.get_running_loop()

            def ring(late: Late) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
                    loop.call_soon_threadsafe(self._soon, late)

            levels.on_late(ring)

    def _soon(self, late: Late) -> None:
        task = asyncio.create_task(self.tell(late))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def tell(self, late: Late) -> None:
        """Alerts the pages, in whatever process they are."""
        there = {id_ for id_, status in self._presences.statuses().items() if status != OFFLINE}
        owner = (self._ownership.of(late.conversation_id).agent_id
                 if late.conversation_id else None)
        for staff_id in [owner] if owner in there else sorted(there):
            await self._hub.alert_late(staff_id, late)
