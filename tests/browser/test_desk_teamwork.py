"""Agents among themselves: two tabs of one, handing over, merging, and being called."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.colleague import Colleague, wants_a_person
from tests.browser.visitor import PATIENCE
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Comes = Callable[..., Colleague]
#: Notes what the browser would show outside the page.
WATCH_NOTIFICATIONS = """
window.notified = [];
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, options) { window.notified.push(options.body); }
  close() {}
};
"""


def _chooses(agent: Colleague, what: str) -> Any:
    """Opens a dialog from the menu of the conversation."""
    agent.page.get_by_role("button", name="More actions").click()
    agent.page.get_by_role("menuitem", name=what).click()
    return agent.page.get_by_role("dialog")


def _other_tab(agent: Colleague, where: str) -> Any:
    return agent.new_tab(f"{agent.url}/desk/#/{where}")


def test_an_agent_stays_where_their_other_tab_is(colleague: Comes, desk_server: Server) -> None:
    one, other = (wants_a_person(desk_server, f"{which} of two") for which in ("First", "Second"))
    mai, tom = colleague("Mai"), colleague("Tom")
    mai.looks_at(f"all/{one}").reads("First of two")
    mai.claims()
    tom.looks_at(f"all/{one}").reads("First of two")
    head = tom.page.locator(".conversation-head")
    expect(head).to_contain_text("Mai looking", timeout=PATIENCE)
    tab = _other_tab(mai, f"all/{other}")
    tab.locator(".log").get_by_text("Second of two").wait_for(timeout=PATIENCE)
    mai.reply_field.type("I am looking")
    expect(tom.page.locator(".log .typing")).to_contain_text("Mai is typing", timeout=PATIENCE)
    tab.close()
    tom.page.wait_for_timeout(1500)
    expect(head).to_contain_text(re.compile("Mai (typing|looking)"))
    mai.reply_field.type(" again")
    expect(tom.page.locator(".log .typing")).to_contain_text("Mai is typing", timeout=PATIENCE)
    mai.page.close()
    expect(head).not_to_contain_text(re.compile("Mai (typing|looking)"), timeout=PATIENCE)
    expect(tom.page.locator(".log .typing")).to_have_count(0, timeout=PATIENCE)


def test_a_conversation_is_handed_to_a_colleague_with_a_note(colleague: Comes,
                                                             desk_server: Server) -> None:
    conversation = wants_a_person(desk_server, "Handed over", "handed@example.com")
    tom, mai = colleague("Tom"), colleague("Mai")
    mai.looks_at(f"waiting/{conversation}").reads("Handed over").claims()
    dialog = _chooses(mai, "Transfer")
    expect(dialog.get_by_label("To whom")).to_contain_text("Tom (online, 0 of 20)")
    dialog.get_by_label("To whom").select_option(label="Tom (online, 0 of 20)")
    dialog.get_by_label("Note for them").fill("The seal is what matters.")
    dialog.get_by_role("button", name="Transfer").click()
    expect(mai.page.locator(".conversation-state")).to_contain_text(
        "Tom has this conversation", timeout=PATIENCE)
    tom.page.get_by_role("link", name="The conversation with handed@example.com was handed to you"
                         ).click(timeout=PATIENCE)
    tom.reads("The seal is what matters.")
    expect(tom.page.locator(".conversation-state")).to_contain_text("You have this conversation")


def test_two_customers_are_kept_apart_and_an_unknown_one_is_asked_about(
        colleague: Comes, desk_server: Server) -> None:
    ann = wants_a_person(desk_server, "Merge: Ann", "ann@example.com")
    wants_a_person(desk_server, "Merge: Bob", "bob@example.com")
    unknown = wants_a_person(desk_server, "Merge: unknown")
    lea = colleague("Lea", role="lead").looks_at(f"waiting/{ann}").reads("Merge: Ann")
    dialog = _chooses(lea, "Merge")
    into = dialog.get_by_label("The conversation to keep")

    def choose(words: str) -> None:
        option = into.locator("option").filter(has_text=words)
        into.select_option(value=option.get_attribute("value"))
        dialog.get_by_role("button", name="Merge", exact=True).click()

    choose("Merge: Bob")
    expect(dialog.get_by_role("alert")).to_have_text(
        "These conversations are of different customers.", timeout=PATIENCE)
    choose("Merge: unknown")
    expect(dialog).to_contain_text("Nothing proves that both are of the same customer",
                                   timeout=PATIENCE)
    assert lea.axe_page() == []
    dialog.get_by_role("button", name="It is the same customer: merge").click()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    lea.reads("Merge: unknown")
    assert lea.page.evaluate("location.hash").endswith(unknown)
    expect(lea.page.locator(".earlier")).to_contain_text("Merge: Ann", timeout=PATIENCE)
    expect(lea.page.locator(".row").filter(has_text="Merge: Ann")).to_have_count(0)


def test_whoever_is_called_in_a_note_is_notified_outside_the_page(colleague: Comes,
                                                                  desk_server: Server) -> None:
    conversation = wants_a_person(desk_server, "Called", "called@example.com")
    tom, mai = colleague("Tomasz"), colleague("Mai")
    tom.page.add_init_script(WATCH_NOTIFICATIONS)
    tom.page.reload()
    tom.is_there().looks_at("profile")
    tom.page.get_by_label("Notifications of the browser").check()
    # As if another window lay above it.
    tom.page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    mai.looks_at(f"all/{conversation}").reads("Called")
    mai.page.get_by_role("button", name="Note", exact=True).click()
    mai.reply_field.fill("@Tomasz, do you know this one?")
    mai.page.get_by_role("button", name="Add note").click()
    words = "You were mentioned in the conversation with called@example.com"
    tom.page.wait_for_function("(words) => window.notified.includes(words)", arg=words,
                               timeout=PATIENCE)
