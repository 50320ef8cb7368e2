"""Running the desk: webhooks, canned replies and tickets' histories on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.services.tickets import Tickets
from bot.store.database import Database
from tests.browser.colleague import Colleague, wants_a_person
from tests.browser.visitor import PATIENCE
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Comes = Callable[..., Colleague]


def _dialog(agent: Colleague) -> Any:
    return agent.page.get_by_role("dialog")


def test_a_webhooks_secret_is_shown_once_and_it_can_be_changed_and_removed(
        colleague: Comes) -> None:
    lea = colleague("Lea", role="admin").looks_at("webhooks")
    lea.page.get_by_role("button", name="Add a webhook").click()
    dialog = _dialog(lea)
    dialog.get_by_label("Address").fill("http://192.168.0.1/hook")
    dialog.locator("button[type=submit]").click()
    expect(dialog.get_by_role("alert")).to_contain_text("https", timeout=PATIENCE)
    dialog.get_by_label("Address").fill("https://shop.example/hook")
    dialog.get_by_label("emergency").uncheck()
    dialog.locator("button[type=submit]").click()
    secret = lea.page.locator(".secret")
    expect(secret).to_contain_text("whsec_", timeout=PATIENCE)
    hook = lea.page.locator(".webhook").filter(has_text="https://shop.example/hook")
    expect(hook).to_contain_text("ticket.opened")
    expect(hook).not_to_contain_text("emergency")
    assert lea.axe_page() == []
    lea.looks_at("staff")
    expect(lea.page.get_by_role("heading", name="Staff")).to_be_visible(timeout=PATIENCE)
    expect(secret).to_have_count(0)
    lea.looks_at("webhooks")
    hook.get_by_role("button", name="Remove").click()
    _dialog(lea).get_by_role("button", name="Remove").click()
    expect(hook).to_have_count(0, timeout=PATIENCE)
    lea.looks_at("audit")
    expect(lea.page.locator(".table tbody tr").first).to_contain_text("webhook", timeout=PATIENCE)


def test_a_canned_reply_is_written_found_changed_and_removed(
        colleague: Comes, desk_server: Server) -> None:
    conversation = wants_a_person(desk_server, "Canned!")
    lea = colleague("Lea", role="lead").looks_at("canned")
    lea.page.get_by_role("button", name="Add a reply").click()
    dialog = _dialog(lea)
    dialog.get_by_label("Shortcut").fill("seal")
    dialog.get_by_label("Title").fill("About the seal")
    dialog.get_by_label("English").fill("Please send {customer_nam}")
    dialog.locator("button[type=submit]").click()
    expect(dialog.get_by_role("alert")).to_contain_text("customer_nam", timeout=PATIENCE)
    dialog.get_by_label("English").fill("I am {agent_name}. Is the seal broken?")
    dialog.locator("button[type=submit]").click()
    card = lea.page.locator(".canned-list .card-box").filter(has_text="About the seal")
    expect(card).to_be_visible(timeout=PATIENCE)
    lea.looks_at(f"waiting/{conversation}").reads("Canned!")
    lea.reply_field.press("/")
    lea.page.keyboard.type("/seal")
    expect(lea.page.locator(".canned li[aria-selected=true]")).to_contain_text(
        "About the seal", timeout=PATIENCE)
    lea.page.keyboard.press("Enter")
    expect(lea.reply_field).to_have_value("I am Lea. Is the seal broken?")
    lea.looks_at("canned")
    card.get_by_role("button", name="Remove").click()
    _dialog(lea).get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0, timeout=PATIENCE)


def test_a_ticket_shows_what_was_done_and_offers_only_what_may_be(
        colleague: Comes, desk_server: Server) -> None:
    database = Database(f"sqlite:///{desk_server.database}")
    number, other = (Tickets(database).open(
        "question", "No sound", "It has no sound.", conversation_id=f"history-{name}",
        customer_email=f"{name}@example.com").number for name in ("ann", "bob"))
    lea = colleague("Lea", role="lead").looks_at(f"tickets/{number}")
    lea.page.get_by_role("button", name="Change").click()
    dialog = _dialog(lea)
    dialog.get_by_label("State").select_option("closed")
    dialog.get_by_label("Priority").select_option("high")
    dialog.get_by_role("button", name="Save").click()
    history = lea.page.get_by_role("region", name="History")
    expect(history).to_contain_text("State: Open → Closed", timeout=PATIENCE)
    expect(history).to_contain_text("Priority: Normal → High")
    expect(history.get_by_role("listitem").last).to_contain_text("Lea")
    assert lea.axe_page() == []
    lea.page.get_by_role("button", name="Change").click()
    assert dialog.get_by_label("State").locator("option").all_inner_texts() == ["Closed", "Open"]
    lea.page.keyboard.press("Escape")
    lea.page.get_by_role("button", name="Merge", exact=True).click()
    for into, why in (("T-NOTHERE", "There is no ticket T-NOTHERE."),
                      (other, "Tickets of two customers are not merged.")):
        dialog.get_by_label("Number of the ticket to keep").fill(into)
        dialog.get_by_role("button", name="Merge", exact=True).click()
        expect(dialog.get_by_role("alert")).to_have_text(why, timeout=PATIENCE)
