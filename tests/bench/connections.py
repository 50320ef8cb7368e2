"""How many open chats one process holds, and how quickly it answers meanwhile.

`python -m tests.bench.connections`, and a part of `make bench`. BENCH_IDLE sets the chats that are
open and silent (default 2000), BENCH_TALKING those that talk at the same time (50), BENCH_SECONDS
for how long (60). The clients run in this process, on the same machine as the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.conversation.server import Server

IDLE = int(os.environ.get("BENCH_IDLE", "2000"))
TALKING = int(os.environ.get("BENCH_TALKING", "50"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
#: Seconds from a reply to the next message: read, think, type. People take longer.
PAUSE = (2.0, 6.0)
#: Chats that are opened at the same time.
_OPENING = 20
_SAID = ("Hello", "My radio does not turn on any more.", "Is water damage covered?",
         "How long is my guarantee?", "What are your phone hours?", "Thank you")
#: All of them come from one address here, which is not what the limits are for.
_WITHOUT_LIMITS = '''
import dataclasses, functools, sys
import bot.channels.chat as chat

many = {each.name: 1_000_000 for each in dataclasses.fields(chat.Limits)}
chat.Limits = functools.partial(chat.Limits, **many)
from bot.cli import main
sys.exit(main())
'''


class Chat:
    """One open chat: Socket.IO by hand, because 2,000 whole clients would be the benchmark."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._replied = asyncio.Event()
        self._asked = 0
        self.error: str | None = None
        self._ears = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str) -> Chat:
        """A new visitor with the chat open. Raises if it is refused."""
        async with http.post(f"{url}/chat/session", json={}) as answer:
            answer.raise_for_status()
            token = (await answer.json())["token"]
        socket: Any = await http.ws_connect(
            f"{url}/chat/socket.io/?EIO=4&transport=websocket", max_msg_size=1_000_000)
        await socket.receive_str()
        await socket.send_str("40" + json.dumps({"token": token}))
        confirmed: str = await socket.receive_str()
        if not confirmed.startswith("40"):
            raise RuntimeError(f"the chat was refused: {confirmed}")
        return cls(socket)

    @property
    def is_open(self) -> bool:
        """Whether the server still holds it."""
        return not self._socket.closed and not self._ears.done()

    async def say(self, text: str) -> float:
        """Seconds until the assistant's reply is here."""
        self._asked += 1
        self._replied.clear()
        begun = time.perf_counter()
        await self._socket.send_str(f"42{self._asked}" + json.dumps(
            ["user_uttered", {"client_msg_id": f"m-{self._asked}", "message": text}]))
        await asyncio.wait_for(self._replied.wait(), 60)
        if self.error:
            raise RuntimeError(self.error)
        return time.perf_counter() - begun

    async def close(self) -> None:
        """Closes it."""
        self._ears.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ears
        await self._socket.close()

    async def _listen(self) -> None:
        async for packet in self._socket:
            told = str(packet.data)
            if told == "2":
                await self._socket.send_str("3")
            elif told.startswith("43") and '"error"' in told:
                self.error = told
                self._replied.set()
            elif told.startswith('42["bot_uttered"'):
                message: dict[str, Any] = json.loads(told[2:])[1]
                if message["author"] == "assistant":
                    self._replied.set()


@dataclass
class Figures:
    """What is printed."""

    opened: int = 0
    open_per_second: float = 0.0
    held: int = 0
    seconds: float = 0.0
    replies: list[float] = field(default_factory=list)
    megabytes_before: float = 0.0
    megabytes_with: float = 0.0

    def lines(self) -> list[tuple[str, str]]:
        """Names and values."""
        cuts = statistics.quantiles(self.replies, n=100, method="inclusive")
        each = (self.megabytes_with - self.megabytes_before) * 1024 / max(1, self.opened)
        return [
            ("idle chats opened", f"{self.opened}"),
            ("opened a second", f"{self.open_per_second:.0f}"),
            (f"still open after {self.seconds:.0f} s", f"{self.held}"),
            (f"replies to {TALKING} who talk", f"{len(self.replies)}"),
            ("replies a second", f"{len(self.replies) / self.seconds:.1f}"),
            ("ms to the reply p50", f"{cuts[49] * 1000:.0f}"),
            ("ms to the reply p95", f"{cuts[94] * 1000:.0f}"),
            ("ms to the reply p99", f"{cuts[98] * 1000:.0f}"),
            ("memory before and with them, MB",
             f"{self.megabytes_before:.0f}, {self.megabytes_with:.0f}"),
            ("memory of one, kB", f"{each:.0f}"),
        ]


async def measure(url: str, pid: int) -> Figures:
    """Opens the chats, lets some talk, and counts who is still there."""
    figures = Figures()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
            connector=connector, headers={"Origin": url}, cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=120)) as http:
        talkers = [await Chat.open(http, url) for _ in range(TALKING)]
        for talker in talkers[:5]:
            await talker.say("Hello")  # warm
        figures.megabytes_before = memory(pid)
        begun = time.perf_counter()
        idle = await _open_many(http, url)
        figures.opened = len(idle)
        figures.open_per_second = len(idle) / (time.perf_counter() - begun)
        begun = time.perf_counter()
        taken = await asyncio.gather(*(_talk(talker, begun + SECONDS) for talker in talkers))
        figures.seconds = time.perf_counter() - begun
        figures.replies = [seconds for each in taken for seconds in each]
        figures.megabytes_with = memory(pid)
        figures.held = sum(chat.is_open for chat in idle)
        await asyncio.gather(*(chat.close() for chat in [*idle, *talkers]))
    return figures


async def _open_many(http: aiohttp.ClientSession, url: str) -> list[Chat]:
    opening = asyncio.Semaphore(_OPENING)

    async def one() -> Chat | None:
        async with opening:
            try:
                return await Chat.open(http, url)
            except (aiohttp.ClientError, asyncio.TimeoutError, RuntimeError, TypeError):
                return None
    return [chat for chat in await asyncio.gather(*(one() for _ in range(IDLE))) if chat]


async def _talk(chat: Chat, ends: float) -> list[float]:
    taken = []
    dice = random.Random(id(chat))
    await asyncio.sleep(dice.uniform(0, PAUSE[1]))
    while time.perf_counter() < ends:
        taken.append(await chat.say(dice.choice(_SAID)))
        await asyncio.sleep(dice.uniform(*PAUSE))
    return taken


def memory(pid: int) -> float:
    """Megabytes of a process that are in memory; NaN where that cannot be read."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Starts a server, measures, and prints the table."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"Widget connections: {IDLE} idle and {TALKING} talking, {PAUSE[0]:.0f} to "
          f"{PAUSE[1]:.0f} s between messages …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "serve.py"
        script.write_text(_WITHOUT_LIMITS, encoding="utf-8")
        server = Server(Path(folder) / "connections.db", wrapper=script)
        try:
            server.start()
            figures = asyncio.run(measure(server.url, server.pid))
        finally:
            server.stop()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    lines = figures.lines()
    width = max(len(name) for name, _ in lines)
    print(f"\n{'widget connections':<{width}}  {'ours':>12}")
    for name, value in lines:
        print(f"{name:<{width}}  {value:>12}")
    print("", flush=True)


if __name__ == "__main__":
    main()
