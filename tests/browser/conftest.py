"""A server with demo orders, and Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.engine.model import current_model
from bot.errors import ModelError
from bot.settings import ROOT
from tests.conversation.orders import Order, placed_orders, write_csv
from tests.conversation.server import Server, run_bot


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Playwright and /usr/bin/chromium")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server whose page is opened, with the tests' orders and the demo's."""
    try:
        current_model(ROOT / "models")
    except ModelError as error:
        pytest.fail(f"the browser tests need a trained model: {error}", pytrace=False)
    folder = tmp_path_factory.mktemp("browser")
    database = folder / "shop.db"
    server = Server(database, settings={"SEED_DEMO": "1"})
    try:
        server.start()
        write_csv(folder / "orders.csv", placed_orders())
        done = run_bot("orders", "import", str(folder / "orders.csv"), database=database)
        assert done.returncode == 0, done.stderr
        yield server
    finally:
        server.stop()


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
