"""Understanding a text outside a conversation's turns: a mail, a ticket's details."""

from __future__ import annotations

from typing import Protocol

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor

from bot.engine.door import MAX_CHARACTERS, take_in
from bot.errors import BadMessage
from bot.services.heard import Heard
from bot.services.letters import joined, paragraphs
from bot.services.parsed import heard_of


class Reads(Protocol):
    """Whatever understands a text."""

    async def read(self, text: str) -> Heard:
        """What is understood of a text; nothing of an empty one."""


class Reader:
    """Reads texts as the chat reads messages, and long ones by their paragraphs too."""

    def __init__(self, processor: MessageProcessor) -> None:
        self._processor = processor

    async def read(self, text: str) -> Heard:
        """What is understood of a text; nothing of an empty one. It says and remembers nothing."""
        whole = await self._parse(text)
        parts = [await self._parse(part) for part in paragraphs(text)]
        return joined(whole, parts) if parts else whole

    async def _parse(self, text: str) -> Heard:
        if len(text) > MAX_CHARACTERS:
            half = MAX_CHARACTERS // 2 - 1
            text = f"{text[:half]}\n{text[-half:]}"
        try:
            typed = take_in(text)
        except BadMessage:
            return Heard("")
        return heard_of(await self._processor.parse_message(UserMessage(typed.heard)))
