"""Agents' work over HTTP and the socket: taking, answering, notes, files, search, canned texts."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import pytest_asyncio
import socketio

from bot.services.order_import import import_orders
from bot.store.database import Database
from bot.store.tables import Conversation, Order, Presence, utcnow
from tests.unit.chat_site import can_start_again
from tests.unit.desk_people import begin, said, write
from tests.unit.desk_site import DeskSite, put_on, running, services_on
from tests.unit.test_orders_import import file

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "00000005000146a5f6450000000049454e44ae426082")


@pytest_asyncio.fixture
async def site(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
               ) -> AsyncIterator[DeskSite]:
    can_start_again(monkeypatch)
    async with running(services_on(sqlite_database, tmp_path), put_on) as started:
        yield started


@pytest_asyncio.fixture
async def mai(site: DeskSite) -> httpx.AsyncClient:
    return await site.agent("mai@shop.example", "admin", name="Mai Li")


@pytest_asyncio.fixture
async def tom(site: DeskSite, mai: httpx.AsyncClient) -> httpx.AsyncClient:
    return await site.agent("tom@shop.example", "agent", name="Tom", languages=["de"])


def queue(site: DeskSite, *ids: str, reason: str = "requested", **values: Any) -> None:
    begin(site.services.database, *ids, **values)
    for id_ in ids:
        write(site.services.database, id_, f"I am {id_}")
        site.services.ownership.queue(id_, reason)


async def test_the_inbox_has_emergencies_on_top_and_counts(site: DeskSite, mai: httpx.AsyncClient
                                                           ) -> None:
    queue(site, "c1", "c2", language="en")
    queue(site, "smoke", reason="emergency", language="de")
    page = (await mai.get("/inbox?view=waiting")).json()
    assert [row["id"] for row in page["rows"]] == ["smoke", "c1", "c2"]
    assert page["counts"] == {"waiting": 3, "mine": 0, "emergencies": 1, "all": 3, "snoozed": 0}
    row = page["rows"][0]
    assert (row["emergency"], row["unanswered"], row["last"]["text"]) == (True, 1, "I am smoke")
    assert (await mai.get("/inbox?view=nothing")).status_code == 400
    assert (await mai.post("/queue/next")).json()["id"] == "smoke"
    assert [row["id"] for row in (await mai.get("/inbox?view=mine")).json()["rows"]] == ["smoke"]


async def test_a_row_shows_what_the_customer_wrote_and_not_that_they_wait(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    queue(site, "c")
    write(site.services.database, "c", "You are number 1 in the queue.", "assistant")

    async def row() -> dict[str, Any]:
        return dict((await mai.get("/inbox?view=all")).json()["rows"][0])

    assert (await row())["last"]["text"] == "I am c"
    assert (await row())["unanswered"] == 0
    write(site.services.database, "c", "Hello?")
    assert ((await row())["last"]["text"], (await row())["unanswered"]) == ("Hello?", 1)
    await mai.post("/conversations/c/reply", json={"client_msg_id": "1", "text": "Here"})
    assert ((await row())["last"]["text"], (await row())["unanswered"]) == ("Here", 0)
    await mai.post("/conversations/c/close")
    write(site.services.database, "c", "Anything else?", "assistant")
    assert (await row())["last"]["text"] == "Anything else?"


async def test_next_gives_what_fits_and_nothing_when_nobody_waits(
        site: DeskSite, tom: httpx.AsyncClient) -> None:
    queue(site, "english", language="en")
    queue(site, "german", language="de")
    assert [(await tom.post("/queue/next")).json()["id"] for _ in range(2)] == [
        "german", "english"]
    assert (await tom.post("/queue/next")).status_code == 204


async def test_of_two_agents_who_claim_the_loser_hears_who_won(
        site: DeskSite, mai: httpx.AsyncClient, tom: httpx.AsyncClient) -> None:
    queue(site, "c")
    answers = await asyncio.gather(*(each.post("/conversations/c/claim", json={})
                                     for each in (mai, tom)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    winner = next(each for each in answers if each.status_code == 200).json()["agent"]["name"]
    refused = next(each for each in answers if each.status_code == 409).json()["error"]
    assert (refused["code"], refused["by"]) == ("taken", winner)


async def test_a_reply_takes_the_conversation_and_the_same_one_is_written_once(
        site: DeskSite, mai: httpx.AsyncClient, tom: httpx.AsyncClient) -> None:
    queue(site, "c")
    body = {"client_msg_id": "m1", "text": "Hello <b>you</b>"}
    first = await mai.post("/conversations/c/reply", json=body)
    assert first.json() == (await mai.post("/conversations/c/reply", json=body)).json()
    assert said(site.services.database, "c")[1:] == [("agent", "Hello <b>you</b>")]
    assert (await tom.post("/conversations/c/reply", json=body)).status_code == 409
    for bad in ({"client_msg_id": "m2", "text": "  "}, {"text": "x"}, {**body, "more": 1},
                {"client_msg_id": "m\0", "text": "x"}):
        assert (await mai.post("/conversations/c/reply", json=bad)).status_code == 400
    assert (await mai.post("/conversations/nobody/reply", json=body)).status_code == 404


async def test_giving_away_putting_aside_and_handing_back(
        site: DeskSite, mai: httpx.AsyncClient, tom: httpx.AsyncClient) -> None:
    queue(site, "c")
    toms = (await tom.get("/me")).json()["id"]
    assert (await mai.post("/conversations/c/transfer", json={"to": toms})).status_code == 409
    await mai.post("/conversations/c/claim", json={})
    row = (await mai.post("/conversations/c/transfer", json={"to": toms, "note": "yours"})).json()
    assert row["agent"] == {"id": toms, "name": "Tom"}
    later = (utcnow() + dt.timedelta(hours=1)).isoformat()
    assert (await mai.post("/conversations/c/snooze", json={"until": later})).status_code == 409
    await tom.post("/conversations/c/snooze", json={"until": later})
    assert [row["id"] for row in (await tom.get("/inbox?view=snoozed")).json()["rows"]] == ["c"]
    assert (await tom.post("/conversations/c/snooze", json={"until": "2020-01-01T00:00:00Z"})
            ).status_code == 409
    await tom.put("/conversations/c/tags", json={"tags": ["vip", " vip ", "radio"]})
    row = (await tom.post("/conversations/c/requeue")).json()
    assert (row["owner"], row["tags"]) == ("queued", ["radio", "vip"])
    assert (await mai.post("/conversations/c/hand-back")).json()["owner"] == "bot"
    shown = (await mai.get("/conversations/c")).json()
    assert [each["owner"] for each in shown["happenings"]] == [
        "queued", "agent", "agent", "queued", "bot"]
    assert [note["body"] for note in shown["notes"]] == ["yours"]
    assert shown["messages"][-1]["author"] == "assistant"


async def test_a_customer_is_known_by_their_order_across_channels(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    services = site.services
    import_orders(services.database, file({}))
    order = services.orders.verify("old", "CG2026-004512", ["ann@example.com"])
    assert order is not None
    begin(services.database, "old", channel="email", customer_email="Ann@example.com")
    queue(site, "new", "other")
    services.conversations.proved("new", order.order_id)
    shown = (await mai.get("/conversations/new")).json()
    assert [row["id"] for row in shown["earlier"]] == ["old"]
    assert shown["row"]["customer"] == {"name": "Ann Bell", "email": "ann@example.com"}
    assert shown["order"]["items"][0]["guarantee_ends"]
    found = (await mai.get("/search", params={"q": "cg2026004512"})).json()
    assert found["orders"][0]["order_number"] == "CG2026-004512"
    assert [each["row"]["id"] for each in found["conversations"]] == ["new"]
    found = (await mai.get("/search", params={"q": "i am oth"})).json()
    assert [each["row"]["id"] for each in found["conversations"]] == ["other"]
    assert (await mai.get("/search", params={"q": "100%_"})).json()["conversations"] == []


async def test_merging_takes_a_conversation_out_of_the_inbox_until_its_customer_needs_somebody(
        site: DeskSite, mai: httpx.AsyncClient, tom: httpx.AsyncClient) -> None:
    queue(site, "a", "b")
    assert (await tom.post("/conversations/a/merge", json={"into": "b"})).status_code == 403
    assert (await mai.post("/conversations/a/merge", json={"into": "a"})).status_code == 409
    unsure = await mai.post("/conversations/a/merge", json={"into": "b"})
    assert (unsure.status_code, unsure.json()["error"]["code"]) == (409, "unsure")
    merged = await mai.post("/conversations/a/merge", json={"into": "b", "sure": True})
    assert merged.json()["id"] == "b"
    assert [row["id"] for row in (await mai.get("/inbox?view=all")).json()["rows"]] == ["b"]
    assert [row["id"] for row in (await mai.get("/conversations/b")).json()["earlier"]] == ["a"]
    site.services.ownership.queue("a", "requested")
    assert len((await mai.get("/inbox?view=waiting")).json()["rows"]) == 2


async def test_conversations_of_two_customers_are_never_merged(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    import_orders(site.services.database, file(
        {"order_number": "CG-1", "email": "ann@example.com"},
        {"order_number": "CG-2", "email": "ann@example.com"},
        {"order_number": "CG-3", "email": "bob@example.com"}))
    queue(site, "a1", "a2", "b1", "stranger")
    queue(site, "mail", customer_email="Ann@Example.com")
    for id_, number, email in (("a1", "CG-1", "ann"), ("a2", "CG-2", "ann"), ("b1", "CG-3", "bob")):
        assert site.services.orders.verify(id_, number, [f"{email}@example.com"])
        with site.services.database.unit_of_work() as session:
            conversation = session.get(Conversation, id_)
            conversation.order_id = session.query(Order).filter_by(order_number=number).one().id
            conversation.customer_email = f"{email}@example.com"

    async def merge(one: str, other: str, **more: bool) -> tuple[int, str | None]:
        answer = await mai.post(f"/conversations/{one}/merge", json={"into": other, **more})
        return answer.status_code, answer.json().get("error", {}).get("text")

    different = "These conversations are of different customers."
    assert await merge("a1", "b1") == await merge("a1", "b1", sure=True) == (409, different)
    assert await merge("mail", "b1") == (409, different)
    assert await merge("stranger", "b1") == (
        409, "Nothing proves that both are of the same customer.")
    site.services.tickets.open("request", "Help", "please", conversation_id="mail")
    assert await merge("mail", "a1") == (200, None)
    assert await merge("a2", "a1") == (200, None)
    kept = (await mai.get("/conversations/a1")).json()
    assert {row["id"] for row in kept["earlier"]} == {"mail", "a2"}
    assert [ticket["subject"] for ticket in kept["tickets"]] == ["Help"]


async def test_all_conversations_come_in_pages_each_once(site: DeskSite, mai: httpx.AsyncClient
                                                         ) -> None:
    ids = [f"c{number:03}" for number in range(120)]
    begin(site.services.database, *ids)
    for id_ in ids:
        write(site.services.database, id_, "first", ago=dt.timedelta(hours=2))
    for id_ in ids[::3]:
        write(site.services.database, id_, "second", ago=dt.timedelta(hours=1))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await mai.get("/inbox", params={"view": "all", "after": after})).json()
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
    assert len(seen) == 120
    assert sorted(seen) == ids
    assert seen[0] == ids[-3]


async def test_agents_files_reach_the_conversation_they_were_uploaded_to_alone(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    queue(site, "c", "d")
    uploaded = await mai.post("/conversations/c/attachments", files={"file": ("a.png", PNG)})
    assert uploaded.status_code == 201, uploaded.text
    id_ = uploaded.json()["id"]
    body = {"client_msg_id": "m", "text": "", "attachments": [id_]}
    assert (await mai.post("/conversations/d/reply", json=body)).status_code in (400, 415)
    assert (await mai.post("/conversations/c/reply", json=body)).status_code == 200
    shown = (await mai.get("/conversations/c/messages")).json()["messages"][-1]
    assert shown["attachments"][0]["id"] == id_
    got = await mai.get(f"/attachments/{id_}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert (await mai.get("/attachments/nothing")).status_code == 404
    bad = await mai.post("/conversations/c/attachments", files={"file": ("a.png", b"<script>")})
    assert bad.status_code == 415


async def test_canned_replies_are_filled_in_and_can_be_changed(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    queue(site, "c", language="de")
    replies = {each["shortcut"]: each for each in
               (await mai.get("/canned", params={"conversation": "c"})).json()}
    assert replies["hello"]["text"].startswith("Guten Tag {customer_name}, mein Name ist Mai Li.")
    assert any(each["source"] == "assistant" for each in replies.values())
    changed = {"shortcut": "hello", "title": "Hello", "texts": {"en": "Hi {customer_name}"}}
    ours = replies["hello"]["id"]
    assert (await mai.put(f"/canned/{ours}", json=changed)).json()["text"] == "Hi {customer_name}"
    assert (await mai.post("/canned", json=changed)).status_code == 409
    wrong = {**changed, "shortcut": "new", "texts": {"en": "{password}"}}
    assert (await mai.post("/canned", json=wrong)).status_code == 400
    hello = next(each for each in (await mai.get("/canned")).json()
                 if each["shortcut"] == "hello")
    assert (await mai.delete(f"/canned/{hello['id']}")).status_code == 204
    assert not [each for each in (await mai.get("/canned")).json()
                if each["shortcut"] == "hello"]


async def test_tickets_are_listed_changed_and_merged(site: DeskSite, mai: httpx.AsyncClient
                                                     ) -> None:
    queue(site, "c", "d")
    one, two, other = (site.services.tickets.open(kind, "Help", "please", conversation_id=id_)
                       for kind, id_ in (("request", "c"), ("order", "c"), ("order", "d")))
    assert len((await mai.get("/tickets")).json()["rows"]) == 3
    changed = (await mai.patch(f"/tickets/{one.number}", json={
        "priority": "urgent", "assignee": "me", "state": "solved"})).json()
    assert (changed["priority"], changed["assignee"]["name"], changed["sla"]) == (
        "urgent", "Mai Li", None)
    assert (await mai.patch(f"/tickets/{one.number}", json={"assignee": "x"})).status_code == 404
    assert changed["next_states"] == ["open", "waiting", "closed"]
    assert [(step["what"], step["before"], step["after"], step["by"])
            for step in changed["history"]] == [
        ("state", None, "open", "customer"), ("priority", "normal", "urgent", "Mai Li"),
        ("assignee", None, "Mai Li", "Mai Li"), ("state", "open", "solved", "Mai Li")]
    merged = await mai.post(f"/tickets/{two.number}/merge", json={"into": one.number})
    assert len(merged.json()["entries"]) == 2
    assert merged.json()["history"][-1]["what"] == "merged"
    gone = (await mai.get(f"/tickets/{two.number}")).json()
    assert (gone["state"], gone["merged_into"], gone["next_states"]) == (
        "closed", one.number, [])
    nowhere = await mai.post(f"/tickets/{one.number}/merge", json={"into": "T-NOTHERE"})
    assert (nowhere.status_code, nowhere.json()["error"]["text"]) == (
        404, "There is no ticket T-NOTHERE.")
    refused = await mai.post(f"/tickets/{other.number}/merge", json={"into": one.number})
    assert refused.status_code == 409
    assert refused.json()["error"]["text"] == "Tickets of two customers are not merged."


async def test_what_a_tickets_state_forbids_is_refused_in_words_and_changes_nothing(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    queue(site, "c")
    number = site.services.tickets.open("request", "Help", "please", conversation_id="c").number
    await mai.patch(f"/tickets/{number}", json={"state": "closed"})
    refused = await mai.patch(f"/tickets/{number}", json={"state": "waiting", "priority": "high"})
    assert (refused.status_code, refused.json()["error"]["text"]) == (
        409, "A ticket cannot go from closed to waiting.")
    ticket = (await mai.get(f"/tickets/{number}")).json()
    assert (ticket["state"], ticket["priority"]) == ("closed", "normal")


async def test_a_reply_stands_in_the_tickets_history(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    queue(site, "c")
    number = site.services.tickets.open("request", "Help", "please", conversation_id="c").number
    await mai.post("/conversations/c/reply", json={"client_msg_id": "1", "text": "Here I am"})
    ticket = (await mai.get(f"/tickets/{number}")).json()
    step = ticket["history"][-1]
    assert (step["before"], step["after"], step["by"]) == ("open", "waiting", "Mai Li")
    assert [entry["body"] for entry in ticket["entries"]] == ["please", "Here I am"]


class Page:
    """A page of the desk: what it is told, by event."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.told: dict[str, list[Any]] = {}
        self._rang = asyncio.Event()
        for name in ("changed", "gone", "message", "note", "happening", "viewers", "user_typing",
                     "alert", "signed_out"):
            self.client.on(name, self._hear(name))

    def _hear(self, name: str) -> Any:
        async def hear(payload: Any = None) -> None:
            self.told.setdefault(name, []).append(payload)
            self._rang.set()
        return hear

    async def until(self, name: str, wanted: Any = lambda _: True) -> Any:
        async def wait() -> Any:
            while True:
                for each in self.told.get(name, ()):
                    if wanted(each):
                        return each
                self._rang.clear()
                await self._rang.wait()
        return await asyncio.wait_for(wait(), 10)


async def connected(site: DeskSite, browser: httpx.AsyncClient, origin: str | None = None) -> Page:
    headers = {"Origin": origin or site.url,
               "Cookie": f"desk_session={browser.cookies.get('desk_session', '')}"}
    page = Page()
    page.client.http = aiohttp.ClientSession(headers=headers)
    page.client.eio.http = page.client.http
    await page.client.connect(site.url, headers=headers, socketio_path="/desk/socket.io",
                              transports=["websocket"])
    return page


async def test_the_page_hears_of_who_waits_and_of_what_it_looks_at(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    page = await connected(site, mai)
    try:
        assert site.services.presences.agents_online() == 1
        await asyncio.sleep(1.2)  # its first look: what was there before is no news
        queue(site, "smoke", reason="emergency")
        alert = await page.until("alert")
        assert (alert["kind"], alert["conversation_id"]) == ("emergency", "smoke")
        changed = await page.until("changed", lambda p: p["rows"][0]["id"] == "smoke")
        assert changed["counts"]["emergencies"] == 1
        await page.client.call("view", {"conversation_id": "smoke"}, timeout=5)
        await page.until("changed", lambda p: p["rows"][0]["viewers"])
        await mai.post("/conversations/smoke/reply", json={"client_msg_id": "1", "text": "Here"})
        message = await page.until("message", lambda p: p["message"]["author"] == "agent")
        assert message["conversation_id"] == "smoke"
        assert (await page.until("happening"))["owner"] == "agent"
        await mai.post("/conversations/smoke/notes", json={"body": "careful"})
        assert (await page.until("note"))["body"] == "careful"
        assert (await page.client.call("beat", {"active": True}, timeout=5)) == {"ok": True}
        await mai.post("/sign-out")
        await page.client.emit("beat", {"active": True})
        await page.until("signed_out")
    finally:
        await page.client.disconnect()
        await page.client.http.close()


async def test_what_an_agent_does_on_two_pages_is_one_agents_doing(
        site: DeskSite, mai: httpx.AsyncClient, tom: httpx.AsyncClient) -> None:
    queue(site, "c", "d")
    await mai.post("/conversations/c/claim", json={})
    one, two, toms = [await connected(site, who) for who in (mai, mai, tom)]
    try:
        await toms.client.call("view", {"conversation_id": "c"}, timeout=5)
        await one.client.call("view", {"conversation_id": "c"}, timeout=5)
        await two.client.call("view", {"conversation_id": "d"}, timeout=5)
        mai_id = (await mai.get("/me")).json()["id"]

        def types(on: bool) -> Any:
            return lambda told: {"id": mai_id, "name": "Mai Li", "typing": on} in told["viewers"]

        await one.client.call("typing", {"conversation_id": "c", "on": True}, timeout=5)
        await toms.until("viewers", types(True))
        # The other page says nothing of this one's reply, and takes nothing along when it closes.
        toms.told["viewers"].clear()
        await two.client.call("typing", {"conversation_id": "c", "on": False}, timeout=5)
        await two.client.disconnect()
        await asyncio.sleep(0.6)
        assert not [told for told in toms.told["viewers"] if not types(True)(told)]
        row = (await tom.get("/conversations/c")).json()["row"]
        assert {each["name"] for each in row["viewers"]} == {"Mai Li", "Tom"}
        assert site.services.presences.statuses()[mai_id] == "online"
        # The page on which she wrote closes: she writes no more, and looks no more.
        await one.client.disconnect()
        await toms.until("viewers", lambda told: not types(True)(told))
        row = (await tom.get("/conversations/c")).json()["row"]
        assert [each["name"] for each in row["viewers"]] == ["Tom"]
    finally:
        for page in (one, two, toms):
            await page.client.disconnect()
            await page.client.http.close()


async def test_a_page_of_another_site_or_signed_out_cannot_connect(
        site: DeskSite, mai: httpx.AsyncClient) -> None:
    for browser, origin in ((mai, "https://evil.example"), (await site.browser(), None)):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await connected(site, browser, origin)
    with site.services.database.unit_of_work() as session:
        assert session.query(Presence).count() == 0


@pytest.fixture
def sessions_looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.desk.socket.SESSIONS_SECONDS", 0.1)


async def test_who_is_signed_out_hears_no_more_though_their_page_never_beats(
        sessions_looked_at_often: None, site: DeskSite, mai: httpx.AsyncClient) -> None:
    page = await connected(site, mai)
    try:
        gone = asyncio.Event()
        page.client.on("disconnect", lambda *_: gone.set())
        await asyncio.sleep(0.3)
        assert not gone.is_set()
        await mai.post("/sign-out")
        await asyncio.wait_for(gone.wait(), 10)
    finally:
        await page.client.disconnect()
        await page.client.http.close()
