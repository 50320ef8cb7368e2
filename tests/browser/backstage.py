"""What happens to a conversation while its customer does not look."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import socketio
import sqlalchemy as sa

from bot.engine.inbox import next_seq
from bot.store.database import Database
from bot.store.tables import Message, TrackerEvent
from tests.conversation.server import Server


def agent_says(server: Server, texts: list[str], mark: str, **payload: Any) -> None:
    """Puts messages of a person into the conversation in which the customer wrote `mark`."""
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        conversation = session.scalar(sa.select(Message.conversation_id).where(
            Message.text == mark, Message.author == "customer"))
        assert conversation is not None
        for text in texts:
            session.add(Message(
                conversation_id=conversation, seq=next_seq(session, conversation), author="agent",
                text=text, payload={"name": "Mei", **payload}))
            session.flush()


def stored(server: Server, mark: str) -> list[tuple[str, str]]:
    """Author and text of every message of the conversation in which `mark` was written."""
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        conversation = session.scalar(sa.select(Message.conversation_id).where(
            Message.text == mark, Message.author == "customer"))
        rows = session.execute(sa.select(Message.author, Message.text).where(
            Message.conversation_id == conversation).order_by(Message.seq)).all()
        return [(author, text) for author, text in rows]


def apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Runs something asynchronous beside Playwright, which has an event loop of its own."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work()))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert found, "it did not end"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def on_socket(server: Server, cookie: str, work: Callable[[Any], Coroutine[Any, Any, Any]],
              origin: str | None = None, **auth: str) -> Any:
    """Connects as a page of the visitor with that cookie would, and does `work` on the socket."""

    async def connected() -> Any:
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(
            server.url, socketio_path="/chat/socket.io", transports=["websocket"], auth=auth,
            headers={"Origin": origin or server.url, "Cookie": f"chat_visitor={cookie}"})
        try:
            return await work(client)
        finally:
            await client.disconnect()

    return apart(connected)


def conversation_with(server: Server, mark: str) -> str:
    """The id of the conversation in which the customer wrote `mark`."""
    database = Database(f"sqlite:///{server.database}")
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with database.unit_of_work() as session:
            found = session.scalar(sa.select(Message.conversation_id).where(
                Message.text == mark, Message.author == "customer"))
        if found is not None:
            return str(found)
        time.sleep(0.1)
    raise AssertionError(f"nobody wrote {mark!r}")


def an_hour_passes(server: Server, conversation_id: str) -> None:
    """Puts everything that Rasa remembers of a conversation 61 minutes into the past."""
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        for event in session.scalars(sa.select(TrackerEvent).where(
                TrackerEvent.conversation_id == conversation_id)):
            data = json.loads(event.data)
            event.timestamp -= 61 * 60
            event.data = json.dumps({**data, "timestamp": event.timestamp})
