"""From the message table to the pages: what was committed is told to everybody who listens.

Only a doorbell that carries what it rings for. Whatever is lost on the way is in the table, and a
page that sees a gap asks for it.
"""

from __future__ import annotations

import logging
from typing import Any

import socketio

from bot.channels.chat.texts import DEFAULT
from bot.channels.chat.transcript import Transcript
from bot.engine.outbox import OutgoingMessage

logger = logging.getLogger(__name__)


def desk_room(conversation_id: str) -> str:
    """The room of those who look at a conversation without being its customer."""
    return f"desk:{conversation_id}"


class Relay:
    """Tells the pages of a conversation what happens in it, in every process."""

    def __init__(self, server: socketio.AsyncServer, transcript: Transcript) -> None:
        self._server, self._transcript = server, transcript
        #: Conversations whose answer is being written here, so that `typing` ends by itself.
        self.answering: set[str] = set()

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

    async def owner(self, conversation_id: str) -> None:
        """Tells who answers from now on."""
        await self._tell("owner", self._transcript.owner(conversation_id), conversation_id)

    async def moved_on(self, left: str, now: str) -> None:
        """Tells the other tabs that their visitor began a new conversation."""
        await self._tell("session_confirm",
                         {**self._transcript.state(now), "language": DEFAULT}, left)

    async def customer_typing(self, conversation_id: str, on: bool) -> None:
        """Tells the desk that the customer is writing."""
        await self._tell("user_typing", {"on": on}, desk_room(conversation_id))

    async def _tell(self, event: str, payload: dict[str, Any], room: str) -> None:
        try:
            await self._server.emit(event, payload, room=room)
        except Exception:
            logger.exception("a page was not told; it will ask")
