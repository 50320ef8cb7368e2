"""What only PostgreSQL has: several processes that write at once.

The tests of import, verification, demo, privacy and migrations in `tests/unit` run on PostgreSQL
too, by the fixture `database`: `pytest -m services` runs all of them and these.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.channels.email.delivery import MailDelivery
from bot.errors import StoreError
from bot.policy import load_terms
from bot.services.attachments import Attachments
from bot.services.claims import Claims
from bot.services.demo import demo_situations, seed_demo
from bot.services.desk.claims import ClaimsDesk, Decider, MayNotOverride
from bot.services.desk.telling import Telling
from bot.services.mail_out import OutgoingMails
from bot.services.order_import import import_orders
from bot.services.privacy import Privacy
from bot.services.ticket_life import TicketLife
from bot.services.tickets import Tickets
from bot.store import tables as t
from bot.store.database import Database
from bot.store.migrate import _LOCK, migrate
from tests.unit.desk_people import begin, hire, write
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


def test_an_answer_that_nobody_read_is_mailed_by_one_process(
        postgres_database: Database, tmp_path: Path) -> None:
    begin(postgres_database, "c", customer_email="ann@customer.example")
    write(postgres_database, "c", "Please send us a photo.", "agent", dt.timedelta(hours=1))
    delivery = MailDelivery(
        postgres_database, OutgoingMails(postgres_database, "shop.example"),
        Attachments(postgres_database, tmp_path), dt.timedelta(minutes=5))
    at_once(delivery.unread_in_chat)
    assert count(postgres_database, t.MailOut) == 1


def test_of_two_agents_who_decide_at_once_one_decides(postgres_database: Database) -> None:
    begin(postgres_database, "c")
    hire(postgres_database, "mai", "jo")
    with postgres_database.unit_of_work() as session:
        session.add(t.Claim(id="claim", number="C-1", conversation_id="c", state="in_review",
                            symptom="black", incident="-"))
        session.flush()
        session.add(t.Decision(claim_id="claim", outcome="needs_review", terms_version="1",
                               terms_hash="-", decided_by="assistant",
                               record={"outcome": "needs_review", "reasons": []}))
    claims = Claims(postgres_database, Tickets(postgres_database), tuple(load_terms()))
    desk = ClaimsDesk(postgres_database, claims, Telling(TicketLife(postgres_database)))
    deciders = iter([("mai", "covered"), ("jo", "not_covered")])
    refused: list[str] = []

    def decide() -> None:
        name, outcome = next(deciders)
        try:
            desk.decide("C-1", outcome, "Looked at it.", Decider(name, name, False))
        except MayNotOverride:
            refused.append(name)

    at_once(decide, 2)
    assert len(refused) == 1
    assert count(postgres_database, t.Decision) == 2
    assert count(postgres_database, t.Message) == 1


def test_a_migration_that_hangs_elsewhere_is_named(
        postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.migrate._LOCK_SECONDS", 1)
    with postgres_database.engine.connect() as connection:
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        with pytest.raises(StoreError, match="another process has been migrating"):
            migrate(postgres_database)
    migrate(postgres_database)
