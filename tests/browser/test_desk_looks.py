"""Pictures of the desk. `make screenshots` takes those in the project anew."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.tables import Conversation, Message, Rating, new_id, utcnow
from tests.browser.backstage import conversation_with
from tests.browser.colleague import TABLET, Colleague
from tests.browser.test_desk_claims import needs_a_person
from tests.browser.test_widget_looks import MAX_PNG, photo
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.orders import Order
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Guest = Callable[..., Visitor]
Comes = Callable[..., Colleague]
Screenshot = Callable[[str], Path]


def _take(agent: Colleague, path: Path) -> None:
    agent.page.wait_for_timeout(500)
    agent.page.screenshot(path=str(path), animations="disabled")
    assert path.stat().st_size < MAX_PNG


def test_a_shift_at_the_desk(guest: Guest, colleague: Comes, order: Order, desk_server: Server,
                             screenshot: Screenshot) -> None:
    lea = colleague("Lea Brandt", role="admin", skills=["claim"])
    colleague("Mai Tran")
    guest().says("Ich möchte mit einem Menschen sprechen.", "")
    guest().says("我想和真人客服谈谈。", "")
    guest().says("Quiero hablar con una persona, por favor.", "")
    customer = needs_a_person(guest(), order, photo())
    guest().says("There is smoke coming out of my radio!", "")
    expect(lea.page.locator(".row")).to_have_count(5, timeout=PATIENCE)
    expect(lea.page.locator(".emergency-bar")).to_be_visible()
    _take(lea, screenshot("desk-inbox"))
    lea.looks_at("emergencies").opens_first().claims()
    lea.replies("Hello, Lea here. Are you at a safe distance from it?")
    conversation = conversation_with(desk_server, order.number)
    lea.looks_at(f"waiting/{conversation}").claims()
    lea.replies("Hello, I am looking at your claim and the photo.")
    customer.hears("I am looking at your claim")
    expect(lea.page.locator(".claim .thumb img")).to_be_visible(timeout=PATIENCE)
    _take(lea, screenshot("desk-claim"))
    lea.page.evaluate("localStorage.setItem('desk.theme', '\"dark\"')")
    lea.page.reload()
    lea.is_there().reads("Hello, I am looking")
    _take(lea, screenshot("desk-dark"))
    lea.page.evaluate("localStorage.setItem('desk.theme', '\"light\"')")
    lea.page.reload()
    lea.page.set_viewport_size(TABLET)
    lea.is_there().reads("Hello, I am looking")
    _take(lea, screenshot("desk-tablet"))


def _a_month_passed(server: Server) -> None:
    """Conversations of the last four weeks, fewer at weekends."""
    chance = random.Random(4)
    languages, topics = ["en"] * 5 + ["de", "de", "fr", "es", "zh"], [
        "claim", "claim", "claim", "warranty_check", "ticket_status", "policy", "order_status"]
    with Database(f"sqlite:///{server.database}").unit_of_work() as session:
        for ago in range(1, 30):
            day = utcnow() - dt.timedelta(days=ago)
            for _ in range(chance.randint(3, 7) if day.weekday() > 4 else chance.randint(11, 24)):
                id_ = new_id()
                session.add(Conversation(
                    id=id_, channel=chance.choice(["chat", "chat", "chat", "rest"]),
                    language=chance.choice(languages), topic=chance.choice(topics),
                    created_at=day))
                session.flush()
                session.add(Message(conversation_id=id_, seq=1, author="customer",
                                    text="My radio is silent.", created_at=day))
                if chance.random() < 0.5:
                    session.add(Rating(conversation_id=id_, stars=chance.choice([3, 4, 5, 5, 5]),
                                       created_at=day))


def test_reports(colleague: Comes, desk_server: Server, screenshot: Screenshot) -> None:
    _a_month_passed(desk_server)
    lea = colleague("Lea Brandt", role="lead").looks_at("reports")
    expect(lea.page.locator(".figures")).to_be_visible(timeout=PATIENCE)
    assert lea.axe_page() == []
    _take(lea, screenshot("desk-reports"))
