"""From the message table to the pages: what was committed is told to everybody who listens.

Only a doorbell that carries what it rings for. Whatever is lost on the way is in the table, and a
page that sees a gap asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import socketio

from bot.channels.chat.texts import DEFAULT
from bot.channels.chat.transcript import Transcript
from bot.engine.outbox import OutgoingMessage
from bot.services.ownership import BOT

logger = logging.getLogger(__name__)


class Relay:
    """Tells the pages of a conversation what happens in it, in every process."""

    def __init__(self, server: socketio.AsyncServer, transcript: Transcript) -> None:
        self._server, self._transcript = server, transcript
        #: Conversations whose answer is being written here, so that `typing` ends by itself.
        self.answering: set[str] = set()
        #: Who at the desk is told that a customer is writing.
        self.to_desk: Callable[[str, bool], Awaitable[None]] | None = None
        self._told: dict[str, dict[str, Any]] = {}

    async def deliver(self, message: OutgoingMessage) -> bool:
        """The outbox's way to the chat. A page that is away asks for it when it is back."""
        await self.show(message.conversation_id, message.seq)
        if message.conversation_id not in self.answering:
            # Answered by the sweep after a restart: nobody else ends what a page still shows.
            await self.typing(message.conversation_id)
        return True

    async def show(self, conversation_id: str, seq: int) -> None:
        """Sends one message to all its pages, the writer's other tabs too."""
        shown = self._transcript.message(conversation_id, seq)
        if shown is not None:
            await self._tell("bot_uttered", shown, conversation_id)

    async def typing(self, conversation_id: str) -> None:
        """Tells whether the assistant is about to answer."""
        await self._tell("typing", {"on": self._transcript.typing(conversation_id),
                                    "author": "assistant"}, conversation_id)

    async def owner(self, conversation_id: str, now: dict[str, Any] | None = None) -> None:
        """Tells who answers from now on, and who waits their place; the same thing only once.

        `now` is what to tell, for those who have read it already.
        """
        now = now or self._transcript.owner(conversation_id)
        if self._told.get(conversation_id) == now:
            return
        if now["owner"] == BOT:
            self._told.pop(conversation_id, None)
        else:
            self._told[conversation_id] = now
        # Each process finds it for its own pages.
        await self._tell("owner", now, conversation_id, here=True)

    def forget_owners_but(self, here: Collection[str]) -> None:
        """Forgets what was told of conversations whose pages have gone."""
        self._told = {id_: now for id_, now in self._told.items() if id_ in here}

    def told_owner(self) -> set[str]:
        """Conversations whose pages were told that a person has them, or is to."""
        return set(self._told)

    async def moved_on(self, left: str, now: str) -> None:
        """Tells the other tabs that their visitor began a new conversation."""
        await self._tell("session_confirm",
                         {**self._transcript.state(now), "language": DEFAULT}, left)

    async def customer_typing(self, conversation_id: str, on: bool) -> None:
        """Tells the desk that the customer is writing."""
        if self.to_desk is not None:
            await self.to_desk(conversation_id, on)

    async def agent_typing(self, conversation_id: str, on: bool, name: str) -> None:
        """Tells the customer that an agent is writing, if that agent's words reach this chat."""
        await self._tell("typing", {"on": on, "author": "agent", "name": name}, conversation_id)

    async def _tell(self, event: str, payload: dict[str, Any], room: str, *,
                    here: bool = False) -> None:
        try:
            await self._server.emit(event, payload, room=room, ignore_queue=here)
        except Exception:
            logger.exception("a page was not told; it will ask")
