"""Has messages answered in the background, and tells the pages that it goes on."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from bot.channels.chat.relay import Relay
from bot.channels.chat.transcript import Transcript

logger = logging.getLogger(__name__)

#: The acknowledgement goes out first: a turn keeps the event loop busy for some milliseconds.
_AFTER_THE_ACKNOWLEDGEMENT = 0.003
_LAST_WORDS = 5.0


class Answers(Protocol):
    """What the channel needs of `bot.engine.turn.Turns`."""

    async def answer(self, conversation_id: str) -> None:
        """Answers everything that waits in a conversation."""


class Answering:
    """Runs turns as tasks of their own, so that a lost connection does not stop one."""

    def __init__(self, turns: Answers, relay: Relay, transcript: Transcript) -> None:
        self._turns, self._relay, self._transcript = turns, relay, transcript
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, conversation_id: str) -> None:
        """Has everything that waits in a conversation answered."""
        task = asyncio.create_task(self._answer(conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Waits for the turns that run, but not for ever."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_WORDS)

    async def _answer(self, conversation_id: str) -> None:
        await asyncio.sleep(_AFTER_THE_ACKNOWLEDGEMENT)
        relay = self._relay
        relay.answering.add(conversation_id)
        try:
            before = self._transcript.owner(conversation_id)
            await relay.typing(conversation_id)
            await self._turns.answer(conversation_id)
            if self._transcript.owner(conversation_id) != before:
                await relay.owner(conversation_id)
        except Exception:
            # The message is committed, so it is taken up again as a forgotten one.
            logger.exception("a chat message was not answered")
        finally:
            relay.answering.discard(conversation_id)
            await relay.typing(conversation_id)
