"""A claim that the policy leaves to a person, from the chat to the desk and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.colleague import Colleague
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.orders import Order
from tests.hostile import png

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Guest = Callable[..., Visitor]
Comes = Callable[..., Colleague]


def needs_a_person(customer: Visitor, order: Order, photo: bytes | None = None) -> Visitor:
    """A claim that only a person may decide, with a photo."""
    customer.tells_of(order).taps("Still the same", "did anything happen")
    customer.frame.locator("input[type=file]").set_input_files(
        {"name": "inside.png", "mimeType": "image/png", "buffer": photo or png()})
    expect(customer.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    customer.says("My neighbour opened it and tried to repair it.", "Is that right?")
    return customer.says("Yes, that is right.", "your ticket is")


def test_a_review_is_decided_at_the_desk_and_the_customer_sees_it(
        guest: Guest, colleague: Comes, order: Order) -> None:
    mai, lea = colleague("Mai"), colleague("Lea", role="lead")
    customer = needs_a_person(guest(), order)
    mai.looks_at("waiting").opens_with("Review").claims()
    panel = mai.page.get_by_role("complementary", name="Details")
    claim = panel.get_by_role("article")
    expect(claim).to_contain_text("In review", timeout=PATIENCE)
    expect(claim.locator(".verdict")).to_contain_text("Needs review")
    expect(claim.locator(".rule").first).to_contain_text("Misuse or unauthorised repair")
    expect(claim.locator(".rule blockquote").first).not_to_be_empty()
    expect(panel).to_contain_text(order.number)
    expect(panel).to_contain_text("Guarantee until")
    assert mai.axe_page() == []
    claim.get_by_role("button", name="Approve").click()
    dialog = mai.page.get_by_role("dialog")
    assert mai.axe_page() == []
    dialog.get_by_label("Reason").fill("The seal is intact, so it was not opened.")
    dialog.get_by_role("button", name="Approve").click()
    expect(claim).to_contain_text("Approved", timeout=PATIENCE)
    expect(claim).to_contain_text("The seal is intact")
    expect(claim).to_contain_text("Decisions (2)")
    customer.hears("A person has looked at your claim")
    expect(customer.log.get_by_role("region", name="Decision").last).to_contain_text("Covered")
    # The next step, told to the customer too.
    said = customer.log.locator(".theirs").count()
    claim.get_by_role("button", name="Authorise a return").click()
    dialog.get_by_role("button", name="Authorise a return").click()
    expect(claim).to_contain_text("Return authorised", timeout=PATIENCE)
    expect(customer.log.locator(".theirs")).not_to_have_count(said, timeout=PATIENCE)
    # What a person decided, only a lead decides otherwise; and a lead sees every decision.
    lea.looks_at(mai.page.evaluate("location.hash.slice(2)"))
    lea.page.locator(".claim details").filter(has_text="Decisions (2)").locator("summary").click()
    expect(lea.page.locator(".claim .log-list").first).to_contain_text("superseded")
    assert lea.axe_page() == []


def test_evidence_is_asked_for_in_the_agents_words(guest: Guest, colleague: Comes,
                                                   order: Order) -> None:
    mai = colleague("Mai")
    customer = needs_a_person(guest(), order)
    mai.looks_at("waiting").opens_with("Review").claims()
    claim = mai.page.locator(".claim")
    claim.get_by_role("button", name="Ask for evidence").click()
    dialog = mai.page.get_by_role("dialog")
    dialog.get_by_label("What should the customer send?").fill("Please send a photo of the seal.")
    dialog.get_by_role("button", name="Send").click()
    expect(claim).to_contain_text("Evidence wanted", timeout=PATIENCE)
    customer.hears("Please send a photo of the seal.")
    customer.frame.locator("input[type=file]").set_input_files(
        {"name": "seal.png", "mimeType": "image/png", "buffer": png((300, 300))})
    expect(customer.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
    customer.says("Here is the seal.")
    mai.reads("Here is the seal.")
    picture = mai.page.locator(".log").get_by_role("button", name="seal.png")
    picture.click()
    expect(mai.page.get_by_role("dialog").get_by_role("img", name="seal.png")).to_be_visible()
    assert mai.axe_page() == []
    mai.page.keyboard.press("Escape")
    expect(mai.page.get_by_role("dialog")).to_have_count(0)
    expect(picture).to_be_focused()
