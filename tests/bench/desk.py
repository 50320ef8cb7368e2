"""The agents' desk under load: 200 waiting conversations, 20 agents with their pages open.

Server and agents share this process, so the figures hold the agents' own work too. Prints how long
after a commit the pages were told, and checks that no claim is lost or doubled.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import socketio

from bot.store.database import Database
from bot.store.migrate import migrate
from tests.unit.desk_people import begin, write
from tests.unit.desk_site import DeskSite, put_on, running, services_on

WAITING, AGENTS, MESSAGES = 200, 20, 60


class _Page:
    """An agent's page: when it was told of which conversation's last message."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.told: dict[str, float] = {}
        self.client.on("changed", self._changed)

    async def _changed(self, payload: dict[str, Any]) -> None:
        now = time.perf_counter()
        for row in payload["rows"]:
            self.told[f"{row['id']} {row['last']['text']}"] = now


def main() -> None:
    """Runs it and prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/desk.db")
        migrate(database)
        asyncio.run(_run(database, Path(folder)))
        database.dispose()


async def _run(database: Database, folder: Path) -> None:
    services = services_on(database, folder)
    ids = [f"c{number:03}" for number in range(WAITING)]
    begin(database, *ids)
    for number, id_ in enumerate(ids):
        write(database, id_, "hello")
        services.ownership.queue(id_, "emergency" if number % 40 == 0 else "requested")
    async with running(services, put_on) as site, AsyncExitStack() as stack:
        browsers = [await site.agent(f"agent{number}@shop.example", "agent", capacity=50)
                    for number in range(AGENTS)]
        pages = [await _page(site, browser, stack) for browser in browsers]
        await asyncio.sleep(1.5)
        await _inbox(browsers)
        await _updates(database, pages, ids)
        await _claims(browsers, ids)


async def _page(site: DeskSite, browser: httpx.AsyncClient, stack: AsyncExitStack) -> _Page:
    headers = {"Origin": site.url, "Cookie": f"desk_session={browser.cookies['desk_session']}"}
    page = _Page()
    page.client.eio.http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
    await page.client.connect(site.url, headers=headers, socketio_path="/desk/socket.io",
                              transports=["websocket"])
    stack.push_async_callback(page.client.disconnect)
    return page


async def _inbox(browsers: list[httpx.AsyncClient]) -> None:
    taken = []
    for browser in browsers:
        begun = time.perf_counter()
        assert len((await browser.get("/inbox?view=waiting")).json()["rows"]) == WAITING
        taken.append(time.perf_counter() - begun)
    _print(f"inbox with {WAITING} rows", taken)


async def _updates(database: Database, pages: list[_Page], ids: list[str]) -> None:
    """Customers write; every page must be told."""
    taken: list[float] = []
    for number in range(MESSAGES):
        id_ = ids[number * 7 % len(ids)]
        mark = f"{id_} message {number}"
        await asyncio.to_thread(write, database, id_, f"message {number}")
        begun = time.perf_counter()
        while not all(mark in page.told for page in pages):
            if time.perf_counter() - begun > 10:
                raise SystemExit("a page was not told")
            await asyncio.sleep(0.005)
        taken += [page.told[mark] - begun for page in pages]
    _print(f"update of {len(pages)} pages", taken)


async def _claims(browsers: list[httpx.AsyncClient], ids: list[str]) -> None:
    """All agents take one after the other, at the same time, until nobody waits."""
    won: Counter[str] = Counter()
    taken: list[float] = []

    async def work(browser: httpx.AsyncClient) -> None:
        while True:
            begun = time.perf_counter()
            answer = await browser.post("/queue/next", timeout=60)
            if answer.status_code == 204:
                return
            answer.raise_for_status()
            taken.append(time.perf_counter() - begun)
            won[answer.json()["id"]] += 1

    await asyncio.gather(*(work(browser) for browser in browsers))
    _print(f"claim by {len(browsers)} agents at once", taken)
    lost, doubled = set(ids) - set(won), [id_ for id_, count in won.items() if count > 1]
    print(f"claims lost: {len(lost)}, doubled: {len(doubled)}")
    if lost or doubled:
        raise SystemExit(1)


def _print(what: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles([1000 * each for each in seconds], n=100, method="inclusive")
    print(f"{what:<40} p50 {cuts[49]:7.0f} ms   p95 {cuts[94]:7.0f} ms", flush=True)


if __name__ == "__main__":
    main()
