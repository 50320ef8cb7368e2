"""How much is taken in a minute, of one conversation and from one address."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.chat.refusals import Refused
from bot.errors import TooOften
from bot.http import rates


@dataclass(frozen=True)
class Limits:
    """What is taken in a minute. Many customers may share one address.

    `events` are all that a page tells besides messages, `sockets` the tabs of one conversation.
    """

    per_conversation: int = 30
    per_address: int = 90
    sessions_per_address: int = 60
    connects_per_address: int = 240
    uploads_per_conversation: int = 15
    uploads_per_address: int = 45
    events: int = 240
    sockets: int = 24


class RateLimit(rates.RateLimit):
    """The same, refused as the chat refuses."""

    def take(self, key: str) -> None:
        """Counts one. Raises Refused, with the seconds to wait, when there were too many."""
        try:
            super().take(key)
        except TooOften as error:
            raise Refused("rate", 429, retry_after=error.retry_after) from None
