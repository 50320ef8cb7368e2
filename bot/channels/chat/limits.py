"""How much is taken in a minute, of one conversation and from one address."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from sanic.request import Request

from bot.channels.chat.refusals import Refused


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


class RateLimit:
    """Counts what happened in the last minute by key, in memory."""

    _KEYS = 10_000

    def __init__(self, allowed: int, seconds: float = 60.0) -> None:
        self._allowed, self._seconds = allowed, seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Counts one. Raises Refused, with the seconds to wait, when there were too many."""
        now = time.monotonic()
        moments = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > self._KEYS:
            self._seen.popitem(last=False)
        while moments and moments[0] <= now - self._seconds:
            moments.popleft()
        if len(moments) >= self._allowed:
            wait = moments[0] + self._seconds - now if moments else self._seconds
            raise Refused("rate", 429, retry_after=max(1, round(wait)))
        moments.append(now)


def address_of(request: Request) -> str:
    """The visitor's address; of IPv6 the part that a provider gives to one household."""
    written = request.remote_addr or request.ip
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return str(written)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
