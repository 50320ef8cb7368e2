"""Words, names, files and pages that mean harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import socketio

from tests.browser.backstage import agent_says, on_socket, stored
from tests.browser.shop_page import ShopPage
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.server import Server
from tests.hostile import CORPUS, png

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]

NAMES = ["<img src=x onerror=alert(1)>.png", "photo\u202egnp.exe", "..\\..\\..\\passwd.png",
         "a\"onload=alert(1).pdf", "%00.html.png"]


def cookie(visitor: Visitor) -> str:
    return str(next(c["value"] for c in visitor.context.cookies() if c["name"] == "chat_visitor"))


def test_hostile_words_are_words(arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    visitor = arrive(shop_page.url).opens().says("Hello", "automated")
    mark = "Hello, this is about hostile words."
    visitor.says(mark)
    expect(visitor.log.locator(".is-waiting, .is-sending")).to_have_count(0, timeout=PATIENCE)
    agent_says(server, CORPUS, mark, name="<img src=x onerror=alert(1)>",
               buttons=[{"title": CORPUS[0], "payload": CORPUS[4]}],
               custom={"type": "decision", "outcome": "not_covered", "item": CORPUS[0],
                       "reasons": [CORPUS[1]], "clauses": [CORPUS[2]], "policy_version": CORPUS[3]})
    visitor.page.reload()
    visitor.is_ready()
    visitor.hears(CORPUS[-1])
    own = CORPUS[0] + " and " + CORPUS[4]
    visitor.says(own)
    expect(visitor.log.locator(".own .bubble").last).to_have_text(own)
    for text in CORPUS:
        assert visitor.log.locator(".by-agent .bubble").filter(has_text=text.strip()).count() >= 1
    addresses = visitor.log.locator("a").evaluate_all("(all) => all.map((one) => one.protocol)")
    assert set(addresses) <= {"https:", "http:", "mailto:", "tel:", "blob:"}
    assert visitor.log.locator(
        "img[src='x'], script, iframe, svg[onload], form, style, base").count() == 0
    assert visitor.violations() == []


def test_hostile_files_and_names_are_inert(
        arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    visitor = arrive(shop_page.url).opens()
    picker = visitor.frame.locator("input[type=file]")
    picker.set_input_files([{"name": name, "mimeType": "image/png", "buffer": png()}
                            for name in NAMES])
    expect(visitor.frame.locator(".upload .sent")).to_have_count(len(NAMES), timeout=PATIENCE)
    visitor.says("See the pictures of my radio.")
    expect(visitor.log.locator(".own img")).to_have_count(len(NAMES), timeout=PATIENCE)
    # The preview is a picture that we made, whatever it was called.
    assert all(visitor.log.locator(".own img").evaluate_all(
        "(all) => Promise.all(all.map((one) => one.decode().then(() => one.naturalWidth > 0)))"))
    for name, kind, body in (
            ("page.png", "image/png", b"<html><script>alert(1)</script></html>"),
            ("drawing.png", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='a()'/>"),
            ("paper.pdf", "application/pdf", b"MZ" + bytes(200))):
        picker.set_input_files({"name": name, "mimeType": kind, "buffer": body})
        failed = visitor.frame.locator(".upload-failed")
        expect(failed).to_have_count(1, timeout=PATIENCE)
        expect(failed).to_contain_text(name)
        failed.get_by_role("button", name="Remove").click()
    picker.set_input_files({"name": "page.html", "mimeType": "text/html", "buffer": b"<b>x</b>"})
    expect(visitor.frame.locator(".upload-failed")).to_contain_text("cannot be sent here")
    assert visitor.violations() == []


def test_another_origin_is_refused(arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    visitor = arrive().opens().says("Hello", "automated")

    async def nothing(_: Any) -> None:
        return None

    for origin in (shop_page.url, "https://evil.example", "null"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            on_socket(server, cookie(visitor), nothing, origin=origin)
        answer = visitor.context.request.post(
            f"{server.url}/chat/session", headers={"Origin": origin}, data={})
        assert answer.status == 403
    on_socket(server, cookie(visitor), nothing)


def test_a_stolen_conversation_id_is_worth_nothing(arrive: Arrive, server: Server) -> None:
    mark = "A secret about my order."
    visitor = arrive().opens().says(mark)
    visitor.hears("")
    thread = visitor.document.evaluate("JSON.parse(localStorage['chat.thread'])")

    async def listen(client: Any) -> Any:
        await client.call("session_request", {"thread": thread, "session_id": thread})
        return await client.call("resume", {"last_seq": 0, "thread": thread})

    for stolen in (thread, "x" * 43):
        with pytest.raises(socketio.exceptions.ConnectionError):
            on_socket(server, stolen, listen, token=stolen)
    other = arrive().opens().says("Hello", "automated")
    assert mark not in str(on_socket(server, cookie(other), listen))


def test_anothers_file_is_refused(arrive: Arrive, server: Server) -> None:
    visitor, other = arrive().opens(), arrive().opens()
    visitor.frame.locator("input[type=file]").set_input_files(
        {"name": "invoice.png", "mimeType": "image/png", "buffer": png()})
    expect(visitor.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    visitor.says("My invoice.")
    picture = visitor.log.locator(".own a.picture")
    expect(picture).to_be_visible(timeout=PATIENCE)
    address = server.url + str(picture.get_attribute("href"))
    assert visitor.context.request.get(address).status == 200
    assert other.context.request.get(address).status == 404
    assert arrive("about:blank").context.request.get(address).status in (401, 404)


def test_flooding_is_told_kindly_and_nothing_is_lost(arrive: Arrive, server: Server) -> None:
    visitor = arrive().opens()
    mark = "Flood 0"
    for number in range(34):
        visitor.says(f"Flood {number}")
    waiting = visitor.log.locator(".is-waiting .meta").first
    expect(waiting).to_contain_text("lot at once", timeout=PATIENCE)
    texts = [text for _, text in stored(server, mark)]
    assert texts.count(mark) == 1
    assert visitor.log.locator(".own").count() == 34
