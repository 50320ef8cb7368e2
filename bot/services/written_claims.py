"""Claims out of what customers write by mail and in the support centre: the order, the fault and
its story, collected over a thread, and what is still missing. A person confirms what is prepared.

A mail's sender is weak proof. It verifies an order whose number the mail itself names, so that a
claim can be prepared for a person; but nothing of the order is told back that was not named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from bot.services.answers import pick_item, remedy_of
from bot.services.claims import Claims, Statement
from bot.services.draft import Draft
from bot.services.heard import Heard, is_emergency, meaning
from bot.services.intake import Intake
from bot.services.orders import (
    ATTEMPTS_PER_CONVERSATION,
    PROOFS_AT_ONCE,
    Item,
    Orders,
    PlacedOrder,
)
from bot.services.patterns import find, likely_order_number
from bot.services.policy_questions import policy_questions
from bot.store.database import Database
from bot.store.tables import Ticket

#: What may be missing, in the order in which it is asked for.
MISSING = ("order_number", "verification", "claim_item", "symptom", "incident", "remedy")
#: From this probability on "nothing happened to it" was said.
_NOTHING_HAPPENED = 0.6
#: From this mass on a mail tells of a fault.
_A_FAULT = 0.4
#: From this probability on a part of a letter says how the customer wants it mended.
_PLAINLY_A_WISH = 0.8
_LONGEST_STATEMENT = 4000
#: Kinds of tickets that a claim may be put on.
_ON_TICKETS = ("claim", "question", "emergency")
_OF_A_CLAIM = ("claim", "incident", "fixed", "remedy", "no_order_number")
#: What is asked for where no fault was told, by what the mail is about.
_OF_AN_ORDER = {"order_status": ("order_number",), "return_refund": ("order_number",),
                "ticket_status": ("order_number",),
                "warranty_check": ("order_number", "verification")}


@dataclass
class Told:
    """What is known of a thread. `order_number` is as the customer wrote it; `draft` has the
    causes and, once the order is verified, its id."""

    draft: Draft = field(default_factory=Draft)
    order_number: str | None = None
    story: str = ""
    claim_id: str | None = None
    topic: str | None = None
    attempts: int = 0
    tried: list[str] = field(default_factory=list)
    nothing_happened: bool = False
    emergency: bool = False
    #: Questions on the policy that were answered in the thread.
    policy_answered: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Told:
        """As a thread keeps it."""
        if not stored:
            return cls()
        rest = {name: value for name, value in stored.items() if name != "slots"}
        return cls(draft=Draft.from_slots(stored["slots"]), **rest)

    def to_json(self) -> dict[str, Any]:
        """For a thread to keep."""
        return {"slots": self.draft.slots(), "order_number": self.order_number,
                "story": self.story, "claim_id": self.claim_id, "topic": self.topic,
                "attempts": self.attempts, "tried": self.tried,
                "nothing_happened": self.nothing_happened, "emergency": self.emergency,
                "policy_answered": self.policy_answered}

    @property
    def is_claim(self) -> bool:
        """Whether a fault was told."""
        return self.draft.symptom is not None

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes that the customer told of, by name."""
        return tuple(name for name, fact in self.draft.facts.items()
                     if fact["state"] == "yes" and name != "consequential_loss")


class WrittenClaims:
    """Reads what was written into `Told`, and prepares claims from it."""

    def __init__(self, database: Database, orders: Orders, claims: Claims, intake: Intake,
                 similarity: Callable[[str, Sequence[str]], Sequence[float]],
                 today: Callable[[], date]) -> None:
        self._database, self._orders, self._claims = database, orders, claims
        self._intake, self._similarity, self._today = intake, similarity, today

    def hear(self, told: Told, heard: Heard, own: str, proofs: Sequence[str] | None,
             asked: Sequence[str], conversation_id: str) -> bool:
        """Takes in what was written. `own` are its sender's words with the signature, where
        numbers stand as well; `proofs` is a mail's sender, if it may count, and None where a form
        has asked for order and proof. Returns whether it is an emergency.
        """
        told.topic = _topic(heard) or told.topic
        urgent = is_emergency(heard, None)
        told.emergency = told.emergency or urgent
        self._take_story(told, heard, asked)
        if proofs is not None:
            numbers = find(own)
            self._verify(told, heard, numbers.order_numbers, [
                *proofs, *heard.emails, *numbers.emails, *heard.phones, *numbers.phones,
                *(numbers.postal_codes if "verification" in asked or told.order_number is None
                  else heard.postal_codes)], conversation_id)
        self._pick_item(told, own)
        return urgent

    def missing(self, told: Told) -> list[str]:
        """What a person will need and nobody has told yet; nothing unless a fault was told."""
        draft = told.draft
        there = {
            "order_number": bool(told.order_number),
            "verification": bool(draft.order_id) or told.attempts >= ATTEMPTS_PER_CONVERSATION,
            "claim_item": draft.line_id is not None,
            "symptom": draft.symptom is not None,
            "incident": bool(told.causes) or told.nothing_happened or draft.incident is not None,
            "remedy": draft.remedy is not None,
        }
        wanted: Sequence[str] = MISSING
        if not told.is_claim and told.topic not in _OF_A_CLAIM:
            wanted = _OF_AN_ORDER.get(told.topic or "", ())
        return [name for name in wanted if not there[name]]

    def evidence_came(self, conversation_id: str) -> None:
        """Files came: claims that needed evidence are a person's turn again."""
        self._claims.evidence_came(conversation_id)

    def put_on(self, told: Told, conversation_id: str, number: str) -> None:
        """Prepares the claim and links it to this ticket, unless that has one or is no claim's."""
        with self._database.unit_of_work() as session:
            session.flush()
            ticket = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
            ticket.order_id = ticket.order_id or told.draft.order_id
            if ticket.kind not in _ON_TICKETS or not told.is_claim:
                return
            if ticket.claim_id is not None and ticket.claim_id != told.claim_id:
                return
            if self._prepare(told, conversation_id) is None:
                return
            session.flush()
            ticket.claim_id, ticket.order_line_id = told.claim_id, told.draft.line_id
            if ticket.kind == "question":
                ticket.kind = "claim"

    def _prepare(self, told: Told, conversation_id: str) -> str | None:
        """Prepares the claim, or adds to it, once order, item and fault are known.

        Returns its number; None as long as something of that is missing.
        """
        draft = told.draft
        if draft.order_id is None or draft.line_id is None or draft.symptom is None:
            return None
        order = self._orders.verified(draft.order_id)
        item = _item(order, draft.line_id)
        if item is None:
            return None
        assessed = self._claims.prepare(
            conversation_id, order, item, draft.account(),
            Statement(draft.symptom[:_LONGEST_STATEMENT], told.story[:_LONGEST_STATEMENT]),
            draft.remedy, self._today(), told.claim_id)
        told.claim_id, draft.claim_number = assessed.claim_id, assessed.number
        return assessed.number

    def _take_story(self, told: Told, heard: Heard, asked: Sequence[str]) -> None:
        draft = told.draft
        about = "incident" if "incident" in asked else None
        before = set(draft.facts)
        self._intake.note_story(draft, heard, meaning(heard, about))
        if draft.symptom is None and "symptom" in asked and len(heard.text) > 12:
            draft.symptom, draft.symptom_kind = heard.text, "other"
        if draft.symptom is None and _tells_a_fault(heard):
            draft.symptom, draft.symptom_kind = heard.text, draft.symptom_kind or "other"
        if heard.most("incident/none_yes") >= _NOTHING_HAPPENED:
            told.nothing_happened = True
        if set(draft.facts) - before or told.nothing_happened:
            draft.incident = draft.incident or heard.text
        remedy = remedy_of(heard, asked="remedy" in asked) or _remedy_in_a_part(heard)
        if remedy and (draft.remedy is None or "remedy" in asked):
            draft.remedy = remedy
        told.story = f"{told.story}\n\n{heard.text}".strip()[:_LONGEST_STATEMENT * 2]

    def _verify(self, told: Told, heard: Heard, numbers: Sequence[str], proofs: Sequence[str],
                conversation_id: str) -> None:
        draft = told.draft
        if draft.order_id is not None:
            return
        named = [*dict.fromkeys([*numbers, *heard.order_numbers])]
        known = next(iter(self._orders.known(named)), None)
        shaped = next((number for number in named if likely_order_number(number)
                       and number in (*heard.likely_numbers, *numbers)), None)
        told.order_number = known or told.order_number or shaped
        given = [*dict.fromkeys(proof for proof in proofs if proof)][:PROOFS_AT_ONCE]
        if not told.order_number or not given or told.attempts >= ATTEMPTS_PER_CONVERSATION:
            return
        trial = sorted([told.order_number, *given])
        if trial == told.tried:
            return  # the same again proves no more than before, and is no attempt
        told.tried = trial
        order = self._orders.verify(conversation_id, told.order_number, given)
        if order is None:
            told.attempts += 1
            return
        draft.order_id, draft.verification = order.order_id, "verified"

    def _pick_item(self, told: Told, own: str) -> None:
        draft = told.draft
        if draft.order_id is None or draft.line_id is not None:
            return
        items = self._orders.verified(draft.order_id).items
        item: Item | None = None
        for text in (own, told.story):
            item = item or pick_item(text, items, self._similarity, named_only=True)
        if item is not None:
            draft.line_id, draft.claim_item = item.line_id, item.name


def _tells_a_fault(heard: Heard) -> bool:
    """Above a question, "Guarantee" by itself sounds like some fault; one with a name is one."""
    vague = ("claim/general",) if policy_questions(heard) else ()
    return max(sum(p for label, p in labels.items() if label.startswith("claim/")
                   and label not in vague)
               for labels in (heard.labels, *heard.clauses)) >= _A_FAULT


def _remedy_in_a_part(heard: Heard) -> str | None:
    """In a letter the wish stands in a sentence of its own, beside all the rest."""
    found = {kind: heard.most(f"remedy/{kind}") for kind in ("repair", "parts")}
    best = max(found, key=lambda kind: found[kind])
    return best if found[best] >= _PLAINLY_A_WISH else None


#: Below this a mail is about nothing in particular.
_PLAINLY_A_TOPIC = 0.4


def _topic(heard: Heard) -> str | None:
    """What a mail is about, if it says so plainly."""
    best = max(heard.intents, key=lambda name: heard.intents[name], default=None)
    if best is None or heard.intents[best] < _PLAINLY_A_TOPIC:
        return None
    return "claim" if best in ("incident", "fixed", "remedy") else best


def _item(order: PlacedOrder, line_id: str) -> Item | None:
    return next((item for item in order.items if item.line_id == line_id), None)
