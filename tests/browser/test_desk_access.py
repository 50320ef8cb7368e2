"""The desk for everybody: keyboard, screen reader, tablet, zoom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.backstage import conversation_with
from tests.browser.colleague import TABLET, Colleague
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Guest = Callable[..., Visitor]
Comes = Callable[..., Colleague]
PERSON = "I want to talk to a person."


def test_a_conversation_without_a_mouse(guest: Guest, colleague: Comes) -> None:
    mai = colleague("Mai", role="lead")
    customer = guest().says(f"{PERSON} Keyboards only.", "person")
    page = mai.page
    keys = page.keyboard
    expect(page.locator(".row")).to_have_count(1, timeout=PATIENCE)
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert mai.axe_page() == []
    keys.press("Escape")
    keys.press("j")
    mai.reads("Keyboards only.")
    expect(page.locator(".row a[aria-current=true]")).to_be_focused()
    keys.press("c")
    expect(page.locator(".owner-mine")).to_be_visible(timeout=PATIENCE)
    keys.press("r")
    expect(mai.reply_field).to_be_focused()
    keys.type("/")
    expect(page.get_by_role("combobox", name="Search canned replies")).to_be_focused()
    expect(page.locator("#canned-list [role=option]").first).to_be_visible(timeout=PATIENCE)
    assert mai.axe_page() == []
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(mai.reply_field).to_be_focused()
    expect(mai.reply_field).not_to_have_value("")
    mai.reply_field.fill("")
    keys.type("From my keyboard")
    keys.press("Enter")
    customer.hears("From my keyboard")
    keys.press("Escape")
    keys.press("n")
    expect(page.locator("textarea:focus")).to_be_visible()
    keys.type("A note")
    keys.press("Enter")
    expect(page.locator(".note")).to_contain_text("A note", timeout=PATIENCE)
    assert mai.axe_page() == []
    keys.press("Escape")
    keys.press("l")
    page.get_by_role("dialog").get_by_label("Tags").fill("radio, slow")
    keys.press("Enter")
    expect(page.locator(".conversation-state .chip-tag")).to_have_count(2, timeout=PATIENCE)
    keys.press("z")
    expect(page.get_by_role("dialog", name="Snooze")).to_be_visible()
    assert mai.axe_page() == []
    keys.press("Escape")
    keys.press("g")
    keys.press("t")
    expect(page.get_by_role("heading", name="Tickets")).to_be_visible()
    keys.press("g")
    keys.press("m")
    expect(page.locator(".row")).to_have_count(1, timeout=PATIENCE)
    keys.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("Keyboards only")
    expect(page.get_by_role("option").first).to_contain_text("Visitor", timeout=PATIENCE)
    assert mai.axe_page() == []
    keys.press("Enter")
    mai.reads("From my keyboard")


def test_single_keys_can_be_turned_off(colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("profile")
    mai.page.get_by_label("Shortcuts of a single key").uncheck()
    mai.page.locator("h1").first.click()
    mai.page.keyboard.press("?")
    expect(mai.page.get_by_role("dialog")).to_have_count(0)


def test_whoever_waits_is_read_out(guest: Guest, colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("tickets")
    guest().says(f"{PERSON} Tell them.", "person")
    expect(mai.page.locator("p[aria-live=polite]")).not_to_be_empty(timeout=PATIENCE)
    expect(mai.page).to_have_title(re.compile(r"\(1\)"), timeout=PATIENCE)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_free_of_violations(guest: Guest, colleague: Comes, desk_server: Server,
                                          theme: str) -> None:
    ann = colleague("Ann", role="admin", page={"color_scheme": theme})
    customer = guest().says("Ich möchte mit einem Menschen sprechen.", "Person")
    guest().says("There is smoke coming out of my radio!", "")
    expect(ann.page.locator(".row")).to_have_count(2, timeout=PATIENCE)
    assert ann.axe_page() == []
    ann.opens_with("Asked for a person").claims().replies("Guten Tag.")
    customer.hears("Guten Tag.")
    assert ann.axe_page() == []
    ann.page.get_by_role("button", name="More actions").click()
    assert ann.axe_page() == []
    ann.page.get_by_role("menuitem", name="Transfer").click()
    assert ann.axe_page() == []
    ann.page.keyboard.press("Escape")
    for page in ("tickets", "reports", "canned", "staff", "audit", "webhooks", "profile"):
        ann.looks_at(page)
        ann.page.wait_for_timeout(700)
        assert ann.axe_page() == [], page
    assert ann.policy_violations() == []


def test_a_tablet_and_400_percent(guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai = colleague("Mai", page={"viewport": TABLET, "has_touch": True})
    mark = f"{PERSON} On a tablet."
    guest().says(mark, "person")
    conversation = conversation_with(desk_server, mark)
    mai.looks_at(f"waiting/{conversation}").reads("On a tablet.")
    panel = mai.page.get_by_role("complementary", name="Details")
    expect(panel).to_have_count(0)
    mai.page.get_by_role("button", name="Details").click()
    expect(panel).to_be_visible()
    assert mai.axe_page() == []
    panel.get_by_role("button", name="Close").click()
    assert mai.axe_page() == []
    # 1280 x 1024 at 400 %
    mai.page.set_viewport_size({"width": 320, "height": 256})
    for place in (f"waiting/{conversation}", "waiting", "tickets", "profile"):
        mai.looks_at(place)
        mai.page.wait_for_timeout(400)
        assert mai.page.evaluate("document.documentElement.scrollWidth") <= 320, place
        assert mai.axe_page() == [], place
    mai.looks_at(f"waiting/{conversation}").claims().replies("Readable and usable.")
