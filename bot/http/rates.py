"""How often something may happen in a while, counted in memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

from bot.errors import TooOften


class RateLimit:
    """Counts what happened in the last minute, or `seconds`, by key."""

    _KEYS = 10_000

    def __init__(self, allowed: int, seconds: float = 60.0) -> None:
        self._allowed, self._seconds = allowed, seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Counts one. Raises TooOften, with the seconds to wait, when there were too many."""
        now = time.monotonic()
        moments = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > self._KEYS:
            self._seen.popitem(last=False)
        while moments and moments[0] <= now - self._seconds:
            moments.popleft()
        if len(moments) >= self._allowed:
            wait = moments[0] + self._seconds - now if moments else self._seconds
            raise TooOften(max(1, round(wait)))
        moments.append(now)
