"""The support centre in a browser: with and without JavaScript, for everybody, in any language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store.database import Database
from bot.store.tables import MailOut, Ticket, TicketEntry
from tests.browser.test_widget_looks import photo
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.conversation.orders import Order
from tests.conversation.server import Server
from tests.hostile import CORPUS

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]
Screenshot = Callable[[str], Path]
SILENT = "My radio has no sound since yesterday, all the speakers are silent."
MAX_PNG = 300_000


def _send(page: Any, wait_for: str, **typed: str) -> None:
    """Fills the form in, sends it, and waits for what follows."""
    for name, text in typed.items():
        page.locator(f"#{name}").fill(text)
    page.locator("form.sheet button.solid").first.click()
    page.locator(wait_for).first.wait_for()


def _take(page: Any, path: Path) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=str(path), animations="disabled")
    assert path.stat().st_size < MAX_PNG


def _shop_answers(server: Server, number: str, text: str) -> None:
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        ticket = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
        ticket.state = "waiting"
        ticket.entries.append(TicketEntry(author="agent", body=text))


def _link(server: Server, email: str) -> str:
    """The path of the last link that was written down for an address."""
    database = Database(f"sqlite:///{server.database}")
    with database.unit_of_work() as session:
        body = session.scalars(sa.select(MailOut.body).where(MailOut.recipient == email)
                               .order_by(MailOut.created_at.desc())).first()
    assert body is not None
    return re.sub(r"^https?://[^/]+|\?.*$", "", body["link"])


def test_a_ticket_from_the_first_word_to_the_rating(
        arrive: Arrive, server: Server, order: Order, screenshot: Screenshot) -> None:
    visitor = arrive(f"{server.url}/support", viewport={**DESKTOP, "height": 1000})
    page = visitor.page
    assert visitor.axe(page) == []
    page.locator("#details").fill(SILENT)
    expect(page.locator("#help")).to_contain_text("Check mute")
    expect(page.locator("#help")).not_to_contain_text("Did that fix it?")
    assert visitor.axe(page) == []
    _take(page, screenshot("support-new"))
    page.locator("#photos").set_input_files(
        {"name": "unit.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    _send(page, ".ticket-number", order_number=order.number, verification=order.postal_code,
          email=order.email)
    number = page.locator(".ticket-number").inner_text().strip()
    assert visitor.axe(page) == []
    page.get_by_role("link", name="Open the ticket").click()
    expect(page.locator(".own .bubble")).to_have_text(SILENT)
    _shop_answers(server, number, "Please hold the reset pin for ten seconds. If it stays silent, "
                                  "we send you a new amplifier board.")
    page.reload()
    expect(page.locator(".by-agent .bubble")).to_be_visible()
    expect(page.locator(".state-waiting")).to_be_visible()
    assert page.locator(".picture img").evaluate("(one) => one.naturalWidth") > 0
    assert visitor.axe(page) == []
    _take(page, screenshot("support-ticket"))
    _send(page, ".banner-good", answer="It works again, thank you.")
    page.get_by_role("button", name="It is solved, close the ticket").click()
    expect(page.locator(".state-closed")).to_be_visible()
    assert visitor.axe(page) == []
    page.get_by_label("5 of 5, very good").check()
    page.get_by_role("button", name="Send the rating").click()
    expect(page.get_by_role("status")).to_contain_text("helps us to do better")
    assert visitor.violations() == []


def test_everything_works_without_javascript(
        arrive: Arrive, server: Server, screenshot: Screenshot) -> None:
    email = "scriptless@example.com"
    visitor = arrive(f"{server.url}/support", viewport=PHONE, java_script_enabled=False)
    page = visitor.page
    _send(page, "#errors", details="There is smoke coming out of my radio!", email="nobody")
    expect(page.locator("#email-error")).to_be_visible()
    expect(page.locator("#details")).to_have_value("There is smoke coming out of my radio!")
    _send(page, ".ticket-number", email=email)
    expect(page.locator(".safety")).to_contain_text("call your local emergency number")
    expect(page.locator(".safety a[href^='tel:']")).to_be_visible()
    _take(page, screenshot("support-emergency"))
    page.goto(server.url + _link(server, email))
    expect(page.locator(".state-urgent")).to_be_visible()
    _send(page, ".banner-good", answer="I am out of the car.")
    page.goto(f"{server.url}/support/links")
    _send(page, ".banner-good", number="CG-404", email=email)


def test_the_language_is_changed_without_losing_a_word(
        arrive: Arrive, server: Server, screenshot: Screenshot) -> None:
    visitor = arrive(f"{server.url}/support", viewport=PHONE)
    page = visitor.page
    page.locator("#details").fill(SILENT)
    page.locator("#language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#details")).to_have_value(SILENT)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    _take(page, screenshot("support-arabic"))


@pytest.mark.parametrize("language", ["ar", "de", "ja", "ru", "th"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_page(
        arrive: Arrive, server: Server, language: str, scheme: str) -> None:
    email = f"{language}-{scheme}@example.com"
    visitor = arrive(f"{server.url}/support", viewport=PHONE, locale=language,
                     color_scheme=scheme)
    page = visitor.page
    _send(page, "#errors", details=" ")
    found = {"errors": visitor.axe(page)}
    _send(page, ".ticket-number", details="Hello", email=email)
    found["sent"] = visitor.axe(page)
    for name, path in {"ticket": _link(server, email), "links": "/support/links",
                       "gone": "/support/t/nothing"}.items():
        page.goto(server.url + path)
        found[name] = visitor.axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    assert not any(found.values()), found


def test_hostile_words_are_words(arrive: Arrive, server: Server) -> None:
    visitor = arrive(f"{server.url}/support")
    page = visitor.page
    _send(page, ".ticket-number", details="\n".join(CORPUS), order_number=CORPUS[0][:60],
          email="harm@example.com")
    page.goto(server.url + _link(server, "harm@example.com"))
    expect(page.locator(".own .bubble").first).to_contain_text("<script>alert(1)</script>")
    assert page.locator("main :is(script, iframe, svg, style, base, img)").count() == 0
    assert visitor.violations() == []


def test_the_shop_and_the_page_without_script_lead_there(arrive: Arrive, server: Server) -> None:
    visitor = arrive(java_script_enabled=False)
    expect(visitor.page.get_by_role("link", name="Open the support centre").last
           ).to_have_attribute("href", "/support")
    visitor.page.goto(f"{server.url}/widget/no-script")
    expect(visitor.page.get_by_role("link", name="Write a ticket in the support centre")
           ).to_have_attribute("href", "/support?language=en")
