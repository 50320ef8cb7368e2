"""What goes on beside the conversations, in a thread: jobs, clocks of replies, tidying up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.bootstrap import Services

logger = logging.getLogger(__name__)

#: Seconds between two looks at the clocks, and between two rounds of tidying up.
CLOCKS_SECONDS, TIDYING_SECONDS = 10.0, 3600.0


class Beside:
    """One round at each call. A part that fails does not stop the others, and is tried again."""

    def __init__(self, services: Services) -> None:
        self._parts: list[tuple[float, Callable[[], object]]] = [
            (0.0, services.jobs.run_due),
            (CLOCKS_SECONDS, services.service_levels.look),
            (TIDYING_SECONDS, services.jobs.forget_old),
            (TIDYING_SECONDS, services.webhooks.forget_old),
            (TIDYING_SECONDS, services.sign_in.forget_expired),
            (TIDYING_SECONDS, services.staff_sessions.forget_expired)]
        self._next = [0.0] * len(self._parts)

    def run(self) -> None:
        """Does what is due."""
        for place, (every, part) in enumerate(self._parts):
            if time.monotonic() < self._next[place]:
                continue
            self._next[place] = time.monotonic() + every
            try:
                part()
            except Exception:
                logger.exception("work beside the conversations failed and will be tried again")
