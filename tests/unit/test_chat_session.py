"""Who is asking: the visitor's token, its cookie, the origin, and the shop's word on who it is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
import socketio
import sqlalchemy as sa

from bot.channels.chat import COOKIE, Limits
from bot.channels.chat.identity import stated_identity
from bot.store.tables import Visitor, utcnow
from tests.unit.chat_site import Site

KEY = "k" * 32


async def test_a_session_is_a_cookie_that_no_script_can_read(site: Site) -> None:
    answer = await (await site.visitor(session=False)).post("/chat/session")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "Path=/" in cookie and "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # this is plain http
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["open_now"] is True and told["phone"] == "00-86-755-36962403"
    assert told["limits"]["characters"] == 4000
    assert told["limits"]["file_bytes"] == 50 * 1024 * 1024
    assert "image/jpeg" in told["limits"]["file_types"]


async def test_behind_https_the_cookie_works_in_a_frame_of_the_shop(site: Site) -> None:
    client = await site.visitor(session=False, **{
        "X-Forwarded-Proto": "https", "Origin": site.url.replace("http:", "https:")})
    cookie = (await client.post("/chat/session")).headers["set-cookie"]
    assert cookie.endswith("; SameSite=None; Secure; Partitioned")


async def test_the_page_is_told_whether_its_cookie_came_back(site: Site) -> None:
    client = await site.visitor(session=False)
    first = (await client.post("/chat/session")).json()
    again = (await client.post("/chat/session")).json()
    assert (first["cookie"], again["cookie"]) == (False, True)
    assert again["token"] == first["token"] and again["thread"] == first["thread"]


async def test_the_token_is_stored_as_a_hash(site: Site) -> None:
    token = (await (await site.visitor(session=False)).post("/chat/session")).json()["token"]
    with site.service.database.unit_of_work() as session:
        row = session.scalars(sa.select(Visitor)).one()
        assert token not in (row.token_hash, row.conversation_id) and len(row.token_hash) == 64
        assert dt.timedelta(days=29) < row.expires_at - utcnow() <= dt.timedelta(days=30)


async def test_a_page_without_cookies_names_its_token(site: Site) -> None:
    token = (await (await site.visitor(session=False)).post("/chat/session")).json()["token"]
    bare = await site.visitor(session=False)
    answer = await bare.post("/chat/session", json={"token": token})
    assert (answer.json()["token"], answer.json()["cookie"]) == (token, False)
    page = await site.page(await site.visitor(session=False), token=token)
    assert (await page.ask("session_request"))["thread"] == answer.json()["thread"]


async def test_the_conversation_id_is_never_told(site: Site) -> None:
    client = await site.visitor()
    page = await site.page(client)
    sent = await page.say("hello")
    await page.until("bot_uttered", 2)
    told = [sent, page.told, await page.ask("resume", {"last_seq": 0}),
            await page.ask("session_request"), (await client.post("/chat/session")).text]
    [conversation_id] = site.conversations()
    assert conversation_id.startswith("web-")
    assert conversation_id not in repr(told)


async def test_a_second_visit_keeps_the_conversation(site: Site) -> None:
    client = await site.visitor()
    page = await site.page(client)
    await page.say("hello")
    first = await page.until("bot_uttered", 2)
    await client.post("/chat/session")
    assert await (await site.page(client)).everything() == first


async def test_a_fresh_conversation_leaves_the_old_one_behind(site: Site) -> None:
    client = await site.visitor()
    page = await site.page(client)
    await page.say("hello")
    await page.until("bot_uttered", 2)
    before = (await page.ask("session_request"))["thread"]
    fresh = (await client.post("/chat/session", json={"fresh": True})).json()
    page = await site.page(client)
    assert await page.everything() == []
    assert fresh["thread"] == (await page.ask("session_request"))["thread"] != before


async def test_a_tab_left_in_the_old_conversation_hears_of_the_new_one(site: Site) -> None:
    client = await site.visitor()
    tab = await site.page(client)
    await tab.say("hello")
    await tab.until("bot_uttered", 2)
    fresh = (await client.post("/chat/session", json={"fresh": True})).json()
    [confirm] = await tab.until("session_confirm", 1)
    assert confirm["thread"] == fresh["thread"]
    assert (await tab.ask("resume", {"last_seq": 2}))["thread"] == fresh["thread"]
    assert (await tab.say("where am I?"))["error"]["code"] == "ended"
    assert len(site.conversations()) == 1


@pytest.mark.parametrize("forge", [
    lambda token: "",
    lambda token: "x",
    lambda token: token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:],
    lambda token: token * 50,
    lambda token: "%00",
])
async def test_a_forged_token_is_nobody(site: Site, forge: Callable[[str], str]) -> None:
    token = (await site.visitor()).cookies[COOKIE]
    thief = await site.visitor(session=False)
    thief.cookies.set(COOKIE, forge(token))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await site.page(thief)
    assert (await thief.get("/chat/attachments/" + "0" * 32)).status_code == 401
    assert site.conversations() == []


async def test_a_stolen_conversation_id_opens_nothing(site: Site) -> None:
    page = await site.page()
    await page.say("my order is CG-204512")
    await page.until("bot_uttered", 2)
    [conversation_id] = site.conversations()
    thread = (await page.ask("session_request"))["thread"]
    for stolen in (conversation_id, thread):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await site.page(await site.visitor(session=False), token=stolen)
        thief = await site.page()
        for event in ("session_request", "resume"):
            told = await thief.ask(event, {"last_seq": 0, "conversation_id": stolen,
                                           "session_id": stolen, "thread": stolen})
            assert told["thread"] != thread and "CG-204512" not in repr(told)


async def test_a_token_expires(site: Site) -> None:
    client = await site.visitor()
    page = await site.page(client)
    with site.service.database.unit_of_work() as session:
        session.execute(sa.update(Visitor).values(expires_at=utcnow()))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await site.page(client)
    refused = (await page.say("hello"))["error"]
    assert refused == {"code": "ended", "text": "Your chat has ended. Please start a new one."}
    assert site.service.visitors.forget_expired() == 1


async def test_nobody_connects_without_a_token(site: Site) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        await site.page(await site.visitor(session=False))
    told = await introduced(await site.visitor(session=False), {})
    assert told.startswith("44")  # Engine.IO message, Socket.IO connect error
    assert json.loads(told[2:]) == {
        "message": "Your chat has ended. Please start a new one.",
        "data": {"code": "ended", "text": "Your chat has ended. Please start a new one."}}


@pytest.mark.parametrize("said", [
    "40[]", '40"x"', '40{"token": 7}', '40{"token": {"a": 1}}', "40{", "40" + "[" * 20_000,
    "40/admin,", "42[\"user_uttered\",{}]", "451-[\"user_uttered\",{\"_placeholder\":true}]",
    "44", "4", "9", "\x00"], ids=range(13))
async def test_nonsense_instead_of_an_introduction(site: Site, said: str) -> None:
    await introduced(await site.visitor(session=False), said)
    assert await (await site.page()).say("hello") == {"seq": 1}
    assert len(site.conversations()) == 1


async def introduced(client: httpx.AsyncClient, said: Any) -> str:
    """What is answered to somebody who connects by hand and says this."""
    path = "/chat/socket.io/?EIO=4&transport=polling"
    opened = json.loads((await client.get(path)).text[1:])
    path += f"&sid={opened['sid']}"
    said = said if isinstance(said, str) else "40" + json.dumps(said)
    await client.post(path, content=said, headers={"Content-Type": "text/plain"})
    try:
        return (await client.get(path, timeout=1)).text
    except httpx.TimeoutException:
        return ""


@pytest.mark.parametrize("origin", [
    "https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example", "",
    "https://{host}", "http://evil.example/{host}", "http://{host}@evil.example", "{host}", None,
])
async def test_another_sites_page_cannot_connect(site: Site, origin: str | None) -> None:
    client = await site.visitor()
    host = site.url.removeprefix("http://")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await site.page(client, origin=origin and origin.format(host=host))


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"},
    {"Origin": "", "Sec-Fetch-Site": "same-origin"},
])
async def test_another_sites_page_cannot_write(site: Site, headers: dict[str, str]) -> None:
    client = await site.visitor()
    client.headers.update(headers)
    for answer in (await client.post("/chat/session"),
                   await client.post("/chat/attachments", files={"file": b"x"}),
                   await client.post("/chat/socket.io/?EIO=4&transport=polling"),
                   await client.get("/chat/socket.io/?EIO=4&transport=polling")):
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "origin"


async def test_a_post_that_names_no_origin(site: Site) -> None:
    client = await site.visitor()
    del client.headers["Origin"]
    assert (await client.post("/chat/session")).status_code == 403
    client.headers["Sec-Fetch-Site"] = "cross-site"
    assert (await client.post("/chat/session")).status_code == 403
    client.headers["Sec-Fetch-Site"] = "same-origin"
    assert (await client.post("/chat/session")).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'"x"'])
async def test_a_body_that_is_no_object_is_refused(site: Site, body: bytes) -> None:
    answer = await (await site.visitor(session=False)).post("/chat/session", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unreadable"


async def test_new_visitors_of_one_address_are_counted(start: Any) -> None:
    site = await start(Limits(sessions_per_address=2))
    clients = [await site.visitor(session=False) for _ in range(3)]
    answers = [await client.post("/chat/session") for client in clients]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    # Whoever is known already still gets in.
    assert (await clients[0].post("/chat/session")).status_code == 200


# ---------------------------------------------------------------- the shop's word


def signed(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"sub": "customer-7", "email": "ann@example.com",
              "exp": utcnow() + dt.timedelta(minutes=30), **changes}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm)


def test_the_shops_statement_is_believed() -> None:
    identity = stated_identity(signed(), KEY)
    assert identity and (identity.subject, identity.email) == ("customer-7", "ann@example.com")


@pytest.mark.parametrize("token", [
    None, 7, "", "a.b.c", signed("x" * 32), signed(exp=None), signed(email=None), signed(sub=None),
    signed(email="nobody"), signed(KEY * 2), signed(KEY * 2, "HS512"),
    signed(exp=utcnow() - dt.timedelta(minutes=5)), signed(exp=utcnow() + dt.timedelta(hours=2)),
    jwt.encode({"sub": "a", "email": "ann@example.com"}, "", "none"), "x" * 5000,
], ids=range(15))  # by their place: a signature changes with the time
def test_a_statement_that_does_not_hold_is_not_used(token: object) -> None:
    assert stated_identity(token, KEY) is None


def test_without_a_key_nothing_is_believed() -> None:
    assert stated_identity(signed(), None) is None


async def test_an_identity_is_a_help_and_no_proof(start: Any) -> None:
    site = await start(identity_key=KEY)
    client = await site.visitor(session=False)
    told = (await client.post("/chat/session", json={"identity": signed()})).json()
    assert told["known_email"] == "ann@example.com"
    wrong = await site.visitor(session=False)
    answer = await wrong.post("/chat/session", json={"identity": signed("x" * 32)})
    assert answer.status_code == 200 and "known_email" not in answer.json()
