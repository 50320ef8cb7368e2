"""Two servers on one PostgreSQL database, and the pages that people have open at them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import socketio

from bot.store.database import Database
from tests.browser.colleague import hire, signed_in
from tests.conversation.server import Server

#: Seconds in which something must have been told, on a busy machine too.
PATIENCE = 20.0
#: Looks for what nobody rang for are so rare that only the doorbell can have brought it; clocks
#: are looked at often. Words in a customer's message make a turn slow, or kill its process.
SCRIPT = '''
import asyncio, os, signal, sys
import bot.channels.chat.owners, bot.desk.hub, bot.engine.beside
from rasa.core.processor import MessageProcessor

bot.channels.chat.owners._LOOK = bot.desk.hub.LOOK = 300.0
bot.engine.beside.CLOCKS_SECONDS = 0.5
handle = MessageProcessor.handle_message

async def handled(self, message):
    done = await handle(self, message)
    if "SLOWLY" in message.text:
        await asyncio.sleep(1.5)
    if "DIE" in message.text and os.environ.get("MORTAL"):
        os.kill(os.getpid(), signal.SIGKILL)
    return done

MessageProcessor.handle_message = handled
from bot.cli import main
sys.exit(main())
'''


@dataclass(frozen=True)
class Pair:
    """`one` and `two` serve on `database`; `settings` is for others that join them."""

    one: Server
    two: Server
    database: Database
    folder: Path
    settings: dict[str, str]

    def third(self, **settings: str) -> Server:
        """Another server, not started yet."""
        return server(self.folder, "third", {**self.settings, **settings})


def server(folder: Path, name: str, settings: dict[str, str]) -> Server:
    """A server whose log has that name."""
    return Server(folder / f"{name}.db", wrapper=folder / "script.py", settings=settings,
                  preloaded=True)


class Page:
    """An open page: what it is told, by event."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self._client = client
        self.told: list[tuple[str, Any]] = []
        self._rang = asyncio.Event()
        client.on("*", self._hear)

    async def _hear(self, event: str, payload: Any) -> None:
        self.told.append((event, payload))
        self._rang.set()

    async def ask(self, event: str, payload: Any = None) -> Any:
        """What is acknowledged."""
        return await self._client.call(event, {} if payload is None else payload, timeout=PATIENCE)

    async def tells(self, event: str, payload: Any) -> None:
        """Without waiting for an acknowledgement."""
        await self._client.emit(event, payload)

    async def hears(self, event: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first thing told by that event that fits, once it was told."""
        async def wait() -> Any:
            while True:
                for name, payload in self.told:
                    if name == event and fits(payload):
                        return payload
                self._rang.clear()
                await self._rang.wait()
        try:
            return await asyncio.wait_for(wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"no {event!r} that fits in {self.told}") from None

    async def reads(self, words: str) -> Any:
        """The message that has these words."""
        return await self.hears("bot_uttered", lambda message: words in message["text"])

    def count(self, event: str, fits: Callable[[Any], bool] = lambda _: True) -> int:
        """How often something that fits was told."""
        return sum(name == event and fits(payload) for name, payload in self.told)


class Customer:
    """Somebody in the chat, whose browser may come to any server."""

    def __init__(self, token: str) -> None:
        self.token = token

    @contextlib.asynccontextmanager
    async def at(self, server: Server) -> AsyncIterator[Page]:
        """Has the chat open at a server."""
        async with _page(server, "/chat/socket.io", {}, {"token": self.token}) as page:
            yield page


async def arrives(server: Server) -> Customer:
    """Somebody new."""
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE,
                                 headers={"Origin": server.url}) as http:
        return Customer((await http.post("/chat/session")).json()["token"])


class Agent:
    """Somebody at the desk of one server: their page, and their requests."""

    def __init__(self, page: Page, http: httpx.AsyncClient) -> None:
        self.page, self._http = page, http

    async def does(self, method: str, path: str, **body: Any) -> Any:
        """A request that must succeed."""
        response = await self.tries(method, path, **body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def tries(self, method: str, path: str, **body: Any) -> httpx.Response:
        """A request that may be refused."""
        return await self._http.request(method, path, json=body or None)

    async def looks_at(self, conversation_id: str) -> None:
        """Opens a conversation."""
        assert await self.page.ask("view", {"conversation_id": conversation_id}) == {"ok": True}


def employ(database: Database, *emails: str) -> dict[str, str]:
    """Adds agents; the tokens of their sessions by their addresses."""
    for email in emails:
        hire(database, email, name=email.partition("@")[0].title())
    return {email: signed_in(database, email) for email in emails}


@contextlib.asynccontextmanager
async def at_the_desk(server: Server, token: str) -> AsyncIterator[Agent]:
    """Somebody who has sat down at the desk of a server."""
    cookie = {"Cookie": f"desk_session={token}"}
    async with httpx.AsyncClient(base_url=f"{server.url}/desk/api", timeout=PATIENCE,
                                 headers={"Origin": server.url, **cookie}) as http:
        http.headers["X-CSRF-Token"] = (await http.get("/me")).json()["csrf"]
        async with _page(server, "/desk/socket.io", cookie) as page:
            assert await page.ask("beat", {"active": True}) == {"ok": True}
            yield Agent(page, http)


@contextlib.asynccontextmanager
async def _page(server: Server, path: str, headers: dict[str, str],
                auth: dict[str, str] | None = None) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession(headers={"Origin": server.url, **headers}) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        page = Page(client)
        await client.connect(server.url, headers={"Origin": server.url, **headers}, auth=auth,
                             socketio_path=path, transports=["websocket"])
        try:
            yield page
        finally:
            await client.disconnect()
