"""What is known about a claim: each fact yes, no or unknown, with its source and its message.

Everything here goes to JSON and back unchanged, so that a decision can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any

from bot.policy.dates import from_iso, to_iso
from bot.policy.purchase import Purchase as Purchase


class State(str, Enum):
    """Unknown is never yes and never no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Source(str, Enum):
    """Who says so: the order store, the customer's own words, their read-back answer, an agent."""

    STORE = "store"
    WORDS = "words"
    CONFIRMATION = "confirmation"
    AGENT = "agent"


MISUSE, LOSS, SHOP_UPDATE = "B", "consequential_loss", "shop_update"

CAUSES: tuple[str, ...] = (
    "C", "D", "E", "F", "wear", "outer_covering", "battery_exhaustion", "accident", "act_of_god",
    "negligence", "misapplication", "faulty_installation", "against_manual",
)  # fmt: skip
"""Reasons that exclude a claim only once the customer confirms them, in the contract's order."""


@dataclass(frozen=True)
class Fact:
    """One fact: a reason's name (or `shop_update`), its state, its source, the message's id."""

    name: str
    state: State
    source: Source
    said_in: str | None = None

    @property
    def sure(self) -> bool:
        """Whether somebody was asked or a record says so; the customer's own words are not sure."""
        return self.source is not Source.WORDS

    def to_json(self) -> dict[str, Any]:
        """The fact as a JSON object."""
        return {"name": self.name, "state": self.state.value, "source": self.source.value,
                "said_in": self.said_in}  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fact:
        """The fact that `to_json` wrote."""
        return cls(data["name"], State(data["state"]), Source(data["source"]), data.get("said_in"))


@dataclass(frozen=True)
class Account:
    """The customer's side of a claim.

    In: what was said about each cause (`causes`), about misuse or unauthorised repair (`misuse`,
    reason B), compensation asked for (`consequential_loss`), whether an update came from the shop
    (`shop_update`, which then is no reason C), when the fault first appeared (`fault_date`: None
    with `fault_date_asked` means "I don't know"), and which reasons the customer both asserted and
    denied in their own words (`contradictions`; a read-back answer settles them).
    """

    causes: Mapping[str, Fact] = field(default_factory=dict)
    misuse: Fact | None = None
    consequential_loss: Fact | None = None
    shop_update: Fact | None = None
    fault_date: date | None = None
    fault_date_asked: bool = False
    fault_date_said_in: str | None = None
    contradictions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse facts under a wrong name; put the causes into the contract's order."""
        own = {name: self.causes[name] for name in CAUSES if name in self.causes}
        named = {MISUSE: self.misuse, LOSS: self.consequential_loss, SHOP_UPDATE: self.shop_update}
        wrong = set(self.causes) - set(own) | (set(self.contradictions) - {*CAUSES, MISUSE})
        wrong |= {name for name, fact in {**named, **own}.items() if fact and fact.name != name}
        if wrong:
            raise ValueError(f"not a fact of a claim, or under another's name: {sorted(wrong)}")
        # A copy in the contract's order: the order in which things were said must not matter.
        object.__setattr__(self, "causes", own)
        object.__setattr__(self, "contradictions", frozenset(self.contradictions))

    def with_facts(self, facts: Iterable[Fact]) -> Account:
        """A new account with these facts, each put where its name belongs; later ones win."""
        account = self
        for fact in facts:
            if fact.name == MISUSE:
                account = replace(account, misuse=fact)
            elif fact.name == LOSS:
                account = replace(account, consequential_loss=fact)
            elif fact.name == SHOP_UPDATE:
                account = replace(account, shop_update=fact)
            else:
                account = replace(account, causes={**account.causes, fact.name: fact})
        return account

    def to_json(self) -> dict[str, Any]:
        """The account as a JSON object; the same account always gives the same text."""
        single = {"misuse": self.misuse, "consequential_loss": self.consequential_loss,
                  "shop_update": self.shop_update}  # fmt: skip
        return {
            "causes": {name: fact.to_json() for name, fact in self.causes.items()},
            **{name: fact.to_json() if fact else None for name, fact in single.items()},
            "fault_date": to_iso(self.fault_date),
            "fault_date_asked": self.fault_date_asked,
            "fault_date_said_in": self.fault_date_said_in,
            "contradictions": sorted(self.contradictions),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Account:
        """The account that `to_json` wrote."""
        facts = [*data["causes"].values(), data["misuse"], data["consequential_loss"],
                 data["shop_update"]]  # fmt: skip
        empty = cls(
            fault_date=from_iso(data["fault_date"]),
            fault_date_asked=data["fault_date_asked"],
            fault_date_said_in=data["fault_date_said_in"],
            contradictions=frozenset(data["contradictions"]),
        )
        return empty.with_facts(Fact.from_json(fact) for fact in facts if fact)
