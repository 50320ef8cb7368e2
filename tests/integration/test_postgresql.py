"""What only PostgreSQL has: several processes that write at once.

The tests of import, verification, demo, privacy and migrations in `tests/unit` run on PostgreSQL
too, by the fixture `database`: `pytest -m services` runs all of them and these.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from bot.errors import StoreError
from bot.services.demo import demo_situations, seed_demo
from bot.services.order_import import import_orders
from bot.services.privacy import Privacy
from bot.store import tables as t
from bot.store.database import Database
from bot.store.migrate import _LOCK, migrate
from tests.unit.test_orders_import import file

pytestmark = pytest.mark.services


def at_once(work: Callable[[], object], times: int = 4) -> None:
    """Runs `work` in threads that start together; raises what any of them raised."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(times)

    def run() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # handed to the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def count(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_imports_at_once_neither_block_each_other_nor_double_anything(
        postgres_database: Database) -> None:
    rows = [{"order_number": str(n), "email": f"c{n % 50}@example.com"} for n in range(500)]
    turns = iter([rows, rows[::-1], rows, rows[::-1]])
    at_once(lambda: import_orders(postgres_database, file(*next(turns))))
    assert count(postgres_database, t.Order) == count(postgres_database, t.OrderLine) == 500
    assert count(postgres_database, t.Customer) == 50


def test_processes_that_load_the_demo_at_once_load_it_once(postgres_database: Database) -> None:
    today = dt.date(2026, 11, 22)
    at_once(lambda: seed_demo(postgres_database, today))
    assert count(postgres_database, t.Order) == len(demo_situations(today))


def test_erasing_at_once_erases_once(postgres_database: Database) -> None:
    import_orders(postgres_database, file({}))
    at_once(lambda: Privacy(postgres_database).erase("ann@example.com"))
    assert not Privacy(postgres_database).export("ann@example.com")["orders"]
    assert count(postgres_database, t.Order) == 1


def test_a_migration_that_hangs_elsewhere_is_named(
        postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.migrate._LOCK_SECONDS", 1)
    with postgres_database.engine.connect() as connection:
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        with pytest.raises(StoreError, match="another process has been migrating"):
            migrate(postgres_database)
    migrate(postgres_database)
