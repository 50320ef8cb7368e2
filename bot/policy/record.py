"""A decision as a value: what is stored, what is shown, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from bot.policy.dates import to_iso
from bot.policy.facts import Account, Fact, State
from bot.policy.purchase import Purchase


class Outcome(str, Enum):
    """The contract's outcomes, by precedence."""

    UNVERIFIED = "unverified"
    NOT_COVERED = "not_covered"
    NEEDS_REVIEW = "needs_review"
    COVERED = "covered"


@dataclass(frozen=True)
class Result:
    """One rule's answer and the facts it used."""

    reason: str
    state: State
    facts: tuple[Fact, ...]

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object."""
        facts = [fact.to_json() for fact in self.facts]
        return {"reason": self.reason, "state": self.state.value, "facts": facts}


@dataclass(frozen=True)
class Decision:
    """What was decided, by which terms, from which facts. Provisional: final after inspection."""

    outcome: Outcome
    reasons: tuple[str, ...]
    clauses: tuple[str, ...]
    order_number: str | None
    item: str | None
    invoice_date: date | None
    guarantee_ends: date | None
    policy_version: str
    terms_hash: str
    results: tuple[Result, ...]
    purchase: Purchase
    account: Account
    today: date

    def public(self) -> dict[str, Any]:
        """The contract's `decision`: what the slot and the custom payload carry."""
        return {
            "outcome": self.outcome.value,
            "reasons": list(self.reasons),
            "clauses": list(self.clauses),
            "order_number": self.order_number,
            "item": self.item,
            "invoice_date": to_iso(self.invoice_date),
            "guarantee_ends": to_iso(self.guarantee_ends),
            "policy_version": self.policy_version,
        }

    def record(self) -> dict[str, Any]:
        """All of it as a JSON object, to be stored and replayed."""
        return {
            **self.public(),
            "terms_hash": self.terms_hash,
            "results": [result.to_json() for result in self.results],
            "purchase": self.purchase.to_json(),
            "account": self.account.to_json(),
            "today": self.today.isoformat(),
        }
