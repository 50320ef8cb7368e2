"""Words, names and files that mean harm, on the pages of those who help."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bot.store.database import Database
from bot.store.tables import ConversationTag, Note, StaffMember
from tests.browser.backstage import agent_says, conversation_with
from tests.browser.colleague import Colleague
from tests.browser.test_widget_hostile import NAMES
from tests.browser.visitor import PATIENCE, Visitor
from tests.conversation.server import Server
from tests.hostile import CORPUS, png

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Guest = Callable[..., Visitor]
Comes = Callable[..., Colleague]


def test_hostile_words_are_words(guest: Guest, colleague: Comes, desk_server: Server) -> None:
    mai = colleague("<img src=x onerror=alert(1)>", role="admin")
    mark = "I want to talk to a person about hostile words."
    customer = guest().says(mark, "person")
    conversation = conversation_with(desk_server, mark)
    agent_says(desk_server, CORPUS, mark, name=CORPUS[1],
               buttons=[{"title": CORPUS[0], "payload": CORPUS[4]}],
               custom={"type": "decision", "outcome": "not_covered", "item": CORPUS[0],
                       "reasons": [CORPUS[1]], "clauses": [CORPUS[2]], "policy_version": CORPUS[3]})
    _write_on(desk_server, conversation)
    for name in NAMES[:2]:
        customer.frame.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "image/png", "buffer": png()})
        expect(customer.frame.locator(".upload .sent")).to_be_visible(timeout=PATIENCE)
        customer.says(f"{CORPUS[0]} {CORPUS[4]}")
        expect(customer.frame.locator(".upload")).to_have_count(0, timeout=PATIENCE)
    mai.looks_at(f"all/{conversation}").reads(CORPUS[-1])
    for text in CORPUS:
        assert mai.log_text.locator(".said-text").filter(has_text=text.strip()).count() >= 1
    assert mai.page.locator(".note .said-text").all_inner_texts() == CORPUS
    mai.page.keyboard.press("Control+k")
    mai.page.get_by_role("combobox", name="Search").fill("hostile")
    expect(mai.page.get_by_role("option").first).to_be_visible(timeout=PATIENCE)
    mai.page.keyboard.press("Escape")
    for page in ("staff", "audit", "tickets", "canned", "profile"):
        mai.looks_at(page)
        expect(mai.page.locator(".page h1")).to_be_visible()
    strange = mai.page.evaluate("""() => [...document.querySelectorAll(
        'script:not([src]), iframe, object, form[action], base, [onerror], [onload], [onmouseover]'
        )].length""")
    assert strange == 0
    links = mai.page.evaluate("[...document.querySelectorAll('a')].map((one) => one.protocol)")
    assert not {"javascript:", "data:", "vbscript:"} & set(links)
    assert mai.policy_violations() == []


def _write_on(server: Server, conversation: str) -> None:
    """Notes and tags of a colleague, full of harm."""
    with Database(f"sqlite:///{server.database}").unit_of_work() as session:
        author = session.query(StaffMember).first()
        for text in CORPUS:
            session.add(Note(conversation_id=conversation, staff_id=author.id, body=text))
            session.flush()
        session.add(ConversationTag(conversation_id=conversation, tag=CORPUS[0]))


def test_the_page_lets_nobody_frame_it_and_runs_nothing_inline(desk_server: Server) -> None:
    answer = httpx.get(f"{desk_server.url}/desk", follow_redirects=True)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<style" not in answer.text and " style=" not in answer.text
    assert httpx.get(f"{desk_server.url}/desk/..%2fwidget%2floader.js").status_code == 404
    script = httpx.get(f"{desk_server.url}/desk/desk.js", headers={"Accept-Encoding": "gzip"})
    again = httpx.get(f"{desk_server.url}/desk/desk.js",
                      headers={"If-None-Match": script.headers["etag"]})
    assert (script.status_code, again.status_code) == (200, 304)
