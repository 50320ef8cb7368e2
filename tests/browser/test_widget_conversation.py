"""One conversation, whole and in order: over reloads, tabs, pages, bad lines and restarts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.backstage import agent_says, on_socket, stored
from tests.browser.shop_page import ShopPage
from tests.browser.visitor import BROKEN, PATIENCE, Visitor
from tests.conversation.orders import Order
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]
OFFLINE_SECONDS = 60


def _cookie(visitor: Visitor) -> str:
    return str(next(c["value"] for c in visitor.context.cookies() if c["name"] == "chat_visitor"))


def test_a_whole_claim_by_tapping(arrive: Arrive, order: Order) -> None:
    visitor = arrive().opens().gets_a_decision(order)
    card = visitor.log.get_by_role("region", name="Decision")
    expect(card).to_contain_text("Covered")
    expect(card).to_contain_text(order.number)
    visitor.taps("Send it in for repair", "Shall I file it like this?")
    visitor.taps("Yes, file it", "Your claim is filed")
    ticket = visitor.log.get_by_role("region", name="Ticket")
    expect(ticket).to_contain_text(re.compile(r"T-[0-9A-Z]{4,}"))


def test_a_whole_claim_by_typing(arrive: Arrive, order: Order) -> None:
    visitor = arrive().opens().tells_of(order)
    visitor.says("No, it is still the same.", "did anything happen")
    visitor.says("No, nothing happened to it.", "How shall we help?")
    visitor.says("I want to send it in for repair.", "Shall I file it like this?")
    visitor.says("Yes, please file it.", "Your claim is filed")
    expect(visitor.log.get_by_role("region", name="Ticket")).to_be_visible()


def test_reload_second_tab_and_next_page_show_one_conversation(
        arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    visitor = arrive(shop_page.url).opens()
    visitor.says(BROKEN, "order number").says("Is water damage covered?", "water")
    before = visitor.bubbles()
    assert len(before) == len(set(before))
    # It stood open, so it stands open again on the next page; and nothing takes the focus.
    for go in (lambda: visitor.page.reload(), lambda: visitor.page.locator("#next").click()):
        go()
        visitor.is_ready()
        expect(visitor.log.locator(".bubble")).to_have_count(len(before))
        assert visitor.bubbles() == before
        assert visitor.page.evaluate("document.activeElement === document.body")
    second = visitor.in_tab(visitor.new_tab(shop_page.url)).opens()
    assert second.bubbles() == before
    answers = second.log.locator(".theirs").count()
    second.says("I have no order number")
    expect(second.log.locator(".theirs")).not_to_have_count(answers, timeout=PATIENCE)
    expect(visitor.log.locator(".bubble")).to_have_count(second.log.locator(".bubble").count())
    assert visitor.bubbles() == second.bubbles()
    # A new conversation in one tab is the other one's too.
    second.frame.get_by_role("button", name="More", exact=True).click()
    second.frame.get_by_role("button", name="New conversation").click()
    second.frame.get_by_role("button", name="Start a new one").click()
    expect(second.log.locator(".bubble")).to_have_count(0)
    expect(visitor.log.locator(".bubble")).to_have_count(0)
    second.says("Hello", "automated")
    expect(visitor.log.locator(".bubble")).to_have_count(second.log.locator(".bubble").count())


def test_where_the_cookie_is_blocked_the_conversation_is_kept_all_the_same(
        arrive: Arrive, shop_page: ShopPage) -> None:
    visitor = arrive(shop_page.foreign_url).opens().says(BROKEN, "order number")
    assert not any(c["name"] == "chat_visitor" for c in visitor.context.cookies())
    before = visitor.bubbles()
    visitor.page.reload()
    visitor.is_ready()
    expect(visitor.log.locator(".bubble")).to_have_count(len(before))
    assert visitor.bubbles() == before
    assert visitor.violations() == []


@pytest.mark.slow
def test_offline_for_a_minute_with_a_restart_nothing_is_lost_or_doubled(
        arrive: Arrive, server: Server) -> None:
    mark = "My radio has no sound since Tuesday."
    visitor = arrive().opens().says(mark, "order number")
    cookie = _cookie(visitor)
    began = time.monotonic()
    visitor.context.set_offline(True)
    expect(visitor.frame.locator(".status")).to_contain_text("offline", timeout=PATIENCE)
    mine = ["Are you still there?", "I am on the motorway."]
    for text in mine:
        visitor.says(text)
    expect(visitor.log.locator(".is-waiting")).to_have_count(2)
    expect(visitor.log.locator(".is-waiting").first).to_contain_text("Kept, will be sent")

    async def other_device(client: Any) -> Any:
        return await client.call("user_uttered", {"client_msg_id": "other-device-1",
                                                  "message": "Is water damage covered?"})

    assert on_socket(server, cookie, other_device)["seq"] > 0
    ends = time.monotonic() + 20
    while not any(author == "assistant" and "water" in text
                  for author, text in stored(server, mark)):
        assert time.monotonic() < ends, "the assistant did not answer"
        time.sleep(0.2)
    agent_says(server, ["Mei here, I am looking into it.", "Found it."], mark)
    server.kill()
    server.start()
    time.sleep(max(0.0, OFFLINE_SECONDS - (time.monotonic() - began)))
    visitor.context.set_offline(False)
    for text in mine:
        expect(visitor.log.locator(".own:not(.is-waiting, .is-sending)").filter(
            has_text=text)).to_have_count(1, timeout=PATIENCE)
    visitor.hears("Found it.")
    expect(visitor.frame.locator(".status")).to_contain_text("Automated assistant")
    visitor.page.wait_for_timeout(3000)  # whatever else the assistant has to say
    said = [text for _, text in stored(server, mark)]
    assert [said.count(text) for text in mine] == [1, 1]
    assert said.index(mine[0]) < said.index(mine[1])
    shown = visitor.bubbles()
    assert [" ".join(text.split()) for text in shown] == [" ".join(text.split()) for text in said]
    assert visitor.document.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('chat.unsent')).length") == 0


def test_what_was_written_before_a_reload_is_sent_after_it(arrive: Arrive, server: Server) -> None:
    visitor = arrive().opens().says("Hello", "automated")
    visitor.context.set_offline(True)
    visitor.says("Sent from a tunnel.")
    expect(visitor.log.locator(".is-waiting")).to_have_count(1)
    visitor.field.fill("Half a sen")
    # Offline the page itself would not load, so the line is back before it does.
    visitor.page.evaluate("window.stop()")
    visitor.context.set_offline(False)
    visitor.page.reload()
    visitor.is_ready()
    expect(visitor.log.locator(".own").filter(has_text="Sent from a tunnel.")).to_have_count(1)
    expect(visitor.log.locator(".is-waiting, .is-sending")).to_have_count(0, timeout=PATIENCE)
    expect(visitor.field).to_have_value("Half a sen")
    assert [text for _, text in stored(server, "Sent from a tunnel.")].count(
        "Sent from a tunnel.") == 1


def test_each_message_is_added_to_the_log_once(arrive: Arrive) -> None:
    visitor = arrive().opens()
    visitor.document.evaluate("""() => {
        window.added = [];
        new MutationObserver((changes) => {
          for (const change of changes) for (const node of change.addedNodes) {
            if (node.classList?.contains('message')) window.added.push(node.textContent);
          }
        }).observe(document.querySelector('[role=log]'), { childList: true });
    }""")
    visitor.says("Hello", "automated").says(BROKEN, "order number")
    visitor.context.set_offline(True)
    expect(visitor.frame.locator(".status-offline")).to_be_visible(timeout=PATIENCE)
    visitor.context.set_offline(False)
    visitor.is_ready()
    visitor.says("Is water damage covered?", "water")
    added = visitor.document.evaluate("window.added")
    assert len(added) == visitor.log.locator(".message").count()


def test_the_badge_counts_what_came_while_it_was_closed(arrive: Arrive) -> None:
    visitor = arrive().opens()
    # Without a connection, so that the answer cannot come before the chat is closed.
    visitor.context.set_offline(True)
    expect(visitor.frame.locator(".status-offline")).to_be_visible(timeout=PATIENCE)
    visitor.field.fill(BROKEN)
    visitor.field.press("Enter")
    visitor.field.press("Escape")
    visitor.context.set_offline(False)
    expect(visitor.launcher).to_have_accessible_name("Chat with us, new messages: 1",
                                                     timeout=PATIENCE)
    visitor.launcher.click()
    visitor.hears("order number")
    visitor.field.press("Escape")
    expect(visitor.launcher).to_have_accessible_name("Chat with us")
