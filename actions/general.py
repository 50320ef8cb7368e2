"""What is done with every message, and the answers that need no service."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import ServiceAction, Turn
from actions.handoff import hand_over, review
from bot.services.heard import TOPICS
from bot.services.review import FALLBACK

#: A language is changed only by a message that shows it clearly.
_LANGUAGE_SURE = 0.85
_LANGUAGE_LETTERS = 12
_GOAL_OF_FORM = {"claim_form": "claim"}
_PURSUES_CLAIM = ("incident", "fixed", "remedy", "no_order_number")
#: A small talk or fallback repeated this often gets a person offered.
_PATIENCE = 2
#: "It works again" without a claim before it has to be this plain; else it starts one.
_PLAINLY_FIXED = 0.9


class ActionValidateSlotMappings(ServiceAction):
    """Sets `topic` and `language` from each message, before anything else is decided."""

    def name(self) -> str:
        return "action_validate_slot_mappings"

    def act(self, turn: Turn) -> list[EventType] | None:
        events: list[EventType] = [SlotSet("topic", topic_of(turn))]
        language = language_of(turn)
        if language != turn.slots.get("language"):
            events.append(SlotSet("language", language))
            turn.services.conversations.speak(turn.conversation, language)
        return events


def topic_of(turn: Turn) -> str | None:
    """The topic of the latest message: its own, or that of what it answers."""
    if turn.is_emergency:
        return "emergency"
    means = turn.means
    if means.aside:
        return means.aside
    if turn.form:
        return _GOAL_OF_FORM.get(turn.form) or turn.draft.goal or turn.slots.get("topic")
    if means.act in _PURSUES_CLAIM or means.act == "claim":
        return "claim"
    if means.act in TOPICS:
        return means.act
    return turn.slots.get("topic") or "out_of_scope"


def language_of(turn: Turn) -> str:
    """The conversation's language: short and doubtful messages do not change it."""
    before = turn.slots.get("language")
    found = (turn.tracker.latest_message or {}).get("language") or {}
    code, sure = found.get("code"), found.get("confidence", 0.0)
    if not code:
        return before or "en"
    if before is None:
        return code if sure >= 0.5 else "en"
    letters = sum(c.isalpha() for c in turn.heard.text)
    clear = sure >= _LANGUAGE_SURE and (letters >= _LANGUAGE_LETTERS or sure == 1.0)
    return code if clear else before


class ActionSmalltalk(ServiceAction):
    """Greetings, thanks, "are you a robot?"."""

    def name(self) -> str:
        return "action_smalltalk"

    def act(self, turn: Turn) -> list[EventType] | None:
        smalltalk(turn)
        return None


def smalltalk(turn: Turn) -> None:
    """The response for this kind of small talk."""
    kind = turn.heard.best_label("smalltalk") or "greeting"
    turn.say(f"utter_smalltalk/{kind}")


class ActionOutOfScope(ServiceAction):
    """Says what it can do; never invents."""

    def name(self) -> str:
        return "action_out_of_scope"

    def act(self, turn: Turn) -> list[EventType] | None:
        turn.say("utter_out_of_scope")
        return None


class ActionFallback(ServiceAction):
    """Not understood: narrows down, then offers a person, instead of repeating itself."""

    def name(self) -> str:
        return "action_fallback"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft = turn.draft
        turn.services.intake.note_numbers(draft, turn.heard)
        if draft.order_number and turn.heard.order_numbers:
            turn.say("utter_number_noted", order_number=draft.order_number)
            return None
        turn.note_for_review(FALLBACK)
        missed = draft.misses.get("fallback", 0)
        draft.misses["fallback"] = missed + 1
        if missed < _PATIENCE:
            turn.say(f"utter_fallback_{missed + 1}")
        else:
            draft.misses["fallback"] = 0
            hand_over(turn, "frustration")
        return None


class ActionAnswer(ServiceAction):
    """A yes, no or thanks where no form asks: it answers what was offered last."""

    def name(self) -> str:
        return "action_answer"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft, act = turn.draft, turn.means.act
        if draft.offer == "review" and act in ("affirm", "incident"):
            if act == "affirm":
                review(turn)
            else:
                turn.say("utter_offer_review")
        elif draft.offer == "person" and act == "affirm":
            draft.offer = None
            hand_over(turn, "requested")
        elif act == "affirm" and not draft.finished:
            return [FollowupAction("claim_form")]
        elif act == "fixed" and turn.heard.most("fixed/yes") >= _PLAINLY_FIXED:
            turn.say("utter_fixed")
        elif act in ("fixed", "incident"):
            return [FollowupAction("claim_form")]
        elif act == "cancel":
            turn.say("utter_cancelled")
        else:
            draft.offer = None
            turn.say("utter_anything_else")
        return None
