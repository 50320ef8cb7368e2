"""A claim while it is being told: the answers so far, and what was said about its causes.

It travels in the conversation's slots; nothing of it is in the store before it is judged.
"""

from __future__ import annotations

import copy
from collections.abc import Container
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, TypeGuard

from bot.policy import Account, Fact, Source, State
from bot.services.heard import LOSS, CauseHeard

#: The contract's slots that a form asks for. Names and meaning: contract, "Slots".
QUESTIONS = ("order_number", "verification", "claim_item", "symptom", "fixed", "incident",
             "cause_confirmed", "fault_date", "remedy", "claim_confirmed")


@dataclass
class Draft:
    """The state of a claim's conversation. Field names of the slots are the contract's."""

    order_number: str | None = None
    verification: str | None = None
    claim_item: str | None = None
    symptom: str | None = None
    fixed: bool | None = None
    incident: str | None = None
    cause_confirmed: str | None = None
    fault_date: str | None = None
    remedy: str | None = None
    claim_confirmed: bool | None = None
    decision: dict[str, Any] | None = None
    ticket_number: str | None = None
    handoff: dict[str, str] | None = None

    # What is not a slot of its own.
    order_id: str | None = None
    line_id: str | None = None
    proofs: list[str] = field(default_factory=list)
    #: The number of the last attempt: "sorry, typo, my mail is ..." means the same order.
    tried_number: str | None = None
    attempts: int = 0
    attempts_in_message: bool = False
    new_number: bool = False
    symptom_kind: str | None = None
    remedy_note: str = ""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    #: How plainly each cause was told, 0 to 1.
    plainness: dict[str, float] = field(default_factory=dict)
    #: Causes that were told in a part of a message of their own.
    apart: list[str] = field(default_factory=list)
    #: Causes that the last story may mean as well, and how much it sounds like them.
    perhaps: dict[str, float] = field(default_factory=dict)
    reading_back: str | None = None
    read_backs: int = 0
    #: Causes that got a yes which named another one.
    agreed_to: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    claim_id: str | None = None
    claim_number: str | None = None
    goal: str | None = None
    fault_told: bool = False
    waiting_goals: list[str] = field(default_factory=list)
    offer: str | None = None
    misses: dict[str, int] = field(default_factory=dict)
    finished: str | None = None
    heard_message: str | None = None

    @classmethod
    def from_slots(cls, slots: dict[str, Any]) -> Draft:
        """The draft as a conversation's slots hold it."""
        known = {f.name for f in fields(cls)}
        # A copy, for the draft changes its lists and the slots must not change with it unseen.
        slots = copy.deepcopy(slots)
        kept = {k: v for k, v in (slots.get("draft") or {}).items() if k in known}
        return cls(**{**kept, **{name: slots.get(name) for name in SLOTS}})

    def slots(self) -> dict[str, Any]:
        """The slots that hold this draft."""
        everything = asdict(self)
        mine = {name: everything.pop(name) for name in SLOTS}
        return {**mine, "draft": everything}

    def start_over(self) -> None:
        """Begins a new claim: what was learnt about the customer stays, the claim goes."""
        kept = {name: getattr(self, name) for name in
                ("order_number", "verification", "order_id", "proofs", "attempts",
                 "ticket_number", "handoff", "waiting_goals", "goal", "heard_message")}
        self.__init__(**kept)  # type: ignore[misc]

    def take_up_again(self) -> None:
        """Goes on with a claim that ended unverified; what was told of the fault is kept."""
        self.finished = self.decision = self.offer = None
        self.misses = {}

    def forget_order(self) -> None:
        """Another order is meant, or the number was wrong: everything that hung on it goes."""
        self.order_number = self.verification = self.claim_item = None
        self.order_id = self.line_id = None
        self.proofs = []

    # ------------------------------------------------------------ facts

    def note_cause(self, cause: CauseHeard, said_in: str | None) -> None:
        """Keeps what the customer said about a cause in their own words."""
        if cause.state not in ("yes", "no"):
            return
        state = State(cause.state)
        if cause.apart and cause.name not in self.apart:
            self.apart.append(cause.name)
        if cause.name == LOSS and state is State.NO:
            return  # a wish, and no fact that could be in dispute
        if state is State.YES:
            self.plainness[cause.name] = max(cause.confidence, self.plainness.get(cause.name, 0.0))
        before = self.facts.get(cause.name)
        if before and before["source"] != Source.WORDS.value:
            return  # answered at the read-back, which settles it
        if before and before["state"] != state.value and cause.name not in self.contradictions:
            self.contradictions.append(cause.name)
            # A contradiction has to be read back, whichever was said last.
            state = State.YES
        self.facts[cause.name] = Fact(cause.name, state, Source.WORDS, said_in).to_json()

    def forget_faint_causes(self, told: Container[str], below: float) -> None:
        """Drops what was only faintly heard earlier and is not among what is `told` now."""
        for name, fact in list(self.facts.items()):
            if (name not in told and fact["source"] == Source.WORDS.value
                    and fact["state"] == State.YES.value and name not in self.contradictions
                    and self.plainness.get(name, 1.0) < below):
                self.forget_cause(name)

    def may_count(self, cause: str) -> bool:
        """Whether a cause was read back, and the customer did not deny it."""
        fact = self.facts.get(cause, {})
        return (fact.get("source") == Source.CONFIRMATION.value
                and fact["state"] != State.NO.value)

    def told_in_words(self) -> list[str]:
        """Causes told and not yet read back, the plainest first."""
        told = [name for name, fact in self.facts.items() if name != LOSS
                and fact["source"] == Source.WORDS.value and fact["state"] == State.YES.value]
        return sorted(told, key=lambda name: -self.plainness.get(name, 0.0))

    def forget_cause(self, name: str) -> None:
        """Drops a cause that was not meant."""
        self.facts.pop(name, None)
        if name in self.contradictions:
            self.contradictions.remove(name)

    def settle_cause(self, name: str, state: State, said_in: str | None) -> None:
        """Keeps the answer to a read-back."""
        self.facts[name] = Fact(name, state, Source.CONFIRMATION, said_in).to_json()
        if state is not State.UNKNOWN and name in self.contradictions:
            self.contradictions.remove(name)

    def account_facts(self) -> list[Fact]:
        """The facts noted so far."""
        return [Fact.from_json(fact) for fact in self.facts.values()]

    def account(self) -> Account:
        """The facts as the policy judges them."""
        on = date.fromisoformat(self.fault_date) if _is_date(self.fault_date) else None
        return Account(
            fault_date=on, fault_date_asked=self.fault_date is not None,
            contradictions=frozenset(self.contradictions),
        ).with_facts(self.account_facts())


SLOTS = (*QUESTIONS, "decision", "ticket_number", "handoff")


def _is_date(text: str | None) -> TypeGuard[str]:
    try:
        return text is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
