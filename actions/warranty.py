"""The claim: its form, its questions, and filing it."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.asides import AFTER_VERIFICATION, answer_aside
from actions.base import ServiceAction, Turn
from actions.handoff import emergency
from actions.offers import answer
from actions.orders import answer_goal
from bot.policy import State
from bot.services.draft import QUESTIONS
from bot.services.heard import Meaning
from bot.services.review import ASKED_AGAIN, CORRECTED
from bot.services.ticket_texts import say

#: What somebody means who goes on about a refused claim, rather than about another one.
_DISPUTES = ("incident", "deny", "dont_know")


class ValidateClaimForm(ServiceAction):
    """Takes a message in and says which question comes next."""

    def name(self) -> str:
        return "validate_claim_form"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft, intake, means = turn.draft, turn.services.intake, turn.means
        if turn.asked == "claim_item" and intake.names_an_item(draft, turn.heard.text):
            means = Meaning("claim", None, 1.0)  # "the phone holder" is no question for the phone
        if turn.heard.message_id and draft.heard_message == turn.heard.message_id:
            # Rasa validates twice when a form begins; a message is taken in once.
            return [SlotSet("requested_slot", turn.slots.get("requested_slot"))]
        draft.heard_message = turn.heard.message_id
        if turn.answers_offer:
            return [SlotSet("requested_slot", None)]  # the form ends, and the answer is taken
        if turn.asked is None and draft.offer == "review" and means.act in _DISPUTES:
            # Whoever tells what happened once more after a refusal disputes it.
            turn.say("utter_offer_review")
            return [SlotSet("requested_slot", None)]
        if turn.asked is None and draft.finished == "unverified" and (
                turn.heard.proofs or turn.heard.likely_numbers):
            draft.take_up_again()
        elif turn.asked is None and (draft.finished or draft.decision):
            draft.start_over()
        if means.act == "cancel" and turn.asked and intake.answers_with_a_number(turn.heard,
                                                                                 turn.asked):
            means = Meaning("claim", None, 1.0)  # "take this one, forget the other number"
        if means.act == "cancel" and turn.asked and means.confidence > 0.5:
            draft.finished = "cancelled"
            turn.say("utter_cancelled")
            return [SlotSet("requested_slot", None)]
        said_again = turn.heard.text in draft.mentions[-1:] and bool(draft.handoff)
        if turn.is_emergency and not said_again:
            # What was asked stays open; what the message tells of the fault is kept.
            intake.hear(draft, turn.heard, None, turn.conversation, means)
            emergency(turn)
            if turn.asked is None:
                return None
            turn.say("utter_when_safe")
            return [SlotSet("requested_slot", turn.asked)]
        read_back, missed = draft.reading_back, sum(draft.misses.values())
        says = intake.hear(draft, turn.heard, turn.asked, turn.conversation, means)
        turn.say_all(says)
        if sum(draft.misses.values()) > missed and turn.asked:
            turn.note_for_review(ASKED_AGAIN)
        if read_back and draft.facts.get(read_back, {}).get("state") == State.NO.value:
            _note_misheard(turn, read_back)
        if means.aside in AFTER_VERIFICATION and turn.asked is None and draft.fault_told:
            pass  # the look-up before this claim has answered it
        elif means.aside in AFTER_VERIFICATION:
            if draft.order_id or (means.aside == "ticket_status" and draft.ticket_number):
                answer_goal(turn, means.aside)
            elif means.aside not in draft.waiting_goals:
                draft.waiting_goals.append(means.aside)
                turn.say("utter_after_verification")
        elif means.aside:
            answer_aside(turn, means.aside)
        if draft.order_id and draft.waiting_goals:
            for goal in draft.waiting_goals:
                answer_goal(turn, goal)
            draft.waiting_goals = []
        more, question = intake.next_question(draft, turn.conversation)
        turn.say_all(more)
        return [SlotSet("requested_slot", question)]


class ActionCloseClaim(ServiceAction):
    """After the form: files what is to be filed."""

    def name(self) -> str:
        return "action_close_claim"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft, services = turn.draft, turn.services
        if turn.answers_offer:
            return answer(turn)
        if draft.finished == "filed":
            assert draft.claim_id is not None
            ticket = services.claims.file(draft.claim_id, draft.remedy, draft.remedy_note,
                                          _summary(turn))
            draft.ticket_number = ticket.number
            turn.say("utter_ticket_added" if ticket.joined else f"utter_filed_{draft.remedy}",
                     {"type": "ticket", "ticket_number": ticket.number},
                     ticket_number=ticket.number)
        elif draft.finished == "needs_review":
            assert draft.claim_id is not None
            handoff = services.handoffs.review_route(turn.conversation)
            ticket = services.claims.file(draft.claim_id, None, "", _summary(turn))
            draft.handoff, draft.ticket_number = handoff.public(), ticket.number
            if ticket.joined:
                turn.say("utter_ticket_added", ticket_number=ticket.number)
            turn.say(f"utter_review_{handoff.route}",
                     {"type": "handoff", **handoff.public(), "ticket_number": ticket.number},
                     ticket_number=ticket.number)
        return None


def _note_misheard(turn: Turn, cause: str) -> None:
    """The customer denied a cause: what it was heard in is worth a look."""
    draft = turn.draft
    told = draft.incident or draft.symptom
    if told:
        turn.services.review.note(
            CORRECTED, told, turn.heard.language, asked="incident" if draft.incident else None,
            guess=f"incident/{cause}_yes", names=turn.services.intake.names_on_order(draft))


def _summary(turn: Turn) -> str:
    """The claim as its customer told it, in their language."""
    draft, language = turn.draft, turn.language
    told = {
        "item": draft.claim_item, "fault": draft.symptom, "incident": draft.incident,
        "remedy": draft.remedy and say(language, f"remedy_{draft.remedy}"),
        "remark": draft.remedy_note}
    return "\n".join(say(language, f"claim_{name}", **{name: text})
                     for name, text in told.items() if text)


class _Ask:
    """Asks one question of the claim, in the words that fit what is known."""

    slot = ""

    def name(self) -> str:
        return f"action_ask_{self.slot}"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft = turn.draft
        if self.slot == "claim_item":
            items = turn.services.intake.order(draft).items
            turn.say("utter_ask_claim_item",
                     items="\n".join(f"{i}. {item.name}" for i, item in enumerate(items, 1)),
                     buttons=[{"title": item.name, "payload": str(i)}
                              for i, item in enumerate(items, 1)])
        elif self.slot == "fixed":
            turn.say(f"utter_steps_{draft.symptom_kind or 'other'}")
        elif self.slot == "cause_confirmed":
            turn.say(f"utter_confirm_{draft.reading_back}")
        elif self.slot == "claim_confirmed":
            turn.say(f"utter_ask_claim_confirmed_{draft.remedy}", item=draft.claim_item,
                     symptom=draft.symptom, order_number=draft.order_number)
        else:
            turn.say(f"utter_ask_{self.slot}")
        return None


# One action class a question, for Rasa finds actions by their classes.
for _slot in QUESTIONS:
    _class = type(f"ActionAsk{_slot.title().replace('_', '')}", (_Ask, ServiceAction),
                  {"slot": _slot, "__module__": __name__})
    globals()[_class.__name__] = _class
