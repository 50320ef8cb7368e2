"""A running support centre for tests: real Sanic, real services, a scripted reader for Rasa."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import socket
import zoneinfo
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sanic import Sanic

from bot.channels.chat.pages import pages_blueprint
from bot.channels.support import SupportLimits, SupportService, add_support
from bot.engine.outbox import OutboxService
from bot.engine.responses import Responses
from bot.http.assets import Assets
from bot.policy import load_terms
from bot.services.attachments import Attachments
from bot.services.claims import Claims
from bot.services.contact import Contact
from bot.services.handoff import Handoffs
from bot.services.heard import Heard
from bot.services.hours import WorkingHours
from bot.services.intake import Intake
from bot.services.mail_out import OutgoingMails
from bot.services.orders import Orders
from bot.services.ownership import Ownership
from bot.services.support import Support
from bot.services.symptoms import Symptoms
from bot.services.ticket_answers import TicketAnswers
from bot.services.ticket_life import TicketLife
from bot.services.ticket_links import TicketLinks
from bot.services.ticket_pages import TicketPages
from bot.services.tickets import Tickets
from bot.services.written_claims import WrittenClaims
from bot.store.database import Database
from bot.store.tables import MailOut

_names = (f"support_{number}" for number in itertools.count())
STEPS = "Let's try what is safe first:\n1. Check mute.\nDid that fix it?"


class ScriptedReader:
    """Hears a fault in "no sound", a hazard in "smoke", German in "Ton"."""

    async def read(self, text: str) -> Heard:
        fault = 0.9 if "sound" in text or "Ton" in text else 0.0
        return Heard(
            text, intents={"claim": fault, "presale": 0.1},
            labels={"claim/no_sound": fault, "emergency/smoke": 0.9 if "smoke" in text else 0.0},
            hazard=0.9 if "smoke" in text else 0.0, language="de" if "Ton" in text else "en")


class Customer:
    """A browser: keeps cookies, fills forms in as they were served."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def writes(self, page: str = "", files: Any = (), **typed: str) -> httpx.Response:
        """Fills in the form for a new ticket; `page` is one that was served before."""
        page = page or (await self.client.get("/support")).text
        form = {"csrf": field(page, "csrf"), "form": field(page, "form"), "queue": "support",
                "details": "There is no sound any more.", "email": "ann@example.com",
                "order_number": "", "verification": "", "leave_empty": "", **typed}
        return await self.client.post("/support", data=form,
                                      files=list(files) or [("photos", ("", b""))])

    async def answers(self, at: str, text: str, files: Any = (), form: str | None = None
                      ) -> httpx.Response:
        page = (await self.client.get(at)).text
        return await self.client.post(
            f"{at}/answer", data={"csrf": field(page, "csrf"), "answer": text,
                                  "form": form or field(page, "form")},
            files=list(files) or [("photos", ("", b""))])

    async def presses(self, at: str, step: str, **typed: str) -> httpx.Response:
        page = (await self.client.get(at)).text
        return await self.client.post(f"{at}/{step}",
                                      data={"csrf": field(page, "csrf"), **typed})


class SupportSite:
    def __init__(self, url: str, service: SupportService, stack: AsyncExitStack) -> None:
        self.url, self.service, self._stack = url, service, stack

    async def customer(self, **headers: str) -> Customer:
        return Customer(await self._stack.enter_async_context(httpx.AsyncClient(
            base_url=self.url, follow_redirects=True, timeout=10, headers=headers)))

    def mails(self) -> list[MailOut]:
        with self.service.database.unit_of_work() as session:
            return list(session.scalars(sa.select(MailOut).order_by(MailOut.created_at)))

    def links(self, to: str) -> list[str]:
        """The paths of the links that an address was sent, oldest first."""
        return [re.sub(r"^https?://[^/]+|\?.*$", "", mail.body["link"])
                for mail in self.mails() if mail.recipient == to]


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page[:500]
    return found[1]


def words(page: str) -> str:
    """A page's text."""
    body = page.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def support_service(database: Database, folder: Path) -> SupportService:
    hours = WorkingHours.parse("24/7", zoneinfo.ZoneInfo("Asia/Shanghai"))
    tickets, orders = Tickets(database), Orders(database)
    claims = Claims(database, tickets, tuple(load_terms()))

    def similarity(text: str, others: Sequence[str]) -> Sequence[float]:
        return [0.0] * len(others)

    def today() -> dt.date:
        return dt.date(2026, 11, 23)

    intake = Intake(orders, claims, Handoffs(Ownership(database), tickets, hours, lambda: 0),
                    Symptoms(), similarity, today)
    return SupportService(
        database, OutboxService(database), ScriptedReader(), Responses({
            "utter_steps_no_sound": [{"text": STEPS}],
            "utter_safety_smoke": [{"text": "Safety first: get away from it."}]}),
        Support(database, orders, tickets, WrittenClaims(
            database, orders, claims, intake, similarity, today)),
        TicketAnswers(database, tickets, claims), TicketLife(database), TicketLinks(database),
        TicketPages(database), Attachments(database, folder / "files"),
        Contact(hours, "00-86-755-36962403", "support@example.com", "sales@example.com"),
        OutgoingMails(database, "example.com"), "https://service.example")


@asynccontextmanager
async def running(database: Database, folder: Path, limits: SupportLimits | None = None
                  ) -> AsyncIterator[SupportSite]:
    """A support centre that serves on 127.0.0.1."""
    service = support_service(database, folder)
    app = Sanic(next(_names))
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 1.0
    add_support(app, service, limits or SupportLimits(forms=500, tries=500, steps=500,
                                                      wrong_links=500, links=500))
    app.blueprint(pages_blueprint(service.contact, (), Assets(folder / "built")))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    async with AsyncExitStack() as stack:
        try:
            yield SupportSite(f"http://127.0.0.1:{listening.getsockname()[1]}", service, stack)
        finally:
            await stack.aclose()
            await server.before_stop()
            await server.close()
