"""Plays the same conversations against any server with Rasa's REST channel, and times each turn."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

#: One conversation's messages.
Script = Sequence[str]


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each turn, those met with silence, and how long all of it took."""

    milliseconds: list[float]
    silent: int
    seconds: float

    def percentile(self, percent: int) -> float:
        """The milliseconds that `percent` of the turns did not exceed."""
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]

    @property
    def per_second(self) -> float:
        """Turns per second."""
        return len(self.milliseconds) / self.seconds


def play(url: str, headers: dict[str, str], script: Callable[[], Script], *, clients: int,
         conversations: int) -> Timing:
    """`conversations` for each of `clients` at the same time. An error stops the benchmark."""
    scripts = [[script() for _ in range(conversations)] for _ in range(clients)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = list(pool.map(lambda mine: _one_client(url, headers, mine), scripts))
    turns = [turn for client in taken for turn in client]
    return Timing([ms for ms, _ in turns], sum(not answered for _, answered in turns),
                  time.perf_counter() - begun)


def _one_client(url: str, headers: dict[str, str],
                scripts: Sequence[Script]) -> list[tuple[float, bool]]:
    """Milliseconds of each turn, and whether it was answered."""
    taken = []
    with httpx.Client(headers=headers, timeout=120) as http:
        for script in scripts:
            sender = uuid.uuid4().hex
            for message in script:
                begun = time.perf_counter()
                response = http.post(f"{url}/webhooks/rest/webhook",
                                     json={"sender": sender, "message": message})
                milliseconds = (time.perf_counter() - begun) * 1000
                response.raise_for_status()
                taken.append((milliseconds, bool(response.json())))
    return taken
