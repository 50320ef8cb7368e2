"""A running desk for tests: the real Sanic application and services, without Rasa."""

from __future__ import annotations

import functools
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from rasa.shared.core.domain import Domain
from sanic import Sanic

from bot.bootstrap import Services, wire
from bot.desk import Surroundings, add_desk
from bot.desk.api import Api
from bot.engine.handing_back import HandingBack
from bot.engine.outbox import OutboxService
from bot.engine.tracker_store import DatabaseTrackerStore
from bot.settings import ROOT, Settings
from bot.store.database import Database

PASSWORD = "a long enough password"
_names = (f"desk_{number}" for number in itertools.count())


class DeskSite:
    """A running desk. `agent()` is the browser of somebody who signed in."""

    def __init__(self, url: str, services: Services, api: Api, stack: AsyncExitStack) -> None:
        self.url, self.services, self.api, self._stack = url, services, api, stack

    async def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser of nobody yet."""
        return await self._stack.enter_async_context(httpx.AsyncClient(
            base_url=f"{self.url}/desk/api", headers={"Origin": self.url, **headers}, timeout=10))

    async def agent(self, email: str = "ann@example.com", role: str = "agent",
                    **values: Any) -> httpx.AsyncClient:
        """The browser of a new agent, signed in."""
        services = self.services
        added, _ = services.staff.add(email, role=role, **values)
        token = services.staff_sessions.begin(added.id, "127.0.0.1")
        token = services.sign_in.new_password(token, PASSWORD, "127.0.0.1")
        signed_in = services.staff_sessions.find(token)
        assert signed_in is not None
        browser = await self.browser(**{"X-CSRF-Token": signed_in.csrf})
        browser.cookies.set("desk_session", token, path="/desk")
        return browser

    async def script(self, email: str) -> httpx.AsyncClient:
        """A script of an agent."""
        token = self.services.staff_sessions.new_token(self.services.staff.named(email).id)
        return await self._stack.enter_async_context(httpx.AsyncClient(
            base_url=f"{self.url}/desk/api", timeout=10,
            headers={"Authorization": f"Bearer {token}"}))


def surroundings(services: Services) -> Surroundings:
    """The engine around the desk without Rasa's model: nothing that pushes, nobody who types."""
    store = DatabaseTrackerStore(_domain(), database=services.database)

    async def tell_typing(*_: Any) -> None:
        return None

    return Surroundings(HandingBack(services.database, services.ownership, store),
                        OutboxService(services.database).deliver, tell_typing)


def put_on(app: Sanic, services: Services) -> Api:
    """Puts the whole desk on an application."""
    return add_desk(app, services, surroundings(services)).api


@functools.cache
def _domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


def services_on(database: Database, folder: Path, **environment: str) -> Services:
    """The real services, on a database of the test's own."""
    return wire(Settings.load({"ATTACHMENTS_DIR": str(folder / "attachments"), **environment}),
                database)


@asynccontextmanager
async def running(services: Services, add: Callable[[Sanic, Services], Api]
                  ) -> AsyncIterator[DeskSite]:
    """A desk that serves on 127.0.0.1; `add` puts it on the application."""
    app = Sanic(next(_names))
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 1.0
    app.config.FALLBACK_ERROR_FORMAT = "json"
    api = add(app, services)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    async with AsyncExitStack() as stack:
        try:
            yield DeskSite(f"http://127.0.0.1:{listening.getsockname()[1]}", services, api, stack)
        finally:
            await stack.aclose()
            await server.before_stop()
            await server.close()
