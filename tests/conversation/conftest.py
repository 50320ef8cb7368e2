"""Two real servers for whole conversations: one whose phone is closed, one that is always open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.model import current_model
from bot.errors import ModelError
from bot.settings import ROOT
from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order, placed_orders, write_csv
from tests.conversation.server import Server, run_bot


@pytest.fixture(scope="session")
def placed() -> dict[str, list[Order]]:
    """The orders of each kind."""
    return placed_orders()


@pytest.fixture(scope="session")
def stocked_database(placed: dict[str, list[Order]],
                     tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the orders, imported with `bot orders import`."""
    try:
        current_model(ROOT / "models")
    except ModelError as error:
        pytest.fail(f"conversations need a trained model: {error}", pytrace=False)
    folder = tmp_path_factory.mktemp("stock")
    write_csv(folder / "orders.csv", placed)
    done = run_bot("orders", "import", str(folder / "orders.csv"), database=folder / "stock.db")
    assert done.returncode == 0, done.stderr
    return folder / "stock.db"


def _shop(stocked: Path, folder: Path, placed: dict[str, list[Order]],
          hours: str) -> Iterator[Shop]:
    with sqlite3.connect(stocked) as source, sqlite3.connect(folder / "shop.db") as copy:
        source.backup(copy)
    server = Server(folder / "shop.db", settings={"WORKING_HOURS": hours}, preloaded=True)
    try:
        server.start()
        shop = Shop(server, placed)
        yield shop
        shop.http.close()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shop(stocked_database: Path, placed: dict[str, list[Order]],
         tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop outside its working hours."""
    yield from _shop(stocked_database, tmp_path_factory.mktemp("closed"), placed, "closed")


@pytest.fixture(scope="session")
def open_shop(stocked_database: Path, placed: dict[str, list[Order]],
              tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop while somebody answers the phone."""
    yield from _shop(stocked_database, tmp_path_factory.mktemp("open"), placed, "24/7")


@pytest.fixture
def customer(shop: Shop) -> Customer:
    """Somebody new, outside the working hours."""
    return shop.customer()


@pytest.fixture
def order(shop: Shop) -> Order:
    """An order of one head unit, bought some weeks ago, that no other test uses."""
    return shop.order()
