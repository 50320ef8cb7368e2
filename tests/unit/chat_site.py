"""A running site for tests of the chat: real Sanic, real sockets, scripted turns for Rasa."""

from __future__ import annotations

import asyncio
import itertools
import socket
import zoneinfo
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import socketio
import sqlalchemy as sa
from sanic import Sanic
from sanic.touchup.service import TouchUp

from bot.channels.chat import ChatService, Limits, add_chat
from bot.channels.chat.session import COOKIE
from bot.channels.shop import shop_blueprint
from bot.engine.inbox import InboxService, next_seq
from bot.engine.outbox import OutboxService
from bot.http.assets import Assets
from bot.services.attachments import Attachments
from bot.services.contact import Contact
from bot.services.feedback import Feedback
from bot.services.hours import WorkingHours
from bot.services.visitors import Visitors
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, Outbox, metadata, new_id

DECISION = {"type": "decision", "outcome": "covered", "reasons": [], "clauses": ["1 year"]}
DEMO = [{"order_number": "CG2026-000001", "invoice_number": "I-1",
         "verification": ["ann@example.com"], "items": ["Head unit"], "situation": "covered"}]
_names = (f"chat_{number}" for number in itertools.count())


class ScriptedTurns:
    """Says the text back with a button, as a turn does: message and outbox row in one go."""

    def __init__(self, database: Database, inbox: InboxService, outbox: OutboxService) -> None:
        self._database, self._inbox, self._outbox = database, inbox, outbox
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fails = False

    async def answer(self, conversation_id: str) -> None:
        await self.go_on.wait()
        if self.fails:
            raise RuntimeError("the model is gone")
        for inbox_id in self._inbox.waiting(conversation_id):
            with self._database.separate_unit_of_work() as session:
                row = session.get(Inbox, inbox_id)
                row.state = "answered"
                if "a person" in row.heard:
                    session.get(Conversation, conversation_id).owner = "queued"
                self.write(session, conversation_id, f"You said: {row.heard}", inbox_id)
        await self._outbox.deliver(conversation_id)

    async def say(self, conversation_id: str, text: str, author: str = "agent") -> None:
        """Something that nobody asked for: an agent, another process."""
        with self._database.separate_unit_of_work() as session:
            self.write(session, conversation_id, text, author=author)
        await self._outbox.deliver(conversation_id)

    def write(self, session: Any, conversation_id: str, text: str, inbox_id: str | None = None,
              author: str = "assistant") -> None:
        message = Message(
            id=new_id(), conversation_id=conversation_id, author=author, text=text,
            seq=next_seq(session, conversation_id),
            payload={"buttons": [{"title": "Yes", "payload": "button:abc"}], "custom": DECISION,
                     "commands": {"button:abc": "/affirm"}})
        session.add_all([message, Outbox(
            id=new_id(), conversation_id=conversation_id, channel="chat",
            message_id=message.id, inbox_id=inbox_id)])
        session.flush()


class Page:
    """A tab with the chat open: keeps what it is told, by event."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self._client = client
        self.told: dict[str, list[Any]] = {
            name: [] for name in ("bot_uttered", "typing", "owner", "session_confirm")}
        self._rang = asyncio.Event()
        for name in self.told:
            client.on(name, self._hear(name))

    def _hear(self, name: str) -> Callable[[Any], Any]:
        async def hear(payload: Any) -> None:
            self.told[name].append(payload)
            self._rang.set()
        return hear

    @property
    def messages(self) -> list[Any]:
        return self.told["bot_uttered"]

    @property
    def connected(self) -> bool:
        return bool(self._client.connected)

    async def ask(self, event: str, payload: Any = None) -> Any:
        return await self._client.call(event, {} if payload is None else payload, timeout=10)

    async def say(self, text: Any, client_msg_id: Any = None, **more: Any) -> Any:
        named = new_id() if client_msg_id is None else client_msg_id
        return await self.ask("user_uttered",
                              {"client_msg_id": named, "message": text, **more})

    async def until(self, name: str, count: int, seconds: float = 10) -> list[Any]:
        """What was told by an event, once it was told that often."""
        async def wait() -> None:
            while len(self.told[name]) < count:
                self._rang.clear()
                await self._rang.wait()
        await asyncio.wait_for(wait(), seconds)
        return self.told[name]

    async def everything(self, last_seq: int = 0) -> list[Any]:
        """All messages after `last_seq`, in as many pages as it takes."""
        found: list[Any] = []
        while True:
            page = await self.ask("resume", {"last_seq": found[-1]["seq"] if found else last_seq})
            found += page["messages"]
            if not page["more"]:
                return found

    async def close(self) -> None:
        # One that polls would wait until its last poll is answered, and that is half a minute.
        await self._client.eio.disconnect(abort=self._client.transport() == "polling")


class Site:
    """A running site: `visitor()` is a browser of somebody new, `page()` a tab of theirs."""

    def __init__(self, url: str, service: ChatService, turns: ScriptedTurns,
                 stack: AsyncExitStack) -> None:
        self.url, self.service, self.turns, self._stack = url, service, turns, stack

    async def visitor(self, session: bool = True, **headers: str) -> httpx.AsyncClient:
        client = await self._stack.enter_async_context(httpx.AsyncClient(
            base_url=self.url, headers={"Origin": self.url, **headers}, timeout=10))
        if session:
            assert (await client.post("/chat/session")).status_code == 200
        return client

    async def page(self, visitor: httpx.AsyncClient | None = None, *, token: str | None = None,
                   transport: str = "websocket", origin: str | None = "own") -> Page:
        """Opens the chat, of somebody new unless told otherwise. Raises socketio's errors."""
        visitor = visitor or await self.visitor()
        headers = {}
        if origin is not None:
            headers["Origin"] = self.url if origin == "own" else origin
        if token is None and COOKIE in visitor.cookies:
            headers["Cookie"] = f"{COOKIE}={visitor.cookies[COOKIE]}"
        # Of its own headers the client sends none with a POST.
        http = await self._stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        page = Page(client)
        await client.connect(self.url, headers=headers, socketio_path="/chat/socket.io",
                             transports=[transport], auth={"token": token} if token else None)
        self._stack.push_async_callback(page.close)
        return page

    def conversations(self) -> list[str]:
        with self.service.database.unit_of_work() as session:
            return list(session.scalars(sa.select(Conversation.id)))


def can_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sanic rewrites its own methods when it starts, and cannot do so twice in one process."""
    if any(getattr(target, "__touched__", False) for target, _ in TouchUp._registry):
        monkeypatch.setattr(TouchUp, "run", lambda app: None)


def chat_service(folder: Path, database: Database | None = None) -> ChatService:
    """Everything behind the chat, on a database in `folder`."""
    if database is None:
        database = Database(f"sqlite:///{folder / 'chat.db'}")
        metadata.create_all(database.engine)
    inbox, outbox = InboxService(database), OutboxService(database)
    hours = WorkingHours.parse("24/7", zoneinfo.ZoneInfo("Asia/Shanghai"))
    contact = Contact(hours, "00-86-755-36962403", "support@example.com", "sales@example.com")
    return ChatService(
        database=database, inbox=inbox, outbox=outbox, contact=contact,
        turns=ScriptedTurns(database, inbox, outbox), visitors=Visitors(database),
        attachments=Attachments(database, folder / "attachments"), feedback=Feedback(database),
        assets=Assets(folder / "built"))


@asynccontextmanager
async def running(folder: Path, limits: Limits | None = None,
                  demo: list[dict[str, Any]] | None = None, port: int = 0,
                  database: Database | None = None, **changes: Any) -> AsyncIterator[Site]:
    """A site that serves on 127.0.0.1; `changes` are fields of its `ChatService`."""
    service = replace(chat_service(folder, database), **changes)
    turns = service.turns
    assert isinstance(turns, ScriptedTurns)
    app = Sanic(next(_names))
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 1.0
    add_chat(app, service, limits)
    app.blueprint(shop_blueprint(service.contact, lambda: DEMO if demo is None else demo))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    async with AsyncExitStack() as stack:
        try:
            yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", service, turns, stack)
        finally:
            turns.go_on.set()
            # First the clients: one that polls a server that is gone waits for half a minute.
            await stack.aclose()
            await server.before_stop()
            await server.close()
            if database is None:
                service.database.dispose()
