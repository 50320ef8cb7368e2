"""Tells the desk's pages what changed: soon after each commit, at most four times a second.

The ring of a commit comes from any thread. What another process committed is found by looking
once a second, so a lost ring costs no more than that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import socketio
import yaml

from bot.desk.news import News, Watcher
from bot.engine.bells import ring
from bot.services.desk.rows import Row
from bot.services.service_levels import Late
from bot.services.waiting import EMERGENCY
from bot.store.changes import Changed
from bot.store.database import Database

logger = logging.getLogger(__name__)

#: Seconds between two tellings, and between two looks for what nobody rang for.
PAUSE, LOOK = 0.25, 1.0
_TEXTS: dict[str, str] = yaml.safe_load(
    Path(__file__).with_name("texts.yml").read_text(encoding="utf-8"))


@dataclass
class Seat:
    """A page of an agent that is connected here. `session` names its session.

    An agent may have several: what others see of the agent is what any of their pages does.
    """

    agent_id: str
    name: str
    session: str
    #: The conversations that the page shows, and in which a reply is being written on it.
    viewing: str | None = None
    typing: str | None = None


def view_room(conversation_id: str) -> str:
    """The room of those who look at a conversation."""
    return f"view:{conversation_id}"


def agent_room(staff_id: str) -> str:
    """The room of an agent's pages."""
    return f"agent:{staff_id}"


class Hub:
    """Knows the pages that are connected here, and tells them."""

    def __init__(self, server: socketio.AsyncServer, database: Database,
                 watcher: Watcher) -> None:
        self._server, self._database, self._watcher = server, database, watcher
        self.seats: dict[str, Seat] = {}
        self._pending = Changed()
        self._bell: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = contextlib.ExitStack()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to listen, in the running loop."""
        loop = asyncio.get_running_loop()
        self._loop, self._bell = loop, asyncio.Event()

        def note(changed: Changed) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
                loop.call_soon_threadsafe(self._note, changed)

        self._stack.enter_context(self._database.changes.listening(note))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends listening."""
        self._stack.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def alert(self, staff_id: str, kind: str, conversation_id: str, who: str = "") -> None:
        """Alerts an agent, in whatever process their pages are."""
        await self._emit("alert", _alert(kind, conversation_id, who), agent_room(staff_id))

    async def alert_late(self, staff_id: str, late: Late) -> None:
        """Alerts an agent of a reply that is nearly or really too late."""
        what = f"ticket {late.ticket_number}" if late.ticket_number else _TEXTS["somebody"]
        await self._emit("alert", {
            "kind": "sla", "conversation_id": late.conversation_id,
            "text": _TEXTS[f"sla_{late.state}"].format(who=what)}, agent_room(staff_id))

    async def alert_all(self, kind: str, conversation_id: str, who: str = "") -> None:
        """Alerts all agents who are connected here."""
        for agent_id in {seat.agent_id for seat in self.seats.values()}:
            await self._emit("alert", _alert(kind, conversation_id, who), agent_room(agent_id),
                             here=True)

    async def customer_typing(self, conversation_id: str, on: bool) -> None:
        """Tells viewers that the customer is writing."""
        await self._emit("user_typing", {"conversation_id": conversation_id, "on": on},
                         view_room(conversation_id))

    def look_at(self, conversation_id: str) -> None:
        """Somebody opened a conversation."""
        self._watcher.looked(conversation_id)

    def viewers(self, conversation_id: str) -> list[dict[str, Any]]:
        """Who looks at a conversation on a page here, each agent once: `{id, name, typing}`."""
        return [{"id": agent_id, "name": name, "typing": self.types(agent_id, conversation_id)}
                for agent_id, name in {seat.agent_id: seat.name for seat in self.seats.values()
                                       if seat.viewing == conversation_id}.items()]

    def _with_pages_here(self, conversation_id: str, stored: list[dict[str, Any]]
                         ) -> list[dict[str, Any]]:
        """Viewers as the database knows them, which is one page of each agent and no typing."""
        here = self.viewers(conversation_id)
        known = {each["id"] for each in here}
        return [*here, *(each for each in stored if each["id"] not in known)]

    def types(self, agent_id: str, conversation_id: str) -> bool:
        """Whether an agent writes a reply in a conversation, on any page here."""
        return any(seat.agent_id == agent_id and seat.typing == conversation_id
                   for seat in self.seats.values())

    def shows(self, agent_id: str) -> str | None:
        """A conversation that a page of an agent shows here; None if none does."""
        return next((seat.viewing for seat in reversed(self.seats.values())
                     if seat.agent_id == agent_id and seat.viewing), None)

    def viewers_changed(self, *conversations: str | None) -> None:
        """Somebody opened or left these conversations."""
        self._note(Changed(frozenset(each for each in conversations if each)))

    def _note(self, changed: Changed) -> None:
        before = self._pending
        self._pending = Changed(before.conversations | changed.conversations,
                                before.messages | changed.messages,
                                before.presence or changed.presence)
        if self._bell is not None:
            self._bell.set()

    async def _run(self) -> None:
        assert self._bell is not None
        while True:
            await ring(self._bell, LOOK)
            self._bell.clear()
            try:
                await self._tell()
            except Exception:
                logger.exception("the desk's pages were not told; they will be")
            await asyncio.sleep(PAUSE)

    async def _tell(self) -> None:
        changed, self._pending = self._pending, Changed()
        if not self.seats:
            return
        agents = {seat.agent_id for seat in self.seats.values()}
        viewed = {seat.viewing for seat in self.seats.values() if seat.viewing}
        try:
            found = await asyncio.to_thread(self._watcher.differing)
            changed = replace(changed, conversations=changed.conversations | found)
            if not changed.conversations:
                return
            news = await asyncio.to_thread(self._watcher.news, changed, agents, viewed)
        except BaseException:
            self._note(changed)
            raise
        await self._spread(news)

    async def _spread(self, news: News) -> None:
        for agent_id, payload in news.changed.items():
            if payload["rows"]:
                await self._emit("changed", payload, agent_room(agent_id), here=True)
            if news.gone:
                await self._emit("gone", {"ids": news.gone}, agent_room(agent_id), here=True)
        for conversation_id, event, payload in news.viewed:
            if event == "viewers":
                payload = {**payload, "viewers": self._with_pages_here(conversation_id,
                                                                       payload["viewers"])}
            await self._emit(event, payload, view_room(conversation_id), here=True)
        for row in news.arrived:
            if row["reason"] == EMERGENCY:
                await self.alert_all("emergency", row["id"], called(row))
                continue
            for agent_id in news.fitting.get(row["id"], ()):
                await self._emit("alert", _alert("waiting", row["id"], called(row)),
                                 agent_room(agent_id), here=True)

    async def _emit(self, event: str, payload: dict[str, Any], room: str, *,
                    here: bool = False) -> None:
        """`here`: to this process's pages alone, since each process finds it for itself."""
        try:
            await self._server.emit(event, payload, room=room, ignore_queue=here)
        except Exception:
            logger.exception("a page was not told; it will ask")


def _alert(kind: str, conversation_id: str, who: str) -> dict[str, str]:
    return {"kind": kind, "conversation_id": conversation_id,
            "text": _TEXTS[kind].format(who=who or _TEXTS["somebody"])}


def called(row: Row | None) -> str:
    """What a conversation's customer is called; empty for one nobody knows."""
    return (row["customer"]["name"] or row["customer"]["email"] or "") if row else ""
