"""Back from a person to the assistant: Rasa learns what was settled, so that it asks nothing again.

The owner, Rasa's events and what the customer is told are one transaction. Everything comes from
the database: nothing has to be remembered from the time when the person had it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet
from sqlalchemy.orm import Session

from bot.errors import ConcurrentTurn
from bot.services.desk.claims import public
from bot.services.desk.texts import say
from bot.services.draft import Draft
from bot.services.messages import send
from bot.services.ownership import Owner, Ownership
from bot.store.database import Database
from bot.store.tables import Claim, Conversation, Decision, Ticket, utcnow

logger = logging.getLogger(__name__)

_TRIES = 3
#: States of a claim whose conversation may still go on with it; in all others it is settled.
_IN_PROGRESS = ("draft", "verified", "assessed")
_APPROVED = ("approved", "parts_shipped", "return_authorised", "received", "diagnosed", "repaired",
             "replaced", "shipped")
_UNDER_REVIEW = ("in_review", "needs_evidence")


@dataclass(frozen=True)
class _Standing:
    """How things stand in a conversation: its latest claim and decision, its latest ticket."""

    claim: Claim | None
    decision: dict[str, Any] | None
    ticket: Ticket | None


class HandingBack:
    """Gives conversations back to the assistant."""

    def __init__(self, database: Database, ownership: Ownership, store: TrackerStore) -> None:
        self._database, self._ownership, self._store = database, ownership, store

    async def hand_back(self, conversation_id: str, staff_id: str) -> Owner:
        """An agent hands back; the customer is told in a short message how things stand.

        Raises Taken if another agent has it, Unknown if there is none.
        """
        return await self._again(self._hand_back, conversation_id, staff_id)

    async def close(self, conversation_id: str, staff_id: str) -> Owner:
        """An agent is done: like handing back, but nothing is said, and open questions end."""
        return await self._again(self._close, conversation_id, staff_id)

    async def release(self, conversation_id: str, text: str, route: str,
                      ticket_number: str | None) -> Owner:
        """Nobody came: back to the assistant, with `text` that says where else help is.

        `route` is phone or ticket (contract, "Slots"). To be called in a unit of work.
        """
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            reason = conversation.handoff_reason or "requested"
            owner = self._ownership.release(conversation_id, "nobody")
            events: list[Event] = [SlotSet("handoff", {"reason": reason, "route": route})]
            if ticket_number:
                events.append(SlotSet("ticket_number", ticket_number))
            await self._keep(conversation_id, [*events, BotUttered(text)])
            send(session, conversation, "assistant", text, epoch=owner.epoch, payload={
                "custom": {"type": "handoff", "reason": reason, "route": route,
                           "ticket_number": ticket_number}})
            return owner

    async def _again(self, step: Any, conversation_id: str, staff_id: str) -> Owner:
        for attempt in range(_TRIES):
            try:
                with self._database.separate_unit_of_work() as session:
                    owner: Owner = await step(session, conversation_id, staff_id)
                    return owner
            except (ConcurrentTurn, sa.exc.IntegrityError):
                # A message came in or a turn ended at this moment.
                if attempt == _TRIES - 1:
                    raise
                logger.info("handing back was overtaken and is done again")
        raise AssertionError("unreachable")

    async def _hand_back(self, session: Session, conversation_id: str, staff_id: str) -> Owner:
        before = self._ownership.of(conversation_id)
        owner = self._ownership.hand_back(conversation_id, staff_id)
        if owner.epoch == before.epoch:
            return owner  # the assistant has it already, and said so
        standing = _standing(session, conversation_id)
        conversation = session.get(Conversation, conversation_id)
        events, form_is_open = await self._settled(conversation_id, standing)
        text = _how_things_stand(conversation.language, standing, form_is_open)
        await self._keep(conversation_id, [*events, BotUttered(text)])
        send(session, conversation, "assistant", text, epoch=owner.epoch)
        return owner

    async def _close(self, session: Session, conversation_id: str, staff_id: str) -> Owner:
        before = self._ownership.of(conversation_id)
        owner = self._ownership.hand_back(conversation_id, staff_id, "closed")
        if owner.epoch != before.epoch:
            events, form_is_open = await self._settled(
                conversation_id, _standing(session, conversation_id))
            await self._keep(conversation_id, [*events, *(_end_form() if form_is_open else [])])
            for ticket in session.scalars(sa.select(Ticket).where(
                    Ticket.conversation_id == conversation_id,
                    Ticket.kind.in_(("request", "emergency", "failure")),
                    Ticket.state.in_(("open", "waiting")))):
                ticket.state, ticket.closed_at = "solved", utcnow()
        return owner

    async def _settled(self, conversation_id: str, standing: _Standing
                       ) -> tuple[list[Event], bool]:
        """The events that tell Rasa what was settled, and whether a form stays open."""
        tracker = await self._store.retrieve(conversation_id)
        if tracker is None:
            return [], False
        slots = tracker.current_slot_values()
        draft = Draft.from_slots(slots)
        claim = standing.claim
        settled = claim is not None and claim.id == draft.claim_id \
            and claim.state not in _IN_PROGRESS
        draft.handoff, draft.offer = None, None
        if standing.ticket is not None:
            draft.ticket_number = standing.ticket.number
        if standing.decision is not None:
            draft.decision = standing.decision
        if settled:
            draft.finished = draft.finished or "settled"
        events: list[Event] = [SlotSet(name, value) for name, value in draft.slots().items()
                               if slots.get(name) != value]
        form_is_open = tracker.active_loop_name is not None
        if form_is_open and settled:
            return [*events, *_end_form()], False
        return events, form_is_open

    async def _keep(self, conversation_id: str, events: list[Event]) -> None:
        tracker = await self._store.retrieve(conversation_id)
        if tracker is None:
            return  # Rasa never heard of it, and will begin as with anybody
        for event in [*events, ActionExecuted("action_listen")]:
            tracker.update(event)
        await self._store.save(tracker)


def _end_form() -> list[Event]:
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def _standing(session: Session, conversation_id: str) -> _Standing:
    claim = session.scalars(sa.select(Claim).where(Claim.conversation_id == conversation_id)
                            .order_by(Claim.created_at.desc())).first()
    decision = None
    if claim is not None:
        record = session.scalars(sa.select(Decision.record).where(Decision.claim_id == claim.id)
                                 .order_by(Decision.created_at.desc())).first()
        decision = public(record) if record else None
    ticket = session.scalars(sa.select(Ticket).where(Ticket.conversation_id == conversation_id)
                             .order_by(Ticket.created_at.desc())).first()
    return _Standing(claim, decision, ticket)


def _how_things_stand(language: str | None, standing: _Standing, form_is_open: bool) -> str:
    parts = [say(language, "back")]
    claim, ticket = standing.claim, standing.ticket
    state = claim.state if claim else None
    key = ("back_claim_approved" if state in _APPROVED else
           "back_claim_declined" if state == "declined" else
           "back_claim_review" if state in _UNDER_REVIEW else None)
    if claim is not None and key:
        parts.append(say(language, key, claim_number=claim.number))
    elif ticket is not None and ticket.state == "open":
        parts.append(say(language, "back_ticket", ticket_number=ticket.number))
    parts.append(say(language, "back_question" if form_is_open else "back_anything"))
    return " ".join(parts)
