"""A customer and the people at the desk, side by side."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.backstage import an_hour_passes, conversation_with, stored
from tests.browser.colleague import Colleague
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Guest = Callable[..., Visitor]
Comes = Callable[..., Colleague]
PERSON = "I want to talk to a person."
UNSENT = ".said.is-waiting, .said.is-sending"
SMOKE = "There is smoke coming out of my radio!"


def _wants_a_person(guest: Guest, server: Server, mark: str) -> tuple[Visitor, str]:
    """A customer who waits for a person, and their conversation."""
    customer = guest().says(f"{PERSON} {mark}", "person")
    return customer, conversation_with(server, f"{PERSON} {mark}")


def test_a_customer_and_two_agents_side_by_side(guest: Guest, colleague: Comes,
                                                desk_server: Server) -> None:
    mai, tom = colleague("Mai"), colleague("Tom")
    customer, conversation = _wants_a_person(guest, desk_server, "Please, side by side.")
    mai.looks_at("waiting")
    expect(mai.page.locator(".row")).to_have_count(1, timeout=PATIENCE)
    mai.opens_first()
    tom.looks_at(f"all/{conversation}").reads("side by side")
    expect(mai.page.locator(".conversation-head")).to_contain_text("Tom looking", timeout=PATIENCE)
    mai.claims().replies("Hello, this is Mai. How can I help?")
    customer.hears("Hello, this is Mai")
    expect(customer.frame.locator("body")).to_contain_text("Mai has joined the chat")
    tom.reads("Hello, this is Mai")
    expect(tom.page.locator(".composer")).to_contain_text("Mai answers here")
    expect(tom.page.locator(".conversation-state")).to_contain_text("Mai has this conversation")
    customer.says("My screen is black.")
    mai.reads("My screen is black.")
    tom.reads("My screen is black.")
    mai.reply_field.type("I am looking")
    expect(tom.page.locator(".log .typing")).to_contain_text("Mai is typing", timeout=PATIENCE)
    tom.page.locator(".composer textarea").fill("Ask for the serial number, @Mai")
    tom.page.get_by_role("button", name="Add note").click()
    mai.reads("Ask for the serial number")
    assert "serial number" not in " ".join(customer.bubbles()), "notes are for the team alone"
    mai.reply_field.fill("")
    mai.page.get_by_role("button", name="Hand back").click()
    expect(mai.page.locator(".owner-bot")).to_be_visible(timeout=PATIENCE)
    expect(customer.frame.locator("body")).to_contain_text("The assistant is back")


def test_no_word_of_the_assistant_once_a_person_has_joined(guest: Guest, colleague: Comes,
                                                           desk_server: Server) -> None:
    mai, customer = colleague("Mai"), guest()
    customer.says("Hello", "automated")
    slow = "Until when does the guarantee run? Answer SLOWLY please."
    customer.says(slow)
    conversation = conversation_with(desk_server, slow)
    mai.looks_at(f"all/{conversation}").claims()
    mai.replies("I am here now.")
    customer.hears("I am here now.")
    time.sleep(7)  # longer than the slow turn
    an_hour_passes(desk_server, conversation)
    customer.says("Are you still there?")
    mai.reads("Are you still there?")
    customer.says("/restart")
    mai.reads("/restart")
    time.sleep(2)
    since = stored(desk_server, slow)
    since = since[since.index(("customer", slow)) + 1:]
    assert {author for author, _ in since} <= {"customer", "agent", "withdrawn"}
    shown = customer.bubbles()
    assert shown[shown.index(slow) + 1:] == ["I am here now.", "Are you still there?", "/restart"]
    mai.replies("Yes, I am.")
    customer.hears("Yes, I am.")


def test_of_two_who_claim_at_once_one_wins_and_the_other_learns_who(
        guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai, tom = colleague("Mai"), colleague("Tom")
    _, conversation = _wants_a_person(guest, desk_server, "Who of you is faster?")
    both = [agent.looks_at(f"waiting/{conversation}") for agent in (mai, tom)]
    for agent in both:
        agent.page.locator(".conversation-do .solid").wait_for(timeout=PATIENCE)
    # At the same moment, before either page can hear of the other.
    at = time.time() * 1000 + 400
    for agent in both:
        agent.page.evaluate("""(at) => { setTimeout(() =>
            document.querySelector('.conversation-do .solid').click(), at - Date.now()); }""", at)
    mine = [agent for agent in both if _ends_up(agent, ".owner-mine")]
    assert len(mine) == 1
    loser = tom if mine == [mai] else mai
    winner = "Mai" if mine == [mai] else "Tom"
    expect(loser.page.locator(".conversation-state")).to_contain_text(
        f"{winner} has this conversation", timeout=PATIENCE)
    expect(loser.page.locator(".composer")).to_contain_text(f"{winner} answers here")


def _ends_up(agent: Colleague, state: str) -> bool:
    agent.page.locator(".owner-mine, .owner-agent").wait_for(timeout=PATIENCE)
    return bool(agent.page.locator(state).count())


def test_a_reply_refused_because_somebody_else_was_faster_is_not_lost(
        guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai, tom = colleague("Mai"), colleague("Tom")
    _, conversation = _wants_a_person(guest, desk_server, "A reply is on its way.")
    tom.looks_at(f"waiting/{conversation}").reads("on its way")
    tom.reply_field.fill("Words that took an hour")
    tom.context.set_offline(True)
    tom.page.get_by_role("button", name="Send", exact=True).click()
    mai.looks_at(f"waiting/{conversation}").claims()
    tom.context.set_offline(False)
    failed = tom.page.locator(".said.is-failed")
    expect(failed).to_contain_text("Mai was faster", timeout=PATIENCE)
    expect(failed).to_contain_text("Words that took an hour")
    tom.page.reload()
    tom.is_there()
    expect(tom.page.locator(".said")).to_contain_text(["Words that took an hour"],
                                                      timeout=PATIENCE)


def test_an_emergency_is_seen_and_heard_within_seconds(guest: Guest, colleague: Comes) -> None:
    mai = colleague("Mai").looks_at("tickets")
    mai.page.locator("h1").first.click()  # the first touch, which allows sound
    before = mai.page.evaluate("window.tones")
    begun = time.monotonic()
    customer = guest().says(SMOKE)
    bar = mai.page.get_by_role("alert").filter(has_text="Emergency waiting")
    expect(bar).to_be_visible(timeout=PATIENCE)
    assert time.monotonic() - begun < 10
    assert mai.page.evaluate("window.tones") > before, "it is heard"
    expect(mai.page).to_have_title(re.compile("EMERGENCY"))
    expect(mai.page.locator("link[rel=icon]")).to_have_attribute(
        "href", re.compile("^data:image/png"))
    heard = mai.page.evaluate("window.tones")
    mai.page.wait_for_timeout(5000)
    assert mai.page.evaluate("window.tones") > heard, "until somebody looks"
    bar.get_by_role("link", name="Open now").click()
    mai.reads(SMOKE)
    expect(bar).to_be_hidden()
    mai.claims()
    expect(mai.page).not_to_have_title(re.compile("EMERGENCY"), timeout=PATIENCE)
    quiet = mai.page.evaluate("window.tones")
    mai.page.wait_for_timeout(5000)
    assert mai.page.evaluate("window.tones") == quiet
    mai.replies("Are you safe?")
    customer.hears("Are you safe?")


def test_an_agent_whose_browser_dies_gives_the_customer_back(
        guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai, tom = colleague("Mai"), colleague("Tom").looks_at("waiting")
    customer, conversation = _wants_a_person(guest, desk_server, "Do not let go of me.")
    mai.looks_at(f"waiting/{conversation}").claims().replies("I am with you.")
    customer.hears("I am with you.")
    said = len(customer.log.locator(".theirs").all())
    mai.leave()
    row = tom.page.locator(f".row a[href$='{conversation}']")
    expect(row.locator(".row-wait")).to_be_visible(timeout=75_000)
    expect(customer.log.locator(".theirs")).not_to_have_count(said, timeout=75_000)
    tom.looks_at(f"waiting/{conversation}").claims().replies("Tom here, I take over.")
    customer.hears("Tom here")


def test_keeps_what_is_being_written_and_sends_it_once_when_the_line_is_back(
        guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai: Any = colleague("Mai")
    mark = "Is anybody there on a bad line?"
    customer, conversation = _wants_a_person(guest, desk_server, mark)
    mai.looks_at(f"waiting/{conversation}").claims()
    mai.reply_field.fill("Half a sentence")
    mai.page.reload()
    mai.is_there()
    expect(mai.reply_field).to_have_value("Half a sentence", timeout=PATIENCE)
    mai.context.set_offline(True)
    mai.reply_field.fill("A whole sentence")
    mai.page.get_by_role("button", name="Send", exact=True).click()
    expect(mai.page.locator(UNSENT)).to_be_visible(timeout=PATIENCE)
    expect(mai.page.locator(".line-bar")).to_be_visible(timeout=60_000)
    mai.context.set_offline(False)
    customer.hears("A whole sentence")
    expect(mai.page.locator(UNSENT)).to_have_count(0, timeout=PATIENCE)
    said = stored(desk_server, f"{PERSON} {mark}")
    assert said.count(("agent", "A whole sentence")) == 1
