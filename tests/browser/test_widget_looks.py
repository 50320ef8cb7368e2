"""Pictures of the main states. `make screenshots` takes those in the project anew."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.browser.visitor import BROKEN, PATIENCE, PHONE, Visitor
from tests.conversation.orders import Order

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]
Screenshot = Callable[[str], Path]
SMOKE = "There is smoke coming out of my radio!"
MAX_PNG = 300_000


def _take(visitor: Visitor, path: Path) -> None:
    visitor.page.wait_for_timeout(400)
    visitor.page.screenshot(path=str(path), animations="disabled")
    assert path.stat().st_size < MAX_PNG


def photo() -> bytes:
    """A head unit in a dashboard, whose screen stays dark."""
    picture = Image.new("RGB", (800, 560))
    draw = ImageDraw.Draw(picture)
    for y in range(560):
        draw.line((0, y, 800, y), fill=(58 - y // 18, 60 - y // 18, 64 - y // 18))
    for x in (30, 660):
        draw.rounded_rectangle((x, 150, x + 110, 250), 18, fill=(22, 23, 26))
        for y in range(165, 250, 18):
            draw.line((x + 12, y, x + 98, y), fill=(62, 65, 70), width=6)
    draw.rounded_rectangle((165, 90, 635, 400), 20, fill=(15, 16, 18), outline=(84, 88, 94),
                           width=4)
    draw.rounded_rectangle((190, 112, 610, 350), 8, fill=(3, 4, 6))
    draw.polygon(((200, 120), (330, 120), (240, 342), (200, 342)), fill=(13, 15, 19))
    draw.ellipse((392, 366, 408, 382), fill=(196, 52, 40))
    draw.rounded_rectangle((120, 450, 680, 520), 30, fill=(26, 27, 30))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=90)
    return target.getvalue()


def test_contact_us(arrive: Arrive, screenshot: Screenshot) -> None:
    visitor = arrive()
    expect(visitor.page.get_by_text("CG-204512").first).to_be_attached()
    visitor.page.get_by_role("button", name="Contact Us").click()
    glance = visitor.page.get_by_role("dialog", name="Contact Us")
    for words in ("Recommended", "Submit a ticket", "Real-time chat", "00-86-755-36962403"):
        expect(glance).to_contain_text(words)
    _take(visitor, screenshot("contact"))
    glance.get_by_role("link", name="Open the chat").click()
    visitor.is_ready()
    expect(glance).to_be_hidden()


def test_desktop(arrive: Arrive, screenshot: Screenshot) -> None:
    visitor = arrive().opens()
    expect(visitor.frame.get_by_role("heading", name="Hello, how can we help?")).to_be_visible()
    _take(visitor, screenshot("desktop"))


def test_a_demo_order_is_put_into_the_field(arrive: Arrive) -> None:
    visitor = arrive()
    visitor.page.get_by_role("button", name="CG-204512").click()
    visitor.is_ready()
    expect(visitor.field).to_have_value("CG-204512")


def test_decision(arrive: Arrive, order: Order, screenshot: Screenshot) -> None:
    visitor = arrive().opens().gets_a_decision(order)
    visitor.log.get_by_role("region", name="Decision").evaluate(
        "(card) => card.scrollIntoView({ block: 'center' })")
    _take(visitor, screenshot("decision"))


def test_ticket_and_rating(arrive: Arrive, order: Order, screenshot: Screenshot) -> None:
    visitor = arrive().opens().gets_a_decision(order)
    visitor.taps("Send it in for repair", "Shall I file it like this?")
    visitor.taps("Yes, file it", "Your claim is filed")
    visitor.frame.get_by_role("radio", name="5 of 5, very good").check(force=True)
    visitor.frame.get_by_role("button", name="Send the rating").scroll_into_view_if_needed()
    _take(visitor, screenshot("ticket"))


def test_emergency(arrive: Arrive, screenshot: Screenshot) -> None:
    visitor = arrive().opens().says(SMOKE, "Safety first").hears("urgent ticket")
    _take(visitor, screenshot("emergency"))


def test_evidence(arrive: Arrive, screenshot: Screenshot) -> None:
    visitor = arrive(viewport=PHONE, has_touch=True, is_mobile=True).opens()
    visitor.says(BROKEN, "order number")
    picker = visitor.frame.locator("input[type=file]")
    picker.set_input_files({"name": "radio.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(visitor.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    visitor.says("This is all it shows.")
    expect(visitor.log.locator(".own img")).to_be_visible(timeout=PATIENCE)
    slow = visitor.context.new_cdp_session(visitor.page)
    slow.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 50, "downloadThroughput": 50_000, "uploadThroughput": 50_000})
    picker.set_input_files({"name": "the-noise-it-makes.mp4", "mimeType": "video/mp4",
                            "buffer": bytes(900_000)})
    expect(visitor.frame.locator(".bar")).to_contain_text(re.compile("[2-9][0-9]%"))
    _take(visitor, screenshot("evidence"))


def test_phone(arrive: Arrive, order: Order, screenshot: Screenshot) -> None:
    visitor = arrive(viewport=PHONE, has_touch=True, is_mobile=True).opens().tells_of(order)
    _take(visitor, screenshot("phone"))


def test_dark(arrive: Arrive, order: Order, screenshot: Screenshot) -> None:
    visitor = arrive(color_scheme="dark").opens().tells_of(order)
    _take(visitor, screenshot("dark"))


def test_arabic(arrive: Arrive, screenshot: Screenshot) -> None:
    visitor = arrive(viewport=PHONE, has_touch=True, is_mobile=True).opens()
    visitor.frame.locator("#menu-button").click()
    visitor.frame.locator("#menu select").select_option("ar")
    visitor.page.keyboard.press("Escape")
    expect(visitor.frame.locator("html")).to_have_attribute("dir", "rtl")
    visitor.says("الراديو لا يعمل")
    expect(visitor.log.locator(".theirs .bubble").first).to_be_visible(timeout=PATIENCE)
    _take(visitor, screenshot("arabic"))


def test_a_person_on_the_way_and_here(
        arrive: Arrive, screenshot: Screenshot, browser: Any) -> None:
    """The desk is not part of these tests, so its events come from here."""
    visitor = arrive("about:blank")
    server: list[Any] = []

    def between(socket: Any) -> None:
        server.append(socket)
        socket.connect_to_server()

    visitor.page.route_web_socket("**/chat/socket.io/**", between)
    visitor.page.goto(arrive().page.url)
    visitor.opens().says("Hello", "automated")
    tell = lambda **owner: server[-1].send("42" + json.dumps(["owner", owner]))  # noqa: E731
    tell(owner="queued", position=2, expected_minutes=4)
    notice = visitor.frame.locator(".notice-queue")
    expect(notice).to_contain_text("Your place in the line: 2")
    expect(notice).to_contain_text("about 4 minutes")
    _take(visitor, screenshot("queue"))
    tell(owner="agent", agent="Mei")
    expect(visitor.log).to_contain_text("Mei has joined the chat")
    expect(visitor.frame.locator(".status")).to_contain_text("You are talking to Mei")
    expect(notice).to_have_count(0)
    tell(owner="bot")
    expect(visitor.log).to_contain_text("The assistant is back")
    expect(visitor.frame.get_by_role("radio", name="1 of 5, poor")).to_be_attached()
