"""The loader on a shop's page: quiet until it is wanted, and gone without a trace."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from bot.settings import ROOT
from tests.browser.shop_page import ShopPage
from tests.browser.visitor import CHAT, Visitor
from tests.conversation.server import Server

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
Arrive = Callable[..., Visitor]
BUILT = ROOT / "build" / "widget"


@pytest.mark.parametrize(("files", "limit"), [
    (("loader.js",), 5_000), (("index.html", "chat.js", "chat.css"), 40_000)])
def test_it_is_small(files: tuple[str, ...], limit: int) -> None:
    assert sum(len(gzip.compress((BUILT / name).read_bytes(), 9)) for name in files) <= limit


def test_nothing_happens_before_it_is_opened(
        arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    asked: list[str] = []
    visitor = arrive("about:blank")
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.add_init_script("""window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
          .observe({ type: 'layout-shift', buffered: true });""")
    visitor.page.goto(shop_page.url)
    expect(visitor.launcher).to_be_visible()
    before = visitor.page.evaluate("document.querySelector('main').getBoundingClientRect().top")
    visitor.page.wait_for_timeout(2500)
    assert [url for url in asked if url.startswith(server.url)] == [f"{server.url}/widget.js"]
    assert visitor.context.cookies() == []
    assert visitor.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert visitor.page.evaluate("window.shifts.length") == 0
    assert visitor.page.evaluate("document.styleSheets.length") == 0
    visitor.opens()
    assert visitor.page.evaluate(
        "document.querySelector('main').getBoundingClientRect().top") == before
    assert visitor.violations() == []


def test_options_of_the_script(arrive: Arrive, shop_page: ShopPage) -> None:
    query = urlencode({"position": "left", "colour": "#7a1fa2", "greeting": "Welcome back, Ada",
                       "label": "Ask us", "open-on": "#contact", "language": "ar"})
    visitor = arrive(f"{shop_page.url}/?{query}")
    expect(visitor.launcher).to_have_accessible_name("Ask us")
    box = visitor.launcher.bounding_box()
    assert box is not None and box["x"] < 100
    assert visitor.launcher.evaluate(
        "(button) => getComputedStyle(button).backgroundColor") == "rgb(122, 31, 162)"
    visitor.page.get_by_role("button", name="Contact Us").click()
    visitor.is_ready()
    expect(visitor.frame.get_by_role("heading", name="Welcome back, Ada")).to_be_visible()
    expect(visitor.frame.locator("html")).to_have_attribute("dir", "rtl")
    assert visitor.frame.locator(".send").evaluate(
        "(send) => getComputedStyle(send.closest('html')).getPropertyValue('--accent').trim()"
    ) == "rgb(122 31 162)"
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#contact")).to_be_focused()
    assert visitor.violations() == []


def test_it_opens_by_link_and_by_script(arrive: Arrive, shop_page: ShopPage) -> None:
    visitor = arrive(shop_page.url)
    visitor.page.locator("#link").click()
    visitor.is_ready()
    visitor.field.press("Escape")
    expect(visitor.page.locator("#link")).to_be_focused()
    visitor.page.evaluate("window.aftersaleChat.open({ text: 'CG2026-000100' })")
    expect(visitor.field).to_have_value("CG2026-000100")
    expect(visitor.field).to_be_focused()
    visitor.page.evaluate("window.aftersaleChat.toggle()")
    expect(visitor.page.locator(CHAT)).to_be_hidden()
    fresh = arrive(f"{shop_page.url}/#aftersale-chat")
    fresh.is_ready()


def test_it_survives_pages_that_rebuild_themselves(arrive: Arrive, shop_page: ShopPage) -> None:
    visitor = arrive(shop_page.url).opens().says("Hello", "automated")
    before = visitor.bubbles()
    visitor.page.evaluate("""() => {
        const body = document.createElement('body');
        body.append(document.createElement('main'));
        document.documentElement.replaceChild(body, document.body);
    }""")
    expect(visitor.launcher.or_(visitor.page.locator(CHAT)).first).to_be_attached()
    visitor.is_ready()
    expect(visitor.log.locator(".bubble")).to_have_count(len(before))
    visitor.page.evaluate("document.body.replaceChildren()")
    visitor.is_ready()
    visitor.says("Is water damage covered?", "water")


def test_messages_of_other_windows_mean_nothing(
        arrive: Arrive, shop_page: ShopPage, server: Server) -> None:
    visitor = arrive(shop_page.url).opens()
    # To the shop's page, as if from the chat; and to the chat, as if from the shop's page.
    visitor.page.evaluate("window.postMessage({ aftersale: { type: 'close' } }, '*')")
    visitor.document.evaluate(
        "window.postMessage({ aftersale: { type: 'open', text: 'not mine' } }, '*')")
    visitor.page.wait_for_timeout(300)
    expect(visitor.page.locator(CHAT)).to_be_visible()
    expect(visitor.field).to_have_value("")


def test_only_the_shops_own_pages_may_frame_it(arrive: Arrive, server: Server) -> None:
    visitor = arrive("about:blank")
    answer = visitor.context.request.get(f"{server.url}/widget/")
    policy = answer.headers["content-security-policy"]
    frames = next(part for part in policy.split(";") if "frame-ancestors" in part)
    assert "*" not in frames and "'self'" in frames


def test_without_javascript_there_are_other_ways(browser: object, arrive: Arrive,
                                                 server: Server) -> None:
    visitor = arrive(f"{server.url}/widget/", java_script_enabled=False)
    link = visitor.page.get_by_role("link")
    assert link.get_attribute("href") == "/widget/no-script"
    visitor.page.goto(f"{server.url}/widget/no-script")
    expect(visitor.page.locator("a[href^='tel:']")).to_be_visible()
    expect(visitor.page.locator("a[href^='mailto:']").first).to_be_visible()
