"""Taking a claim in: what an answer changes, and which question comes next.

Knows no wording: it says things by the names of responses (`Say`), which stand in `data/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.policy import (
    Account,
    Purchase,
    Source,
    State,
    causes_to_read_back,
    decide,
    excluded_by_store,
)
from bot.services import causes
from bot.services.answers import pick_item, postal_codes_named, remedy_of
from bot.services.claims import Claims, Statement
from bot.services.draft import Draft
from bot.services.fault_dates import read_fault_date
from bot.services.handoff import Handoffs
from bot.services.heard import Heard, Meaning, meaning
from bot.services.orders import ATTEMPTS_PER_CONVERSATION, Item, Orders, PlacedOrder
from bot.services.symptoms import Symptoms
from bot.store.keys import number_key

#: Times a closed question is put again before a person is offered.
PATIENCE = 2
#: "Still the same" has to be said this plainly, or it is asked once more; that it works again,
#: which closes the claim, more plainly; most plainly behind a no ("no, still … oh, there it is").
STILL_HEARD, FIXED_HEARD, FIXED_AFTER_ALL = 0.45, 0.7, 0.9
#: "It works again" has to outweigh "still broken" by this share.
FIXED_OUTWEIGHS = 0.75


#: Characters up to which a text with digits may be a proof; a pasted log is none.
_A_GIVEN_PROOF = 60

#: What the two kinds of questions about a parcel sound like, in any language.
_PARCEL_WRONG = ("an item is missing from the parcel", "I received the wrong product",
                 "the box arrived damaged and crushed", "the package was open and incomplete")
_PARCEL_UNDER_WAY = ("where is my parcel", "when will my order arrive", "has my order been shipped",
                     "tracking number of my order", "my order has not arrived yet")


@dataclass(frozen=True)
class Say:
    """Something to say: a response's name, what it fills in, and what machines get with it."""

    response: str
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] | None = None


class Intake:
    """Leads a customer through a claim. One method call for each message."""

    def __init__(self, orders: Orders, claims: Claims, handoffs: Handoffs, symptoms: Symptoms,
                 similarity: Callable[[str, Sequence[str]], Sequence[float]],
                 today: Callable[[], date]) -> None:
        self._orders = orders
        self._claims = claims
        self._handoffs = handoffs
        self._symptoms = symptoms
        self._similarity = similarity
        self._today = today

    # ------------------------------------------------------------ hearing

    def hear(self, draft: Draft, heard: Heard, asked: str | None, conversation_id: str,
             means: Meaning | None = None) -> list[Say]:
        """Takes everything in from a message, then what it answers. Changes `draft`."""
        means = means or meaning(heard, asked)
        draft.attempts_in_message = draft.new_number = False
        says = self._take_numbers(draft, heard, asked)
        asks_back = self._asks_back(draft, heard, asked, means)
        if not asks_back:
            self._take_story(draft, heard, asked, means)
        says += self._verify_if_possible(draft, conversation_id)
        if asks_back:
            return says + self._explain(draft, asked)
        answer = getattr(self, f"_answer_{asked}", None)
        if answer is not None and (means.act or not means.aside) and not draft.finished:
            says += answer(draft, heard, means)
        return says

    def _asks_back(self, draft: Draft, heard: Heard, asked: str | None, means: Meaning) -> bool:
        """Whether the answer to a question is one itself: "what do you mean, installed?"."""
        return (means.act == "explain" and asked is not None
                and draft.misses.get(asked, 0) < PATIENCE
                and not self.answers_with_a_number(heard, asked))

    @staticmethod
    def _explain(draft: Draft, asked: str | None) -> list[Say]:
        """What a question is for, and where its answer is found; the question is then put again."""
        assert asked is not None
        draft.misses[asked] = draft.misses.get(asked, 0) + 1
        return [Say(f"utter_explain_{asked}")] if not draft.finished else []

    def _take_numbers(self, draft: Draft, heard: Heard, asked: str | None) -> list[Say]:
        known = _whole(self._orders.known(heard.order_numbers))
        # A customer's number may be mistyped; then it is taken as it looks, if asked for.
        shaped = [n for n in heard.order_numbers if n in heard.likely_numbers]
        if asked == "order_number":
            number = next(iter(known or shaped or heard.order_numbers), None)
        elif asked == "verification" or draft.order_number:
            number = next(iter(known), None)
        else:
            number = next(iter(known or shaped), None)
        says: list[Say] = []
        if number is not None:
            if draft.order_id is None:
                draft.order_number = number
            elif known and not self._orders.is_number_of(draft.order_id, number):
                # Another order of the same customer: its own proof is asked for.
                draft.forget_order()
                draft.order_number = number
                says.append(Say("utter_order_changed"))
            draft.new_number = bool(known)
        if draft.order_id is None:
            draft.proofs = [*dict.fromkeys([*draft.proofs, *self._proofs(draft, heard, asked)])]
            if draft.proofs and draft.order_number is None and not heard.likely_numbers:
                draft.order_number = draft.tried_number
        return says

    def _proofs(self, draft: Draft, heard: Heard, asked: str | None) -> list[str]:
        """What may verify the customer. Digits alone count only as the answer to that question."""
        order = number_key(draft.order_number or "")
        if order not in map(number_key, heard.order_numbers):
            order = ""  # what is like a part of it was not read off it
        if asked == "verification":
            found = list(heard.proofs)
            known = self._orders.known(heard.order_numbers)
            given = len(heard.text) <= _A_GIVEN_PROOF and sum(map(str.isdigit, heard.text)) >= 3
            if not found and not known and given:
                # Nothing of a known shape, but it was given as a proof, and counts as one.
                found = [heard.text] if len(heard.text) <= 15 else list(heard.order_numbers[:1])
        else:
            found = list(heard.emails)
            # Nine bare digits are rather another order's number.
            found += [p for p in heard.phones if (p[0] in "+0(" and sum(map(str.isdigit, p)) >= 9)
                      or sum(map(str.isdigit, p)) >= 10]
            # "CG-1001, 10115": beside the number that was asked for, digits are the postal code.
            # Whether the shop knows the number must make no difference here.
            beside = asked == "order_number" and bool(heard.likely_numbers)
            named = postal_codes_named(heard.text)
            found += [p for p in heard.postal_codes
                      if beside or any(c.isalpha() for c in p) or p in named]
        return [p for p in found if number_key(p) not in order or not order]

    def _take_story(self, draft: Draft, heard: Heard, asked: str | None, means: Meaning) -> None:
        draft.mentions = [*draft.mentions, heard.text][-6:]
        causes.take_in(draft, heard, asked)
        if draft.symptom is None and asked != "symptom":
            kind = self._symptoms.recognise(heard)
            if kind:
                draft.symptom, draft.symptom_kind = heard.text, kind
        remedy = remedy_of(heard)
        if draft.remedy is None and remedy and asked != "remedy":
            draft.remedy = remedy

    # ------------------------------------------------------------ verification

    def names_an_item(self, draft: Draft, text: str) -> bool:
        """Whether a text names one of the order's items."""
        if draft.order_id is None:
            return False
        return pick_item(text, self.order(draft).items, self._similarity) is not None

    def answers_with_a_number(self, heard: Heard, asked: str) -> bool:
        """Whether a number or a proof was asked for and is there."""
        if asked == "order_number":
            return bool(heard.likely_numbers or self._orders.known(heard.order_numbers))
        return asked == "verification" and bool(heard.proofs)

    def note_numbers(self, draft: Draft, heard: Heard) -> None:
        """Keeps an order number that came without a question."""
        self._take_numbers(draft, heard, None)

    def identify(self, draft: Draft, heard: Heard, asked: str | None, conversation_id: str,
                 means: Meaning) -> list[Say]:
        """Takes in who is asking, and nothing else."""
        draft.attempts_in_message = draft.new_number = False
        says = self._take_numbers(draft, heard, asked)
        says += self._verify_if_possible(draft, conversation_id)
        if self._asks_back(draft, heard, asked, means):
            says += self._explain(draft, asked)
        elif (asked in ("order_number", "verification") and means.aside is None
                and not draft.finished):
            says += getattr(self, f"_answer_{asked}")(draft, heard, means)
        return says

    def next_identification(self, draft: Draft) -> str | None:
        """`order_number` or `verification`, if one of them is missing."""
        if draft.finished or draft.order_id:
            return None
        return "verification" if draft.order_number else "order_number"

    def parcel_problem(self, draft: Draft, heard: Heard) -> bool:
        """Whether the parcel is said to be wrong, incomplete or damaged, rather than under way."""
        text = next((m for m in reversed(draft.mentions) if len(m) > 12), heard.text)
        wrong = max(self._similarity(text, _PARCEL_WRONG))
        return wrong > max(self._similarity(text, _PARCEL_UNDER_WAY))

    def _verify_if_possible(self, draft: Draft, conversation_id: str) -> list[Say]:
        if draft.order_id or not draft.order_number or not draft.proofs or draft.finished:
            return []
        order = self._orders.verify(conversation_id, draft.order_number, draft.proofs)
        if order is None:
            draft.attempts += 1
            draft.attempts_in_message = True
            draft.tried_number = draft.order_number
            draft.forget_order()
            if draft.attempts >= ATTEMPTS_PER_CONVERSATION:
                return self._unverified(draft)
            return [Say("utter_not_matched",
                        {"attempts_left": ATTEMPTS_PER_CONVERSATION - draft.attempts})]
        draft.order_id, draft.order_number = order.order_id, order.order_number
        draft.verification, draft.proofs = "verified", []
        if len(order.items) == 1:
            self._take_item(draft, order.items[0])
        else:
            for text in reversed(draft.mentions):
                item = pick_item(text, order.items, self._similarity, named_only=True)
                if item:
                    self._take_item(draft, item)
                    break
        return [Say("utter_verified", {"order_number": order.order_number})]

    @staticmethod
    def _take_item(draft: Draft, item: Item) -> None:
        draft.claim_item, draft.line_id = item.name, item.line_id

    def _unverified(self, draft: Draft) -> list[Say]:
        loss = {k: v for k, v in draft.facts.items() if k == "consequential_loss"}
        account = Account().with_facts(Draft(facts=loss).account_facts())
        decision = decide(Purchase(verified=False), account, self._today(), self._claims.terms)
        draft.forget_order()
        draft.decision, draft.offer, draft.finished = decision.public(), "person", "unverified"
        return [Say("utter_decision_unverified", self._decision_values(draft),
                    {"type": "decision", **draft.decision})]

    # ------------------------------------------------------------ answers, by question

    def _answer_order_number(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        if draft.order_number or draft.order_id or draft.attempts_in_message or heard.proofs:
            return []  # a proof is kept; the number is still to come
        if means.act == "no_order_number":
            return self._unverified(draft)
        if means.act in ("dont_know", "deny"):
            return self._again(draft, "order_number") or self._unverified(draft)
        again = self._again(draft, "order_number")
        if not again and draft.misses["order_number"] == PATIENCE + 1:
            return [Say("utter_offer_person")]
        return again or [Say("utter_again_order_number")]

    def _answer_verification(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        if draft.order_id or draft.attempts_in_message or draft.proofs or draft.new_number:
            return []
        if means.act == "no_order_number":
            return self._unverified(draft)
        return self._again(draft, "verification") or self._unverified(draft)

    def _answer_claim_item(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        if draft.line_id or not draft.order_id:
            return []
        item = pick_item(heard.text, self.order(draft).items, self._similarity)
        if item:
            self._take_item(draft, item)
            return []
        again = self._again(draft, "claim_item")
        if not again:
            # The item is read back before anything is filed; asking for ever helps nobody.
            told = "\n".join(draft.mentions)
            likely = pick_item(told, self.order(draft).items, self._similarity, at_any_rate=True)
            self._take_item(draft, likely or self.order(draft).items[0])
        return again

    def _answer_symptom(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        if draft.symptom is not None:
            return []
        if means.act in ("affirm", "deny", "dont_know") and len(heard.text) < 25:
            again = self._again(draft, "symptom")
            if again:
                return again
        draft.symptom = heard.text
        draft.symptom_kind = self._symptoms.recognise(heard, asked=True) or "other"
        return []

    def _answer_fixed(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        works, still = heard.works_again()
        # "Yes, I tried that. No better." answers another question first.
        plainly_still = still >= STILL_HEARD and still > works
        if means.act == "deny" and heard.clauses and works >= FIXED_AFTER_ALL > still:
            draft.fixed = True
        elif means.act == "deny" or (means.act == "affirm" and plainly_still):
            draft.fixed = False
        elif means.act == "affirm":
            # "It is as it was" looks like a yes; only a yes in so many words closes the claim.
            draft.fixed = heard.opening == "affirm" or heard.pressed or works >= FIXED_HEARD
            if not draft.fixed:
                again = self._again(draft, "fixed")
                if again:
                    draft.fixed = None
                    return again
        elif means.act == "fixed":
            sure = works >= FIXED_OUTWEIGHS * (works + still)
            plain = works >= FIXED_HEARD if works > still else still >= STILL_HEARD
            if not plain or (works > still and not sure):
                again = self._again(draft, "fixed")
                if again:
                    return again
            draft.fixed = sure and plain  # a claim is not closed on a guess
        elif means.act in ("claim", "incident", "dont_know"):
            draft.fixed = False  # whoever goes on about the fault still has it
        else:
            again = self._again(draft, "fixed")
            if again:
                return again
            draft.fixed = False
        if draft.fixed:
            draft.finished = "fixed"
            return [Say("utter_fixed")]
        return []

    def _answer_incident(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        causes.answer_incident(draft, heard, means)
        return []

    def _answer_cause_confirmed(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        cause, again = draft.reading_back, []
        if cause is not None and not causes.answer_read_back(draft, heard, means):
            again = self._again(draft, "cause_confirmed")
            if not again:
                causes.settle(draft, cause, State.UNKNOWN, heard.message_id)
        if any(map(draft.may_count, draft.facts)):
            draft.decision = None  # one that was made before the cause was told no longer holds
        return again

    def _answer_fault_date(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        found = read_fault_date(heard.text, heard.language, heard.dates, self._ends(draft),
                                self._today(), self._similarity)
        if found is None and means.act != "dont_know":
            again = self._again(draft, "fault_date")
            if again:
                return again
        draft.fault_date = found.isoformat() if found else "unknown"
        return []

    def _answer_remedy(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        remedy = remedy_of(heard, asked=True)
        if remedy is None:
            again = self._again(draft, "remedy")
            if again:
                return again
            remedy = "repair"  # read back before it is filed
        draft.remedy, draft.remedy_note = remedy, heard.text
        return []

    def _answer_claim_confirmed(self, draft: Draft, heard: Heard, means: Meaning) -> list[Say]:
        remedy = remedy_of(heard)
        if means.act == "affirm":
            draft.claim_confirmed = True
            draft.finished = "filed"
            return []
        if remedy and remedy != draft.remedy:
            draft.remedy = remedy
            return []
        if means.act == "deny":
            if draft.misses.get("claim_confirmed", 0) >= PATIENCE:
                draft.finished = "cancelled"
                return [Say("utter_claim_not_filed")]
            draft.misses["claim_confirmed"] = draft.misses.get("claim_confirmed", 0) + 1
            return [Say("utter_claim_what_to_correct")]
        if means.act == "claim":
            draft.symptom = heard.text
            return []
        if draft.remedy == "parts" and means.act not in ("dont_know", "cancel"):
            draft.remedy_note = f"{draft.remedy_note}\n{heard.text}".strip()
        return self._again(draft, "claim_confirmed") or []

    def _again(self, draft: Draft, slot: str) -> list[Say]:
        """Puts a question differently, up to PATIENCE times; then an empty list."""
        draft.misses[slot] = draft.misses.get(slot, 0) + 1
        if draft.misses[slot] > PATIENCE:
            return []
        return [Say(f"utter_again_{slot}")]

    # ------------------------------------------------------------ what comes next

    def next_question(self, draft: Draft, conversation_id: str) -> tuple[list[Say], str | None]:
        """What is to be said now and the slot to ask for; None when there is nothing to ask."""
        if draft.finished:
            return [], None
        for slot in ("order_number", "verification"):
            if draft.order_id is None and (slot == "verification" or not draft.order_number):
                return [], slot
        if draft.line_id is None:
            items = self.order(draft).items
            if len(items) != 1:
                return [], "claim_item"
            self._take_item(draft, items[0])
        if draft.decision is None:
            missing = self._missing_fact(draft)
            if missing:
                return [], missing
            says = self._decide(draft, conversation_id)
            if draft.finished:
                return says, None
        else:
            says = []
            draft.reading_back = self._told_late(draft)
            if draft.reading_back:
                return says, "cause_confirmed"
        if draft.remedy is None:
            return says, "remedy"
        if not draft.claim_confirmed:
            return says, "claim_confirmed"
        return says, None

    def _missing_fact(self, draft: Draft) -> str | None:
        if draft.symptom is None:
            return "symptom"
        if draft.fixed is None:
            if self._symptoms.has_steps(draft.symptom_kind):
                return "fixed"
            draft.fixed = False
        purchase = self._claims.purchase(self.order(draft), self.item(draft))
        excluded = excluded_by_store(purchase, self._today(), self._claims.terms)
        if "A" in excluded:
            return "fault_date" if draft.fault_date is None else None
        if excluded:
            return None
        draft.reading_back = self._to_read_back(draft)
        # Nothing is known for sure that excludes the claim: then it has to be asked.
        settled = any(f["source"] == Source.CONFIRMATION.value and f["state"] == "yes"
                      for f in draft.facts.values())
        plain = (draft.plainness.get(draft.reading_back or "", 1.0) >= causes.PLAINLY_TOLD
                 and draft.reading_back not in causes.LIKE_A_FAULT)
        if draft.reading_back and (plain or draft.incident is not None):
            return "cause_confirmed"
        if draft.incident is None and not settled:
            draft.reading_back = None
            return "incident"
        return "cause_confirmed" if draft.reading_back else None

    def _to_read_back(self, draft: Draft) -> str | None:
        purchase = self._claims.purchase(self.order(draft), self.item(draft))
        return causes.to_read_back(draft, causes_to_read_back(
            purchase, draft.account(), self._today(), self._claims.terms))

    def _told_late(self, draft: Draft) -> str | None:
        """A cause told after the decision, if plainly: it has to be read back all the same."""
        cause = self._to_read_back(draft)
        plain = cause is not None and draft.plainness.get(cause, 0.0) >= causes.PLAINLY_TOLD
        return cause if plain and cause not in causes.LIKE_A_FAULT else None

    def _decide(self, draft: Draft, conversation_id: str) -> list[Say]:
        order, item = self.order(draft), self.item(draft)
        assessed = self._claims.assess(
            conversation_id, order, item, draft.account(),
            Statement(draft.symptom or "", draft.incident or ""), self._today(), draft.claim_id)
        decision = assessed.decision.public()
        draft.decision = decision
        draft.claim_id, draft.claim_number = assessed.claim_id, assessed.number
        outcome = decision["outcome"]
        says = [Say(f"utter_decision_{outcome}", self._decision_values(draft),
                    {"type": "decision", "claim_number": assessed.number, **decision})]
        if "consequential_loss" in decision["reasons"]:
            says.append(Say("utter_consequential_loss"))
        if outcome == "not_covered":
            draft.offer, draft.finished = "review", "not_covered"
        elif outcome == "needs_review":
            draft.finished = "needs_review"
        return says

    def _decision_values(self, draft: Draft) -> dict[str, Any]:
        decision = draft.decision or {}
        ends = decision.get("guarantee_ends")
        return {"item": decision.get("item"), "guarantee_ends": ends,
                "order_number": decision.get("order_number"),
                "clauses": decision.get("clauses"), "reasons": decision.get("reasons")}

    # ------------------------------------------------------------ looking up

    def order(self, draft: Draft) -> PlacedOrder:
        """The draft's verified order."""
        assert draft.order_id is not None
        return self._orders.verified(draft.order_id)

    def item(self, draft: Draft) -> Item:
        """The draft's item."""
        return next(i for i in self.order(draft).items if i.line_id == draft.line_id)

    def note_story(self, draft: Draft, heard: Heard, means: Meaning) -> None:
        """Keeps what a message tells of a fault, for a claim that may follow."""
        self._take_story(draft, heard, None, means)

    def names_on_order(self, draft: Draft) -> list[str]:
        """The customer's name, once the order is known."""
        return [self.order(draft).customer_name] if draft.order_id else []

    def _ends(self, draft: Draft) -> date | None:
        return self._claims.guarantee_ends(self.order(draft).invoice_date)


def _whole(numbers: Sequence[str]) -> list[str]:
    """Those that are no part of another one: "1001" in "CG 1001" is no order of its own."""
    keys = [number_key(number) for number in numbers]
    return [number for number, key in zip(numbers, keys, strict=True)
            if not any(key != other and key in other for other in keys)]
