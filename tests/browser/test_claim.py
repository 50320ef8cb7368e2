"""The demo page in a real browser: a whole claim, an emergency, a reload, a phone."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversation.orders import Order
from tests.conversation.server import Server

if os.environ.get("REQUIRE_SERVICES") == "1":
    playwright: Any = importlib.import_module("playwright.sync_api")
else:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.browser

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
BROKEN = "My radio does not turn on any more."
#: Milliseconds in which an answer must be on the page, on a busy machine too.
PATIENCE = 30_000
MAX_PNG = 300_000

Screenshot = Callable[[str], Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without anything that goes on the network by itself."""
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield chromium
        chromium.close()


class Visitor:
    """Somebody with the demo page open."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.goto(url)

    @property
    def log(self) -> Any:
        """Everything that was said."""
        return self.page.get_by_role("log")

    def opens_the_chat(self) -> Visitor:
        """Opens the chat with the button in the corner."""
        self.page.locator("button.launcher").click()
        expect(self.page.get_by_role("dialog", name="After-sale service")).to_be_visible()
        return self

    def says(self, text: str, answered_with: str) -> Visitor:
        """Types a message and waits for words of the answer."""
        field = self.page.get_by_label("Your message")
        expect(field).to_be_enabled(timeout=PATIENCE)
        field.fill(text)
        field.press("Enter")
        return self.hears(answered_with)

    def taps(self, title: str, answered_with: str) -> Visitor:
        """Taps an offered answer and waits for words of what follows."""
        self.page.get_by_role("button", name=title, exact=True).click(timeout=PATIENCE)
        return self.hears(answered_with)

    def hears(self, words: str) -> Visitor:
        """Waits for words of the assistant."""
        expect(self.log.locator(".message-theirs").filter(has_text=words).last).to_be_visible(
            timeout=PATIENCE)
        return self


@contextlib.contextmanager
def _visit(browser: Any, server: Server, size: dict[str, int], **more: Any) -> Iterator[Visitor]:
    context = browser.new_context(viewport=size, **more)
    try:
        visitor = Visitor(context.new_page(), server.url)
        yield visitor
        assert visitor.errors == []
    finally:
        context.close()


def _picture(page: Any, path: Path) -> None:
    page.screenshot(path=str(path), animations="disabled")
    assert path.stat().st_size < MAX_PNG


def _tell(visitor: Visitor, order: Order) -> None:
    visitor.says(BROKEN, "order number").says(order.number, "e-mail address")
    visitor.says(order.email, "Did that fix it?")


def test_the_page_shows_the_shop_and_its_demo_orders(
        browser: Any, server: Server, screenshot: Screenshot) -> None:
    with _visit(browser, server, DESKTOP) as visitor:
        expect(visitor.page.get_by_text("CG-204512").first).to_be_visible()
        expect(visitor.page.get_by_text("00-86-755-36962403").first).to_be_visible()
        visitor.opens_the_chat()
        _picture(visitor.page, screenshot("desktop"))


def test_a_whole_claim_by_typing_and_tapping(
        browser: Any, server: Server, order: Order, screenshot: Screenshot) -> None:
    with _visit(browser, server, DESKTOP) as visitor:
        _tell(visitor.opens_the_chat(), order)
        visitor.taps("Still the same", "did anything happen")
        visitor.taps("Nothing happened", "How shall we help?")
        card = visitor.log.get_by_role("region", name="Decision")
        expect(card).to_contain_text("Covered")
        expect(card).to_contain_text(order.number)
        card.scroll_into_view_if_needed()
        _picture(visitor.page, screenshot("decision"))
        visitor.taps("Send it in for repair", "Shall I file it like this?")
        visitor.taps("Yes, file it", "Your claim is filed")
        expect(visitor.log.get_by_role("region", name="Ticket")).to_contain_text(
            re.compile(r"T-[0-9A-Z]{4,}"))


def test_a_whole_claim_by_typing_alone(browser: Any, server: Server, order: Order) -> None:
    with _visit(browser, server, DESKTOP) as visitor:
        _tell(visitor.opens_the_chat(), order)
        visitor.says("No, it is still the same.", "did anything happen")
        visitor.says("No, nothing happened to it.", "How shall we help?")
        visitor.says("I want to send it in for repair.", "Shall I file it like this?")
        visitor.says("Yes, please file it.", "Your claim is filed")
        expect(visitor.log.get_by_role("region", name="Ticket")).to_be_visible()


def test_an_emergency_shows_the_safety_message(
        browser: Any, server: Server, screenshot: Screenshot) -> None:
    with _visit(browser, server, DESKTOP) as visitor:
        visitor.opens_the_chat().says("There is smoke coming out of my radio!", "Safety first")
        visitor.hears("00-86-755-36962403")
        _picture(visitor.page, screenshot("emergency"))


def test_a_reload_keeps_the_conversation(browser: Any, server: Server, order: Order) -> None:
    with _visit(browser, server, DESKTOP) as visitor:
        _tell(visitor.opens_the_chat(), order)
        before = visitor.log.locator(".message .bubble").all_inner_texts()
        visitor.page.reload()
        if not visitor.log.is_visible():
            visitor.opens_the_chat()
        visitor.hears("Did that fix it?")
        assert visitor.log.locator(".message .bubble").all_inner_texts() == before
        visitor.says("No, it is still the same.", "did anything happen")


def test_on_a_phone_everything_fits(
        browser: Any, server: Server, order: Order, screenshot: Screenshot) -> None:
    with _visit(browser, server, PHONE, has_touch=True, is_mobile=True) as visitor:
        too_wide = "document.documentElement.scrollWidth - window.innerWidth"
        assert visitor.page.evaluate(too_wide) <= 0
        _tell(visitor.opens_the_chat(), order)
        assert visitor.page.evaluate(too_wide) <= 0
        box = visitor.page.get_by_role("dialog").bounding_box()
        assert box is not None and box["width"] <= PHONE["width"]
        _picture(visitor.page, screenshot("phone"))


def test_in_the_dark(browser: Any, server: Server, screenshot: Screenshot) -> None:
    with _visit(browser, server, DESKTOP, color_scheme="dark") as visitor:
        visitor.opens_the_chat().says("Hello", "automated")
        _picture(visitor.page, screenshot("dark"))
