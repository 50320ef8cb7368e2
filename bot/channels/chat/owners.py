"""Tells the chat's pages at once when a person takes over, and those who wait how they move up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection

from bot.channels.chat.relay import Relay
from bot.channels.chat.transcript import ASSISTANTS, Transcript
from bot.engine.bells import ring
from bot.store.changes import Changed
from bot.store.database import Database

logger = logging.getLogger(__name__)

#: Seconds between two tellings, and between two looks for what another process did.
_PAUSE, _LOOK = 0.3, 3.0


class OwnerNews:
    """Follows the owners of the conversations that have pages here."""

    def __init__(self, database: Database, relay: Relay, transcript: Transcript,
                 connected: Callable[[], Collection[str]]) -> None:
        self._database, self._relay, self._connected = database, relay, connected
        self._transcript = transcript
        self._stack = contextlib.ExitStack()
        self._bell: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to listen, in the running loop."""
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def note(changed: Changed) -> None:
            if changed.conversations or changed.presence:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
                    loop.call_soon_threadsafe(bell.set)

        self._bell = bell
        self._stack.enter_context(self._database.changes.listening(note))
        self._task = asyncio.create_task(self._run(bell))

    async def stop(self) -> None:
        """Ends listening."""
        self._stack.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, bell: asyncio.Event) -> None:
        while True:
            await ring(bell, _LOOK)
            bell.clear()
            try:
                await self._tell()
            except Exception:
                logger.exception("the chat's pages were not told who answers; they will be")
            await asyncio.sleep(_PAUSE)

    async def _tell(self) -> None:
        here = set(self._connected())
        self._relay.forget_owners_but(here)
        if not here:
            return
        owners = await asyncio.to_thread(self._transcript.with_people)
        for conversation_id in here & (owners.keys() | self._relay.told_owner()):
            await self._relay.owner(conversation_id, owners.get(conversation_id, ASSISTANTS))
