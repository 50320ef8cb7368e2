"""The demo orders: one for each situation, true on the day they are loaded, and nobody's."""

from __future__ import annotations

import datetime as dt
import io

import phonenumbers
import pytest
import sqlalchemy as sa

from bot.policy.dates import guarantee_ends
from bot.services.demo import demo_csv, demo_situations, seed_demo
from bot.services.order_import import import_orders
from bot.services.orders import Orders, PlacedOrder
from bot.store.database import Database
from bot.store.tables import Order

TODAY = dt.date(2026, 11, 22)
DAYS = [TODAY, dt.date(2028, 2, 29), dt.date(2028, 3, 1), dt.date(2027, 2, 28)]


def demo_orders(database: Database, today: dt.date = TODAY) -> list[PlacedOrder]:
    seed_demo(database, today)
    orders = Orders(database)
    return [orders.verify(s.order_number, s.order_number, [s.verification])  # type: ignore[misc]
            for s in demo_situations(today)]


def test_every_situation_can_be_verified_as_it_says(database: Database) -> None:
    found = demo_orders(database)
    for situation, order in zip(demo_situations(TODAY), found, strict=True):
        assert order is not None, situation
        assert order.invoice_number == situation.invoice_number
        assert tuple(item.name for item in order.items) == situation.items
        assert (order.invoice_date, order.status) == (situation.invoice_date, situation.status)
    assert len(found) >= 12


def test_the_situations_are_all_there(sqlite_database: Database) -> None:
    orders = demo_orders(sqlite_database)
    ends = [guarantee_ends(o.invoice_date) - TODAY for o in orders if o.invoice_date]
    days = [end.days for end in ends]
    assert 0 in days and -7 in days and min(days) < -365 and max(days) > 340
    statuses = {order.status for order in orders}
    assert statuses == {"unshipped", "shipped", "delivered", "cancelled", "refunded"}
    assert any(order.invoice_date is None for order in orders)
    assert any(item.is_gift for order in orders for item in order.items)
    assert any(len(order.items) == 2 and not any(i.is_gift for i in order.items)
               for order in orders)
    with sqlite_database.unit_of_work() as session:
        countries = set(session.scalars(sa.select(Order.country)))
    assert {"DE", "CN", "ES", "FR", "GB", "US"} <= countries


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_dates_follow_the_day(today: dt.date) -> None:
    by_words = {s.situation: s for s in demo_situations(today)}
    last_day = next(s for words, s in by_words.items() if "last day" in words)
    ended = next(s for words, s in by_words.items() if "last week" in words)
    assert last_day.invoice_date and ended.invoice_date
    # On 29 February no guarantee ends; the order then ends on 1 March.
    late = dt.timedelta(days=1 if (today.month, today.day) == (2, 29) else 0)
    assert guarantee_ends(last_day.invoice_date) == today + late
    assert guarantee_ends(ended.invoice_date) < today


def test_orders_that_are_there_are_left_alone(database: Database) -> None:
    assert seed_demo(database, TODAY)
    assert not seed_demo(database, TODAY + dt.timedelta(days=9))
    with database.unit_of_work() as session:
        assert session.scalar(sa.select(sa.func.max(Order.invoice_date))) < TODAY


def test_one_order_of_the_shops_own_is_enough_to_load_none(sqlite_database: Database) -> None:
    head, row, *_ = demo_csv(TODAY).splitlines(keepends=True)
    import_orders(sqlite_database, io.StringIO(head + row.replace("CG-204512", "X-1")))
    assert not seed_demo(sqlite_database, TODAY)


def test_nobody_real_can_be_reached(sqlite_database: Database) -> None:
    demo_orders(sqlite_database)
    with sqlite_database.unit_of_work() as session:
        for email, phone in session.execute(sa.select(Order.email, Order.phone)):
            assert email.endswith("@example.com")
            assert phone is None or _fictional(phone), phone


def _fictional(phone: str) -> bool:
    number = phonenumbers.format_number(phonenumbers.parse(phone),
                                        phonenumbers.PhoneNumberFormat.E164)
    us = number.startswith("+1") and number[5:10] == "55501"
    reserved = ("+442079460", "+447700900", "+493023125", "+33199001", "+867550")
    return us or number.startswith(reserved)
