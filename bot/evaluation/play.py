"""Simulated customers: whole claims played against the assistant, without a network."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.engine.assistant import Assistant
from bot.engine.door import take_in

#: Messages after which a conversation counts as lost.
MAX_MESSAGES = 30
_COLUMNS = ("order_number", "invoice_number", "invoice_date", "status", "customer_name", "email",
            "phone", "postal_code", "country", "sku", "product_name", "serial_number", "quantity",
            "unit_price", "currency", "is_gift")


@dataclass
class Played:
    """How a claim went: what came out, and who said what."""

    outcome: str | None
    reasons: list[str]
    ticket: bool
    handoff: dict[str, str] | None
    transcript: list[str] = field(default_factory=list)
    #: Causes that count against the customer but were never read back to them.
    unconfirmed: list[str] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """How many messages the customer wrote."""
        return sum(line.startswith("> ") for line in self.transcript)


def orders_csv(claims: list[Mapping[str, Any]], today: dt.date) -> bytes:
    """The orders of simulated customers as an import file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    for claim in claims:
        order = claim.get("order")
        if not order:
            continue
        ago = order.get("invoice_date")
        date = "" if not ago else (today - dt.timedelta(days=ago["days_ago"])).isoformat()
        for item in order["items"]:
            row = {**{k: order.get(k) for k in _COLUMNS}, **item, "invoice_date": date}
            writer.writerow({k: "" if row.get(k) is None else row[k] for k in _COLUMNS})
    return text.getvalue().encode()


async def play(assistant: Assistant, claim: Mapping[str, Any], sender: str) -> Played:
    """Plays one claim: the opening, then the customer's reply to each question.

    `afterwards`, where there is one, is what the customer says when nothing is asked any more.
    """
    asked_before: Counter[str] = Counter()
    message: str | None = claim["opening"]
    said_afterwards: str | None = claim.get("afterwards")
    transcript: list[str] = []
    slots: dict[str, Any] = {}
    confirmed: set[str] = set()
    for _ in range(MAX_MESSAGES):
        if message is None:
            break
        reading_back = (slots.get("draft") or {}).get("reading_back")
        if slots.get("requested_slot") == "cause_confirmed" and reading_back:
            confirmed.add(reading_back)
        transcript.append(f"> {message}")
        accepted = assistant.inbox.accept("rest", sender, take_in(message))
        await assistant.turns.answer(sender)
        transcript += [f"  {reply.text}" for reply in assistant.outbox.hand_out(
            accepted.inbox_id)]
        slots = await _slots(assistant, sender)
        question = slots.get("requested_slot")
        replies = claim["replies"].get(question) if question else None
        if question is None and said_afterwards is not None:
            message, said_afterwards = said_afterwards, None
            continue
        if not question or not replies:
            break
        message = replies[min(asked_before[question], len(replies) - 1)]
        asked_before[question] += 1
    decision = slots.get("decision") or {}
    reasons = list(decision.get("reasons") or [])
    by_words = {"A", "gift", "G", "B", "unsettled", "consequential_loss"}
    return Played(
        outcome=decision.get("outcome"), reasons=reasons, ticket=bool(slots.get("ticket_number")),
        handoff=slots.get("handoff"), transcript=transcript,
        unconfirmed=[r for r in reasons if r not in by_words and r not in confirmed])


async def _slots(assistant: Assistant, sender: str) -> dict[str, Any]:
    tracker = await assistant.agent.tracker_store.retrieve(sender)
    return dict(tracker.current_slot_values()) if tracker else {}


def is_right(claim: Mapping[str, Any], played: Played) -> bool:
    """Whether outcome, reasons, ticket and handoff are as the contract wants them."""
    wanted = claim["expect"]
    outcome = None if wanted["outcome"] in (None, "none") else wanted["outcome"]
    got, want = set(played.reasons), set(wanted.get("reasons") or [])
    if "F" in want:
        got.discard("act_of_god")  # "may stand beside it"
        want.discard("act_of_god")
    return (played.outcome == outcome and got == want
            and played.ticket == bool(wanted.get("ticket"))
            and (played.handoff or None) == (wanted.get("handoff") or None))
