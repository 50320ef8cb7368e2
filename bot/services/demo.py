"""Demo orders for a new installation, with dates that are fresh on the day they are loaded."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from bot.services.order_csv import COLUMNS
from bot.services.order_import import import_orders
from bot.store.database import Database
from bot.store.tables import Order

ORDERS_FILE = Path(__file__).with_name("demo_orders.yml")


@dataclass(frozen=True)
class DemoSituation:
    """A demo order to try: its numbers, one proof that verifies its customer, its items' names,
    and what it shows, in a few words."""

    order_number: str
    invoice_number: str
    verification: str
    items: tuple[str, ...]
    situation: str
    invoice_date: dt.date | None
    status: str


def seed_demo(database: Database, today: dt.date) -> bool:
    """Loads the demo orders if the database has no orders at all; says whether it did.

    In: `today`, in the shop's time zone. Two processes at once are safe: an import updates.
    Raises StoreError when the database cannot be written.
    """
    with database.unit_of_work() as session:
        if session.scalar(sa.select(Order.id).limit(1)) is not None:
            return False
    import_orders(database, io.StringIO(demo_csv(today)))
    return True


def demo_csv(today: dt.date) -> str:
    """The demo orders as a file of the contract's format; also a sample to edit."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    for order in _orders():
        head = {name: order[name] for name in COLUMNS if name in order}
        head["invoice_date"] = _invoice_date(order, today) or ""
        for item in order["items"]:
            writer.writerow({
                **head, "sku": item["sku"], "product_name": item["name"],
                "serial_number": item.get("serial", ""), "quantity": 1,
                "unit_price": item["price"], "is_gift": int(item.get("gift", False))})
    return text.getvalue()


def demo_situations(today: dt.date) -> list[DemoSituation]:
    """What a visitor may try. `today` is the day on which the demo was loaded."""
    return [
        DemoSituation(
            order["order_number"], order["invoice_number"], order[order["proof"]],
            tuple(item["name"] for item in order["items"]), order["situation"],
            _invoice_date(order, today), order["status"])
        for order in _orders()
    ]


def _orders() -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = yaml.safe_load(ORDERS_FILE.read_text(encoding="utf-8"))
    return orders


def _invoice_date(order: dict[str, Any], today: dt.date) -> dt.date | None:
    if "invoiced" in order:
        return today + dt.timedelta(days=order["invoiced"])
    if "ends" in order:
        return _a_year_before(today + dt.timedelta(days=order["ends"]))
    return None


def _a_year_before(last_day: dt.date) -> dt.date:
    """The invoice date whose guarantee ends on `last_day` (contract, reason `A`)."""
    try:
        return last_day.replace(year=last_day.year - 1)
    except ValueError:
        # No guarantee ends on 29 February; the next one ends a day later and holds as well.
        return dt.date(last_day.year - 1, 3, 1)
