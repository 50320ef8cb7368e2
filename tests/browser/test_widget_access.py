"""For everybody: keyboard, screen reader, zoom, phone, colours and directions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.shop_page import ShopPage
from tests.browser.visitor import CHAT, PATIENCE, PHONE, Visitor
from tests.conversation.orders import Order
from tests.conversation.server import Server
from tests.hostile import png

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]
LANGUAGES = ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr",
             "zh"]
SMOKE = "There is smoke coming out of my radio!"


def _tab_to(page: Any, wanted: Callable[[], bool], key: str = "Tab") -> None:
    for _ in range(60):
        if wanted():
            return
        page.keyboard.press(key)
    raise AssertionError("the keyboard does not get there")


def _until(page: Any, done: Callable[[], bool]) -> None:
    for _ in range(PATIENCE // 100):
        if done():
            return
        page.wait_for_timeout(100)
    raise AssertionError("waited too long")


def test_keyboard_only(arrive: Arrive, shop_page: ShopPage) -> None:
    visitor = arrive(shop_page.url)
    page = visitor.page
    # Asked for now: in a frame of another origin Playwright begins to catch choosers only some time
    # after it was asked to, and one that opens before is lost.
    choosers: list[Any] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    expect(visitor.launcher).to_be_visible()
    _tab_to(page, lambda: page.evaluate("document.activeElement.id") == "aftersale-chat-widget")
    page.keyboard.press("Enter")
    visitor.is_ready()
    expect(visitor.field).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    visitor.hears("automated")
    expect(visitor.field).to_be_focused()

    def at(label: str) -> bool:
        return bool(visitor.document.evaluate(
            "(label) => document.activeElement?.getAttribute('aria-label') === label", label))

    _tab_to(page, lambda: at("Attach a photo, video or PDF"), "Shift+Tab")
    page.keyboard.press("Enter")
    _until(page, lambda: bool(choosers))
    choosers[0].set_files({"name": "unit.png", "mimeType": "image/png", "buffer": png()})
    expect(visitor.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    expect(visitor.field).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.log.locator(".own img")).to_be_visible(timeout=PATIENCE)
    _tab_to(page, lambda: at("More"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(visitor.frame.locator("#menu select")).to_be_focused()
    _tab_to(page, lambda: bool(visitor.document.evaluate(
        "document.activeElement.textContent === 'Rate this chat'")))
    page.keyboard.press("Enter")
    expect(visitor.frame.get_by_role("radio", name="1 of 5, poor")).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(visitor.frame.get_by_role("radio", name="4 of 5, good")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Quick and clear.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(visitor.frame.get_by_text("Thank you. That helps us").first).to_be_visible()
    # Escape closes what was opened last, then the chat, and the focus is where it came from.
    visitor.frame.get_by_role("button", name="More", exact=True).focus()
    page.keyboard.press("Enter")
    expect(visitor.frame.locator("#menu select")).to_be_focused()
    page.keyboard.press("Escape")
    expect(visitor.frame.locator("#menu select")).to_have_count(0)
    expect(visitor.frame.get_by_role("button", name="More", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(visitor.page.locator(CHAT)).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "aftersale-chat-widget"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
        arrive: Arrive, order: Order, server: Server, scheme: str) -> None:
    visitor = arrive(color_scheme=scheme)
    assert visitor.axe(visitor.page) == []
    visitor.page.get_by_role("button", name="Contact Us").click()
    assert visitor.axe(visitor.page) == []
    visitor.page.keyboard.press("Escape")
    visitor.opens()
    found = {"empty": visitor.axe(), "page behind": visitor.axe(visitor.page)}
    visitor.gets_a_decision(order)
    found["decision and choices"] = visitor.axe()
    visitor.frame.get_by_role("button", name="More", exact=True).click()
    found["menu"] = visitor.axe()
    visitor.frame.get_by_role("button", name="New conversation").click()
    found["question"] = visitor.axe()
    visitor.frame.get_by_role("button", name="Stay here").click()
    visitor.taps("Send it in for repair", "Shall I file it like this?")
    visitor.taps("Yes, file it", "Your claim is filed")
    visitor.frame.get_by_role("radio", name="4 of 5, good").check(force=True)
    found["ticket and rating"] = visitor.axe()
    visitor.frame.locator("input[type=file]").set_input_files([
        {"name": "unit.png", "mimeType": "image/png", "buffer": png()},
        {"name": "page.html", "mimeType": "text/html", "buffer": b"x"}])
    expect(visitor.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    found["files"] = visitor.axe()
    visitor.field.fill("x" * 4100)
    found["too long"] = visitor.axe()
    visitor.field.fill("")
    visitor.says(SMOKE, "Safety first")
    found["safety"] = visitor.axe()
    visitor.context.set_offline(True)
    visitor.says("Are you there?")
    expect(visitor.frame.locator(".status-offline")).to_be_visible(timeout=PATIENCE)
    found["offline"] = visitor.axe()
    assert {state: problems for state, problems in found.items() if problems} == {}


def test_axe_finds_nothing_in_any_language(arrive: Arrive, order: Order) -> None:
    visitor = arrive().opens().gets_a_decision(order).says(SMOKE, "Safety first")
    found = {}
    for language in LANGUAGES:
        visitor.frame.locator("#menu-button").click()
        visitor.frame.locator("#menu select").select_option(language)
        expect(visitor.frame.locator("html")).to_have_attribute("lang", language)
        expect(visitor.frame.locator("html")).to_have_attribute(
            "dir", "rtl" if language == "ar" else "ltr")
        found[language] = visitor.axe()
        visitor.page.keyboard.press("Escape")
        found[language] += visitor.axe()
    assert {language: problems for language, problems in found.items() if problems} == {}


def test_the_safety_message_cannot_be_overlooked(arrive: Arrive) -> None:
    visitor = arrive().opens().says(SMOKE, "Safety first")
    alert = visitor.frame.get_by_role("alert")
    expect(alert).to_contain_text("Safety first")
    phone = alert.get_by_role("link", name=re.compile("Call"))
    assert phone.get_attribute("href") == "tel:+8675536962403"
    expect(alert).to_contain_text(re.compile("Closed|Open now"))
    visitor.page.reload()
    visitor.is_ready()
    expect(visitor.frame.get_by_role("alert")).to_be_visible()
    visitor.frame.get_by_role("button", name="Understood").click()
    expect(visitor.frame.get_by_role("alert")).to_have_count(0)
    visitor.page.reload()
    visitor.is_ready()
    expect(visitor.frame.get_by_role("alert")).to_have_count(0)


def test_on_a_phone(arrive: Arrive, order: Order) -> None:
    visitor = arrive(viewport=PHONE, has_touch=True, is_mobile=True)
    too_wide = "document.documentElement.scrollWidth - window.innerWidth"
    assert visitor.page.evaluate(too_wide) <= 0
    visitor.opens().tells_of(order)
    box = visitor.page.locator(CHAT).bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    assert visitor.document.evaluate(too_wide) <= 0
    size = visitor.field.evaluate("(field) => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16
    small = visitor.document.evaluate("""() => [...document.querySelectorAll('button, a, select')]
        .filter((one) => one.getClientRects().length && !one.closest('.bubble, .intro-emergency'))
        .map((one) => [one.textContent || one.ariaLabel, one.getBoundingClientRect()])
        .filter(([, box]) => box.width < 44 || box.height < 44)
        .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""")
    assert small == []
    # The keyboard covers the lower part of the page; the browser tells so by the visual viewport.
    visitor.page.evaluate("""() => {
        Object.defineProperty(window.visualViewport, 'height', { get: () => 430 });
        window.visualViewport.dispatchEvent(new Event('resize'));
    }""")
    visitor.field.focus()
    field = visitor.field.bounding_box()
    assert field is not None and field["y"] + field["height"] <= 430
    expect(visitor.log.locator(".theirs").last).to_be_in_viewport()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_zoomed_to_400_percent_nothing_is_cut_off(
        arrive: Arrive, shop_page: ShopPage, language: str) -> None:
    visitor = arrive(f"{shop_page.url}/?lang={language}",
                     viewport={"width": 320, "height": 256}).opens()
    expect(visitor.frame.locator("html")).to_have_attribute("lang", language)
    visitor.says(SMOKE, "")
    visitor.frame.get_by_role("alert").wait_for(timeout=PATIENCE)
    assert visitor.document.evaluate(
        "document.documentElement.scrollWidth - window.innerWidth") <= 0
    visitor.frame.locator(".understood").click()
    visitor.field.fill("Hello")
    expect(visitor.field).to_be_in_viewport()


def test_without_colours_of_its_own_everything_is_there(arrive: Arrive) -> None:
    visitor = arrive(forced_colors="active").opens().says("Hello", "automated")
    border = visitor.frame.locator(".chip, .send").first.evaluate(
        "(button) => getComputedStyle(button).borderTopWidth")
    assert float(border.removesuffix("px")) >= 1


def test_the_transcript_can_be_kept(arrive: Arrive, server: Server) -> None:
    visitor = arrive().opens().says("Hello", "automated")
    visitor.frame.locator("#menu-button").click()
    with visitor.page.expect_download() as download:
        visitor.frame.get_by_role("button", name="Save the conversation").click()
    assert re.fullmatch(r"conversation-\d{4}-\d\d-\d\d\.txt", download.value.suggested_filename)
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert "You: Hello" in text and "Assistant: " in text
    alone = visitor.new_tab(f"{server.url}/widget/")
    expect(alone.locator(".bubble").last).to_be_visible()
    alone.emulate_media(media="print")
    expect(alone.locator(".composer")).to_be_hidden()
    expect(alone.locator(".bubble").first).to_be_visible()
