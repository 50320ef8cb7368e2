"""The orders that the tests' customers placed: enough of each kind that no two tests share one."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.services.order_csv import COLUMNS

RADIO = ("HU-1010", "10.1-inch car head unit HU-1010")
CAMERA = ("RC-70", "Reversing camera RC-70")
CHARGER = ("CH-8", "Car battery charger CH-8")
JUMP_STARTER = ("JS-1200", "Jump starter JS-1200")
HOLDER = ("PH-2", "Phone holder PH-2")

#: Kind: days since the invoice (None: no date), status, items. A "*" marks a gift of the shop.
KINDS: dict[str, tuple[int | None, str, tuple[tuple[str, str], ...]]] = {
    "new": (40, "delivered", (RADIO,)),
    "charger": (40, "delivered", (CHARGER,)),
    "jump starter": (40, "delivered", (JUMP_STARTER,)),
    "two items": (40, "delivered", (RADIO, CAMERA)),
    "with a gift": (40, "delivered", (RADIO, (HOLDER[0], f"{HOLDER[1]}*"))),
    "just ended": (375, "delivered", (RADIO,)),
    "old": (800, "delivered", (RADIO,)),
    "cancelled": (40, "cancelled", (RADIO,)),
    "refunded": (40, "refunded", (RADIO,)),
    "unshipped": (2, "unshipped", (RADIO,)),
    "shipped": (5, "shipped", (RADIO,)),
    "undated": (None, "delivered", (RADIO,)),
}
OF_EACH_KIND = 60
OF_THE_USUAL_KIND = 300


@dataclass(frozen=True)
class Order:
    """An order as its customer knows it."""

    number: str
    invoice: str
    email: str
    phone: str
    postal_code: str
    invoiced: dt.date | None
    items: tuple[str, ...]

    @property
    def guarantee_ends(self) -> dt.date:
        """The last day, one calendar year after the invoice."""
        assert self.invoiced is not None
        try:
            return self.invoiced.replace(year=self.invoiced.year + 1)
        except ValueError:
            return self.invoiced.replace(year=self.invoiced.year + 1, day=28)


def today() -> dt.date:
    """Today in the shop's time zone."""
    return dt.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date()


def placed_orders() -> dict[str, list[Order]]:
    """The orders of each kind. The same in every process of a day."""
    numbers = itertools.count(100)
    amounts = {kind: OF_THE_USUAL_KIND if kind == "new" else OF_EACH_KIND for kind in KINDS}
    return {kind: [_order(next(numbers), kind) for _ in range(amounts[kind])] for kind in KINDS}


def _order(n: int, kind: str) -> Order:
    ago, _, items = KINDS[kind]
    invoiced = None if ago is None else today() - dt.timedelta(days=ago)
    return Order(f"CG2026-{n:06}", f"INV-{n:06}", f"customer{n}@example.com",
                 f"+44 20 7946 {n:04}", f"{n + 10_000}", invoiced,
                 tuple(name.rstrip("*") for _, name in items))


def write_csv(path: Path, orders: dict[str, list[Order]]) -> None:
    """Writes the orders as an import file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for kind, placed in orders.items():
            for order in placed:
                writer.writerows(_rows(order, kind))


def _rows(order: Order, kind: str) -> Iterator[dict[str, Any]]:
    _, status, items = KINDS[kind]
    for sku, name in items:
        yield {
            "order_number": order.number, "invoice_number": order.invoice,
            "invoice_date": order.invoiced.isoformat() if order.invoiced else "",
            "status": status, "customer_name": "Ada Example", "email": order.email,
            "phone": order.phone, "postal_code": order.postal_code, "country": "US", "sku": sku,
            "product_name": name.rstrip("*"), "serial_number": "", "quantity": 1,
            "unit_price": "99.00", "currency": "USD", "is_gift": int(name.endswith("*")),
        }
