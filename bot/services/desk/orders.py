"""An order with the guarantee of each item, as agents see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from bot.store.tables import Order

#: The last day of the guarantee for an invoice date (`Claims.guarantee_ends`).
GuaranteeEnds = Callable[[dt.date | None], dt.date | None]


def order_view(order: Order, guarantee_ends: GuaranteeEnds, today: dt.date) -> dict[str, Any]:
    """An `Order` of docs/desk-protocol.md. `today` is in the shop's time zone."""
    ends = guarantee_ends(order.invoice_date)
    return {
        "order_number": order.order_number, "invoice_number": order.invoice_number,
        "invoice_date": order.invoice_date.isoformat() if order.invoice_date else None,
        "status": order.status, "customer_name": order.customer.name, "email": order.email,
        "phone": order.phone, "postal_code": order.postal_code, "country": order.country,
        "items": [{
            "line_id": line.id, "sku": line.sku, "product_name": line.product_name,
            "serial_number": line.serial_number, "quantity": line.quantity,
            "unit_price": str(line.unit_price), "currency": line.currency,
            "is_gift": line.is_gift,
            "guarantee_ends": ends.isoformat() if ends and not line.is_gift else None,
            "in_guarantee": bool(ends and not line.is_gift and today <= ends),
        } for line in order.lines],
    }
