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
from tests.browser.shop_page import ShopPage
from tests.browser.visitor import Visitor, visit
from tests.conversation.orders import Order, placed_orders, write_csv
from tests.conversation.server import Server, run_bot


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
