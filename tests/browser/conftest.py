"""A server with demo orders, a shop on another origin, and Chromium."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.engine.model import current_model
from bot.errors import ModelError
from bot.settings import ROOT
from bot.store.database import Database
from bot.store.tables import new_id
from tests.browser.colleague import Colleague, all_gone, come_in, hire, signed_in
from tests.browser.shop_page import ShopPage
from tests.browser.visitor import Visitor, visit
from tests.conversation.orders import Order, placed_orders, write_csv
from tests.conversation.server import Server, run_bot

#: Starts the server with an assistant that is slow over what names it.
SLOW = '''
import asyncio, sys
from bot.engine.actions import InProcessActions
request = InProcessActions.request

async def slow(self, *given, json, **more):
    if "SLOWLY" in ((json["tracker"].get("latest_message") or {}).get("text") or ""):
        await asyncio.sleep(2)
    return await request(self, *given, json=json, **more)

InProcessActions.request = slow
from bot.cli import main
sys.exit(main())
'''


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Playwright and /usr/bin/chromium")


@pytest.fixture(scope="session")
def shop_page() -> Iterator[ShopPage]:
    """A plain shop on origins of its own, under a strict Content-Security-Policy."""
    shop = ShopPage()
    yield shop
    shop.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, shop_page: ShopPage) -> Iterator[Server]:
    """The server whose pages are opened, with the tests' orders and the demo's."""
    try:
        current_model(ROOT / "models")
    except ModelError as error:
        pytest.fail(f"the browser tests need a trained model: {error}", pytrace=False)
    if not (ROOT / "build" / "widget" / "loader.js").is_file():
        pytest.fail("the browser tests need the widget: make web", pytrace=False)
    folder = tmp_path_factory.mktemp("browser")
    database = folder / "shop.db"
    server = Server(database, settings={
        "SEED_DEMO": "1", "WIDGET_ORIGINS": " ".join(shop_page.origins)})
    try:
        server.start()
        shop_page.widget = server.url
        write_csv(folder / "orders.csv", placed_orders())
        done = run_bot("orders", "import", str(folder / "orders.csv"), database=database)
        assert done.returncode == 0, done.stderr
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without anything that goes on the network by itself."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        playwright: Any = importlib.import_module("playwright.sync_api")
    else:
        playwright = pytest.importorskip("playwright.sync_api",
                                         reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield chromium
        chromium.close()


@pytest.fixture
def arrive(browser: Any, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Opens the demo shop, or the page at `url`, as a new visitor; afterwards nothing may have
    gone wrong on it."""
    opened: list[Any] = []

    def arrive(url: str = server.url, **options: Any) -> Visitor:
        entered = visit(browser, url, **options)
        opened.append(entered)
        return entered

    yield arrive
    problems = [problem for visitor in opened for problem in visitor.problems]
    for visitor in opened:
        visitor.leave()
    assert problems == []


@pytest.fixture(scope="session")
def _orders() -> Iterator[Order]:
    return iter(placed_orders()["new"])


@pytest.fixture
def order(_orders: Iterator[Order]) -> Order:
    """An order of one head unit that no other test uses."""
    return next(_orders)


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[str], Path]:
    """Where a picture of that name goes: into the project only with UPDATE_SCREENSHOTS=1."""
    folder = tmp_path
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        folder = Path(__file__).parent / "screenshots"
        folder.mkdir(exist_ok=True)
    return lambda name: folder / f"{name}.png"


@pytest.fixture(scope="session")
def desk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own for the desk: whoever is online there changes what the assistant says.

    Its assistant takes some seconds over a message with the word SLOWLY in it.
    """
    folder = tmp_path_factory.mktemp("desk")
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    server = Server(folder / "desk.db", wrapper=folder / "slow.py",
                    settings={"SEED_DEMO": "1", "WORKING_HOURS": "24/7"})
    try:
        server.start()
        write_csv(folder / "orders.csv", placed_orders())
        done = run_bot("orders", "import", str(folder / "orders.csv"), database=folder / "desk.db")
        assert done.returncode == 0, done.stderr
        yield server
    finally:
        server.stop()


@pytest.fixture
def guest(browser: Any, desk_server: Server) -> Iterator[Callable[..., Visitor]]:
    """Opens the shop of the desk's server as a new visitor, with the chat open."""
    opened: list[Visitor] = []

    def guest(**options: Any) -> Visitor:
        opened.append(visit(browser, desk_server.url, **options))
        return opened[-1].opens()

    yield guest
    problems = [problem for visitor in opened for problem in visitor.problems]
    for visitor in opened:
        visitor.leave()
    assert problems == []


@pytest.fixture
def colleague(browser: Any, desk_server: Server) -> Iterator[Callable[..., Colleague]]:
    """A new agent with the desk open: `colleague("Mai", role="lead")`. Afterwards nobody is there,
    and nothing may have gone wrong on any page."""
    database = Database(f"sqlite:///{desk_server.database}")
    came: list[Colleague] = []

    def colleague(name: str, *, comes_in: bool = True, page: dict[str, Any] | None = None,
                  **values: Any) -> Colleague:
        email = f"agent-{new_id()[:6]}@example.com"
        password = hire(database, email, name=name, **{"role": "agent", "languages": ["en", "de"],
                                                       "capacity": 20, **values})
        came.append(come_in(browser, desk_server.url, email, password, **(page or {})))
        return came[-1].sits_down(signed_in(database, email)) if comes_in else came[-1]

    yield colleague
    problems = [problem for one in came for problem in one.problems]
    for one in came:
        one.leave()
    all_gone(database)
    database.dispose()
    assert problems == []
