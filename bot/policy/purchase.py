"""What the order store says about the item that is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bot.policy.dates import from_iso, to_iso


@dataclass(frozen=True)
class Purchase:
    """One order line. `verified`: the customer proved that it is theirs (policy, clause G).

    `status` is the order store's; `is_gift` marks a free promotional gift of the shop, not
    something that a customer gave to somebody.
    """

    verified: bool
    order_number: str | None = None
    item: str | None = None
    invoice_date: date | None = None
    status: str = ""
    is_gift: bool = False

    def to_json(self) -> dict[str, Any]:
        """The purchase as a JSON object."""
        return {**asdict(self), "invoice_date": to_iso(self.invoice_date)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Purchase:
        """The purchase that `to_json` wrote."""
        return cls(**{**data, "invoice_date": from_iso(data["invoice_date"])})
