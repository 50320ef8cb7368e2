"""The site chat and the demo shop, over real HTTP, with scripted turns for an assistant."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import re
import socket
import time
import zoneinfo
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from itsdangerous import TimestampSigner
from sanic import Sanic
from sanic.touchup.service import TouchUp

from bot.channels import chat
from bot.channels.chat import COOKIE, Limits, chat_blueprint
from bot.channels.shop import WEB, shop_blueprint
from bot.engine.inbox import InboxService, next_seq
from bot.engine.outbox import OutboxService
from bot.errors import StoreError
from bot.services.contact import Contact
from bot.services.hours import WorkingHours
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, Outbox, metadata, new_id

pytestmark = pytest.mark.asyncio

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
        while inbox_id := self._inbox.oldest_waiting(conversation_id):
            with self._database.separate_unit_of_work() as session:
                row = session.get(Inbox, inbox_id)
                row.state = "answered"
                self.say(session, conversation_id, f"You said: {row.heard}", inbox_id)
        await self._outbox.deliver(conversation_id)

    def say(self, session: Any, conversation_id: str, text: str, inbox_id: str | None = None,
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


class Site:
    """A running site: `visitor()` is a browser of somebody new."""

    def __init__(self, url: str, service: SimpleNamespace, stack: AsyncExitStack) -> None:
        self.url, self.service, self._stack = url, service, stack

    async def visitor(self, session: bool = True, **headers: str) -> httpx.AsyncClient:
        client = await self._stack.enter_async_context(httpx.AsyncClient(
            base_url=self.url, headers={"Origin": self.url, **headers}, timeout=10))
        if session:
            assert (await client.post("/chat/session")).status_code == 200
        return client

    def conversations(self) -> list[str]:
        with self.service.database.unit_of_work() as session:
            return list(session.scalars(sa.select(Conversation.id)))


Start = Callable[..., Any]


@pytest_asyncio.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    # Sanic rewrites its own methods when it starts, and cannot do so twice in one process.
    if any(getattr(target, "__touched__", False) for target, _ in TouchUp._registry):
        monkeypatch.setattr(TouchUp, "run", lambda app: None)
    async with AsyncExitStack() as stack:
        async def _start(limits: Limits | None = None, demo: list[dict[str, Any]] = DEMO) -> Site:
            return await stack.enter_async_context(_running(tmp_path, stack, limits, demo))
        yield _start


@pytest_asyncio.fixture
async def site(start: Start) -> Site:
    return await start()


@asynccontextmanager
async def _running(folder: Path, stack: AsyncExitStack, limits: Limits | None,
                   demo: list[dict[str, Any]]) -> AsyncIterator[Site]:
    database = Database(f"sqlite:///{folder / 'chat.db'}")
    metadata.create_all(database.engine)
    inbox, outbox = InboxService(database), OutboxService(database)
    hours = WorkingHours.parse("24/7", zoneinfo.ZoneInfo("Asia/Shanghai"))
    contact = Contact(hours, "00-86-755-36962403", "support@example.com", "sales@example.com")
    service = SimpleNamespace(
        database=database, inbox=inbox, outbox=outbox, contact=contact, secret_key="s3cret",
        turns=ScriptedTurns(database, inbox, outbox))
    app = Sanic(next(_names))
    app.blueprint(chat_blueprint(service, limits))
    app.blueprint(shop_blueprint(contact, lambda: demo))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    try:
        yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", service, stack)
    finally:
        service.turns.go_on.set()
        await server.before_stop()
        await server.close()
        database.dispose()


async def say(client: httpx.AsyncClient, text: Any, client_msg_id: Any = None) -> httpx.Response:
    return await client.post("/chat/messages", json={
        "client_msg_id": new_id() if client_msg_id is None else client_msg_id, "text": text})


async def poll(client: httpx.AsyncClient, after: int = 0, wait: int = 0,
               **more: Any) -> dict[str, Any]:
    answer = await client.get("/chat/messages", params={"after": after, "wait": wait, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def said_until(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """All messages, once there are at least `count`."""
    got: list[dict[str, Any]] = []
    while len(got) < count:
        got += (await poll(client, got[-1]["seq"] if got else 0, wait=5))["messages"]
    return got


# ---------------------------------------------------------------- the session


async def test_a_session_is_a_signed_cookie_that_no_script_can_read(site: Site) -> None:
    client = await site.visitor(session=False)
    answer = await client.post("/chat/session")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert "secure" not in cookie  # this is plain http
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["open_now"] is True
    assert answer.json()["phone"] == "00-86-755-36962403"


async def test_the_conversation_id_is_never_told(site: Site) -> None:
    client = await site.visitor()
    sent = await say(client, "hello")
    await said_until(client, 2)
    page = await client.get("/chat/messages")
    again = await client.post("/chat/session")
    [conversation_id] = site.conversations()
    assert conversation_id.startswith("web-")
    assert not any(conversation_id in answer.text for answer in (sent, page, again))


async def test_a_second_visit_keeps_the_conversation(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    first = await said_until(client, 2)
    await client.post("/chat/session")
    assert (await poll(client))["messages"] == first


async def test_a_fresh_conversation_leaves_the_old_one_behind(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    await said_until(client, 2)
    before = await poll(client)
    await client.post("/chat/session", json={"fresh": True})
    after = await poll(client)
    assert after["messages"] == [] and after["thread"] != before["thread"]


async def test_a_tab_left_in_the_old_conversation_hears_of_the_new_one_at_once(site: Site) -> None:
    client = await site.visitor()
    old = (await poll(client))["thread"]
    await client.post("/chat/session", json={"fresh": True})
    seen = await asyncio.wait_for(poll(client, wait=5, thread=old), 1)
    assert seen["thread"] != old


@pytest.mark.parametrize("forge", [
    lambda cookie: "",
    lambda cookie: "web-guess",
    # Not the very last one: some of its bits mean nothing.
    lambda cookie: cookie[:-5] + ("A" if cookie[-5] != "A" else "B") + cookie[-4:],
    lambda cookie: "x" + cookie[1:],
])
async def test_a_forged_cookie_is_nobody(site: Site, forge: Callable[[str], str]) -> None:
    cookie = (await site.visitor()).cookies[COOKIE]
    thief = await site.visitor(session=False)
    thief.cookies.set(COOKIE, forge(cookie))
    assert (await thief.get("/chat/messages")).status_code == 401
    assert (await say(thief, "hello")).status_code == 401
    assert site.conversations() == []


async def test_a_cookie_signed_with_another_key_is_nobody(site: Site) -> None:
    thief = await site.visitor(session=False)
    forged = TimestampSigner("another key", salt="chat-visitor").sign("web-1").decode()
    thief.cookies.set(COOKIE, forged)
    assert (await thief.get("/chat/messages")).status_code == 401


async def test_a_visitor_only_ever_sees_their_own_conversation(site: Site) -> None:
    ann, bob = await site.visitor(), await site.visitor()
    await say(ann, "ann's order", "same-id")
    await say(bob, "bob's order", "same-id")
    ann_sees, bob_sees = await said_until(ann, 2), await said_until(bob, 2)
    assert [m["text"] for m in ann_sees] == ["ann's order", "You said: ann's order"]
    assert [m["text"] for m in bob_sees] == ["bob's order", "You said: bob's order"]


async def test_another_visitors_message_does_not_end_my_wait(site: Site) -> None:
    ann, bob = await site.visitor(), await site.visitor()
    waiting = asyncio.create_task(poll(ann, wait=1))
    await asyncio.sleep(0.1)
    await say(bob, "hello")
    assert (await waiting)["messages"] == []


# ---------------------------------------------------------------- messages in


async def test_a_message_is_committed_and_acknowledged_before_it_is_answered(site: Site) -> None:
    site.service.turns.go_on.clear()
    client = await site.visitor()
    answer = await say(client, "hello", "m-1")
    assert (answer.status_code, answer.json()) == (202, {"seq": 1})
    seen = await poll(client)
    assert [(m["author"], m["text"], m["client_msg_id"]) for m in seen["messages"]] == [
        ("customer", "hello", "m-1")]
    assert seen["typing"] is True
    site.service.turns.go_on.set()
    reply = (await poll(client, after=1, wait=5))["messages"][0]
    assert (reply["author"], reply["seq"]) == ("assistant", 2)
    assert dt.datetime.fromisoformat(reply["sent_at"]).tzinfo is not None
    assert (await poll(client, after=2))["typing"] is False


async def test_the_same_message_sent_twice_is_one(site: Site) -> None:
    client = await site.visitor()
    answers = await asyncio.gather(*(say(client, "hello", "m-1") for _ in range(5)))
    assert {answer.json()["seq"] for answer in answers} == {1}
    await said_until(client, 2)
    await asyncio.sleep(0.1)
    assert len((await poll(client))["messages"]) == 2


async def test_a_button_is_sent_by_its_payload_and_shown_by_its_title(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    button = (await said_until(client, 2))[1]["buttons"][0]
    assert button == {"title": "Yes", "payload": "button:abc"}
    await say(client, button["payload"])
    shown = (await said_until(client, 4))[2:]
    assert [m["text"] for m in shown] == ["Yes", "You said: /affirm"]


async def test_somebody_elses_button_means_nothing(site: Site) -> None:
    ann, bob = await site.visitor(), await site.visitor()
    await say(ann, "hello")
    await said_until(ann, 2)
    await say(bob, "button:abc")
    assert (await said_until(bob, 2))[1]["text"] == "You said: button:abc"


async def test_what_buttons_mean_to_the_assistant_never_leaves(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    await said_until(client, 2)
    text = (await client.get("/chat/messages")).text
    assert "commands" not in text and "/affirm" not in text
    assert "guarantee" in text or str(DECISION["outcome"]) in text


async def test_a_note_between_agents_is_not_for_the_customer(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    await said_until(client, 2)
    [conversation_id] = site.conversations()
    with site.service.database.unit_of_work() as session:
        site.service.turns.say(session, conversation_id, "difficult customer", author="note")
    assert "difficult" not in (await client.get("/chat/messages")).text


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b"\xff\xfe", 400),
    (b"[" * 50_000, 400),
    (b'{"text": "hi"}', 400),
    (b'{"text": "hi", "client_msg_id": ""}', 400),
    (b'{"text": "hi", "client_msg_id": {"a": 1}}', 400),
    (b'{"text": "hi", "client_msg_id": "\\ud800"}', 400),
    (b'{"text": "   ", "client_msg_id": "1"}', 400),
    (b'{"text": 7, "client_msg_id": "1"}', 400),
    (b'{"client_msg_id": "1"}', 400),
    (b'{"text": "' + b"a" * 4001 + b'", "client_msg_id": "1"}', 413),
    (b'{"text": "' + b"a" * 70_000 + b'", "client_msg_id": "1"}', 413),
])
async def test_bad_input_is_refused_with_a_sentence(site: Site, body: bytes, status: int) -> None:
    client = await site.visitor()
    answer = await client.post("/chat/messages", content=body)
    assert answer.status_code == status
    assert re.fullmatch(r"[A-Z].+\.", answer.json()["error"])
    assert site.conversations() == []


async def test_the_longest_message_gets_through_however_it_is_escaped(site: Site) -> None:
    client = await site.visitor()
    body = b'{"client_msg_id": "1", "text": "' + b"\\ud83d\\ude00" * 4000 + b'"}'
    assert (await client.post("/chat/messages", content=body)).status_code == 202


@pytest.mark.parametrize("query", [
    "after=-1", "after=x", "after=1e3", "wait=-5", "wait=abc", "after=99999999999999999999",
    "after=%D9%A1"])
async def test_a_bad_poll_is_refused(site: Site, query: str) -> None:
    answer = await (await site.visitor()).get(f"/chat/messages?{query}")
    assert answer.status_code == 400 and answer.json()["error"]


async def test_too_many_messages_in_a_conversation(start: Start) -> None:
    site = await start(Limits(per_conversation=3))
    ann, bob = await site.visitor(), await site.visitor()
    answers = [await say(ann, f"message {n}") for n in range(4)]
    assert [a.status_code for a in answers] == [202, 202, 202, 429]
    assert answers[-1].json()["error"] and 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (await say(bob, "hello")).status_code == 202


async def test_too_many_messages_from_an_address(start: Start) -> None:
    site = await start(Limits(per_conversation=30, per_address=2))
    answers = [await say(await site.visitor(), "hello") for _ in range(3)]
    assert [a.status_code for a in answers] == [202, 202, 429]


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"},
    {"Origin": "", "Sec-Fetch-Site": "same-origin"},
])
async def test_another_sites_page_cannot_write(site: Site, headers: dict[str, str]) -> None:
    client = await site.visitor()
    client.headers.update(headers)
    assert (await say(client, "hello")).status_code == 403
    assert (await client.post("/chat/session")).status_code == 403
    assert site.conversations() == []


async def test_a_post_that_names_no_origin(site: Site) -> None:
    client = await site.visitor()
    del client.headers["Origin"]
    assert (await say(client, "hello")).status_code == 403
    client.headers["Sec-Fetch-Site"] = "same-origin"
    assert (await say(client, "hello")).status_code == 202


async def test_a_turn_that_fails_is_logged_and_the_message_kept(
        site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.service.turns.fails = True
    client = await site.visitor()
    assert (await say(client, "hello")).status_code == 202
    await asyncio.sleep(0.1)
    assert "was not answered" in caplog.text
    assert [m["text"] for m in (await poll(client))["messages"]] == ["hello"]


async def test_a_database_that_cannot_be_written_is_said_plainly(
        site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StoreError("disk full at /var/secret")
    monkeypatch.setattr(site.service.inbox, "accept", full)
    answer = await say(await site.visitor(), "hello")
    assert answer.status_code == 503
    assert "secret" not in answer.text and answer.json()["error"].endswith("try again.")


# ---------------------------------------------------------------- the long poll


async def test_a_poll_waits_and_is_woken(site: Site) -> None:
    client = await site.visitor()
    waiting = asyncio.create_task(poll(client, wait=5))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    began = time.monotonic()
    await say(client, "hello")
    assert (await waiting)["messages"][0]["text"] == "hello"
    assert time.monotonic() - began < 1


async def test_a_poll_ends_empty_when_nothing_happens(site: Site) -> None:
    client = await site.visitor()
    began = time.monotonic()
    assert (await poll(client, wait=1))["messages"] == []
    assert 0.9 < time.monotonic() - began < 3


async def test_a_message_written_elsewhere_is_found_without_the_bell(
        site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "LOOK_AGAIN", 0.1)
    client = await site.visitor()
    await say(client, "hello")
    await said_until(client, 2)
    waiting = asyncio.create_task(poll(client, after=2, wait=5))
    await asyncio.sleep(0.2)
    [conversation_id] = site.conversations()
    with site.service.database.unit_of_work() as session:
        site.service.turns.say(session, conversation_id, "It is Mia here.", author="agent")
    assert [m["author"] for m in (await waiting)["messages"]] == ["agent"]


async def test_the_end_of_typing_is_told_even_without_a_reply(site: Site) -> None:
    turns = site.service.turns
    turns.go_on.clear()
    client = await site.visitor()
    await say(client, "hello")
    waiting = asyncio.create_task(poll(client, after=1, wait=5, typing=1))
    await asyncio.sleep(0.1)
    with site.service.database.unit_of_work() as session:
        session.execute(sa.update(Inbox).values(state="answered"))
    turns.go_on.set()
    assert (await asyncio.wait_for(waiting, 2))["typing"] is False
    # A page that still shows it, because it was away when it ended, hears of it at once.
    assert (await asyncio.wait_for(poll(client, after=1, wait=5, typing=1), 1))["typing"] is False


async def test_nobody_types_while_a_person_has_the_conversation(site: Site) -> None:
    site.service.turns.go_on.clear()
    client = await site.visitor()
    await say(client, "hello")
    with site.service.database.unit_of_work() as session:
        session.execute(sa.update(Conversation).values(owner="agent"))
    seen = await poll(client)
    assert (seen["typing"], seen["owner"]) == (False, "agent")


async def test_every_tab_hears_of_a_message(site: Site) -> None:
    client = await site.visitor()
    tabs = [asyncio.create_task(poll(client, wait=5)) for _ in range(5)]
    await asyncio.sleep(0.2)
    await say(client, "hello")
    for seen in await asyncio.wait_for(asyncio.gather(*tabs), 2):
        assert seen["messages"][0]["text"] == "hello"


async def test_more_tabs_than_may_wait_are_answered_at_once(site: Site) -> None:
    client = await site.visitor()
    tabs = [asyncio.create_task(poll(client, wait=3)) for _ in range(chat.MAX_WAITING)]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await poll(client, wait=3)
    assert time.monotonic() - began < 1
    assert not any(tab.done() for tab in tabs)
    await asyncio.gather(*tabs)


async def test_a_long_conversation_comes_in_pages_without_gap_or_double(site: Site) -> None:
    client = await site.visitor()
    await say(client, "hello")
    await said_until(client, 2)
    [conversation_id] = site.conversations()
    with site.service.database.unit_of_work() as session:
        for number in range(chat.PAGE + 20):
            site.service.turns.say(session, conversation_id, f"line {number}", author="agent")
    seqs = [m["seq"] for m in await said_until(client, chat.PAGE + 22)]
    assert seqs == list(range(1, chat.PAGE + 23))


async def test_stopping_the_server_does_not_wait_for_polls() -> None:
    bell = chat.Bell()
    with bell.listen("web-1") as rung:
        bell.close()
        assert rung.is_set() and bell.crowded("web-1")


# ---------------------------------------------------------------- the shop's pages


async def test_the_shop_page_is_protected(site: Site) -> None:
    answer = await (await site.visitor(session=False)).get("/")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200 and "Contact Us" in answer.text
    assert "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]


async def test_everything_the_page_names_is_there_and_ours(site: Site) -> None:
    client = await site.visitor(session=False)
    page = (await client.get("/")).text
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
    assert named and not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for file in WEB.glob("*.js"):
        named += [f"/assets/{name}" for name in
                  re.findall(r'from "\./([^"]+)"', file.read_text("utf-8"))]
    for path in set(named):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_texts_never_become_markup() -> None:
    for file in WEB.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(",
                             file.read_text("utf-8")), file.name


@pytest.mark.parametrize("path", ["../../settings.py", "..%2f..%2fsettings.py", "nothing.js"])
async def test_only_the_pages_own_files_are_served(site: Site, path: str) -> None:
    answer = await (await site.visitor(session=False)).get(f"/assets/{path}")
    assert answer.status_code == 404


async def test_the_demo_orders_and_contact_ways(site: Site) -> None:
    client = await site.visitor(session=False)
    assert (await client.get("/demo/orders")).json() == DEMO
    assert (await client.get("/demo/contact")).json()["email"] == "support@example.com"
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_no_demo_orders_when_the_demo_is_off(start: Start) -> None:
    site = await start(demo=[])
    assert (await (await site.visitor(session=False)).get("/demo/orders")).json() == []
