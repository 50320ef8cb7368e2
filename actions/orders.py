"""Order status, guarantee and ticket status: all after verification."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.asides import answer_aside, return_refund
from actions.base import ServiceAction, Turn
from actions.handoff import emergency
from actions.offers import TopicAction, answer
from bot.services.orders import PlacedOrder
from bot.services.ticket_texts import subject

GOALS = ("warranty_check", "order_status", "ticket_status")
#: From this probability on a part of a message that asked for an order tells of a fault.
_FAULT_TOLD = 0.3
#: What customers with a fault ask first: where their order is noted, and whether the year is over.
_ASKED_BESIDE_A_FAULT = ("order_status", "warranty_check")


class ValidateLookupForm(ServiceAction):
    """Collects order number and verification for whatever is to be looked up."""

    def name(self) -> str:
        return "validate_lookup_form"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft, heard, means = turn.draft, turn.heard, turn.means
        if turn.answers_offer:
            return [SlotSet("requested_slot", None)]  # the form ends, and the answer is taken
        if turn.asked is None:
            draft.goal = draft.goal or "order_status"
            if means.aside in GOALS:
                draft.goal = means.aside
            if draft.finished:
                draft.start_over()
            # Many begin with the order and mean the fault, which they told beside it.
            draft.fault_told = heard.tells_a_fault() >= _FAULT_TOLD
            turn.services.intake.note_story(draft, heard, means)
        if turn.is_emergency and turn.asked:
            emergency(turn)
            turn.say("utter_when_safe")
            return [SlotSet("requested_slot", turn.asked)]
        if means.act == "cancel" and turn.asked:
            draft.finished = "cancelled"
            turn.say("utter_cancelled")
            return [SlotSet("requested_slot", None)]
        if turn.asked and means.act == "claim" and means.confidence > 0.5:
            draft.goal = "claim"
            turn.services.intake.hear(draft, heard, None, turn.conversation, means)
            return [SlotSet("requested_slot", None)]
        if means.aside in GOALS and turn.asked:
            draft.goal = means.aside
        elif means.aside and turn.asked:
            answer_aside(turn, means.aside)
        if draft.goal == "ticket_status" and draft.ticket_number:
            return [SlotSet("requested_slot", None)]
        turn.say_all(turn.services.intake.identify(draft, heard, turn.asked, turn.conversation,
                                                   means))
        return [SlotSet("requested_slot", turn.services.intake.next_identification(draft))]


class ActionCloseLookup(ServiceAction):
    """After the form: the answer to what was to be looked up."""

    def name(self) -> str:
        return "action_close_lookup"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft = turn.draft
        if turn.answers_offer:
            return answer(turn)
        if draft.finished:
            return None
        goal, draft.goal = draft.goal, None
        if goal == "claim":
            return [FollowupAction("claim_form")]
        answer_goal(turn, goal or "order_status")
        if draft.fault_told and goal in _ASKED_BESIDE_A_FAULT and not draft.ticket_number:
            return [FollowupAction("claim_form")]
        return None


def answer_goal(turn: Turn, goal: str) -> None:
    """Answers a look-up for a verified customer (or a ticket of this conversation)."""
    {"warranty_check": _warranty, "ticket_status": _tickets}.get(goal, _status)(turn)


def _warranty(turn: Turn) -> None:
    order = turn.services.intake.order(turn.draft)
    if order.invoice_date is None:
        turn.say("utter_warranty_unknown", order_number=order.order_number)
        return
    ends = turn.services.claims.guarantee_ends(order.invoice_date)
    running = ends is not None and turn.services.today() <= ends
    items = "\n".join(f"• {item.name}" for item in order.items if not item.is_gift)
    if items:
        turn.say(f"utter_warranty_{'runs' if running else 'ended'}", items=items,
                 guarantee_ends=ends, invoice_date=order.invoice_date)
    gifts = "\n".join(f"• {item.name}" for item in order.items if item.is_gift)
    if gifts:
        turn.say("utter_warranty_gifts", items=gifts)


def _tickets(turn: Turn) -> None:
    draft, tickets = turn.draft, turn.services.tickets
    mine = tickets.of_conversation(turn.conversation)
    if draft.order_id:
        mine = mine or tickets.of_order(draft.order_id)
    if not mine:
        turn.say("utter_ticket_none")
        return
    ticket = next((t for t in mine if t.number == draft.ticket_number), mine[0])
    draft.ticket_number = ticket.number
    if len(turn.heard.text) > 60:
        ticket = tickets.add(ticket.number, turn.heard.text)
        draft.ticket_number = ticket.number
        turn.say("utter_ticket_added", ticket_number=ticket.number)
    turn.say("utter_ticket_answered" if ticket.last_reply else "utter_ticket_open",
             {"type": "ticket", "ticket_number": ticket.number, "state": ticket.state},
             ticket_number=ticket.number, last_reply=ticket.last_reply,
             due_at=ticket.due_at.astimezone(turn.services.settings.working_hours.timezone),
             timezone=turn.services.settings.working_hours.timezone.key)


def _status(turn: Turn) -> None:
    order: PlacedOrder = turn.services.intake.order(turn.draft)
    turn.say(f"utter_order_{order.status}", order_number=order.order_number)
    # In the middle of a claim the fault is what is wrong, and not the parcel.
    if turn.form != "claim_form" and turn.services.intake.parcel_problem(turn.draft, turn.heard):
        ticket = turn.services.tickets.open(
            "order", subject("parcel"),
            "\n".join(turn.draft.mentions or [turn.heard.text]),
            conversation_id=turn.conversation, order_id=order.order_id)
        turn.draft.ticket_number = ticket.number
        turn.say("utter_order_problem", {"type": "ticket", "ticket_number": ticket.number},
                 ticket_number=ticket.number)


class ActionReturnRefund(TopicAction):
    """Returns and refunds: the policy is silent, so a person takes it."""

    def name(self) -> str:
        return "action_return_refund"

    def speak(self, turn: Turn) -> list[EventType] | None:
        return_refund(turn)
        return None
