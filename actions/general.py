"""What is done with every message, and the answers that need no service."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import ServiceAction, Turn
from actions.handoff import hand_over
from actions.offers import TopicAction
from bot.services.heard import TOPICS
from bot.services.review import FALLBACK

#: A language is changed only by a message that shows it clearly.
_LANGUAGE_SURE = 0.85
_LANGUAGE_LETTERS = 12
_GOAL_OF_FORM = {"claim_form": "claim"}
_PURSUES_CLAIM = ("incident", "fixed", "remedy", "no_order_number")
#: What is not understood, but tells of a broken product more than this, begins a claim.
_OF_A_CLAIM, _A_CLAIM = ("claim", *_PURSUES_CLAIM), 0.25
#: A small talk or fallback repeated this often gets a person offered.
_PATIENCE = 2


class ActionValidateSlotMappings(ServiceAction):
    """Sets `topic` and `language` from each message, before anything else is decided."""

    def name(self) -> str:
        return "action_validate_slot_mappings"

    def act(self, turn: Turn) -> list[EventType] | None:
        topic = topic_of(turn)
        events: list[EventType] = [SlotSet("topic", topic)]
        turn.services.conversations.about(turn.conversation, topic)
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
    if means.aside and means.act != "claim":
        return means.aside
    if turn.form:
        return _GOAL_OF_FORM.get(turn.form) or turn.draft.goal or turn.slots.get("topic")
    if means.act in _PURSUES_CLAIM or means.act == "claim":
        return "claim"
    if means.act in TOPICS:
        return means.act
    if means.act == "explain" and not turn.slots.get("topic"):
        return "policy"
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


class ActionSmalltalk(TopicAction):
    """Greetings, thanks, "are you a robot?"."""

    def name(self) -> str:
        return "action_smalltalk"

    def speak(self, turn: Turn) -> list[EventType] | None:
        smalltalk(turn)
        return None


def smalltalk(turn: Turn) -> None:
    """The response for this kind of small talk."""
    kind = turn.heard.best_label("smalltalk") or "greeting"
    turn.say(f"utter_smalltalk/{kind}")


class ActionOutOfScope(TopicAction):
    """Says what it can do; never invents."""

    def name(self) -> str:
        return "action_out_of_scope"

    def speak(self, turn: Turn) -> list[EventType] | None:
        turn.say("utter_out_of_scope")
        return None


class ActionFallback(TopicAction):
    """Not understood: narrows down, then offers a person, instead of repeating itself."""

    def name(self) -> str:
        return "action_fallback"

    def speak(self, turn: Turn) -> list[EventType] | None:
        draft = turn.draft
        turn.services.intake.note_numbers(draft, turn.heard)
        heard = turn.heard
        if not draft.finished and sum(heard.intents.get(n, 0.0) for n in _OF_A_CLAIM) >= _A_CLAIM:
            turn.note_for_review(FALLBACK)
            return [FollowupAction("claim_form")]
        if draft.finished == "unverified" and (heard.proofs or heard.likely_numbers):
            return [FollowupAction("claim_form")]  # there it is after all
        if draft.order_number and heard.order_numbers:
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


class ActionExplain(ServiceAction):
    """A question back where no form asks: why something was decided or offered."""

    def name(self) -> str:
        return "action_explain"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft = turn.draft
        if draft.decision and draft.decision.get("clauses"):
            turn.say("utter_explain_decision", clauses=draft.decision["clauses"])
        if draft.offer:
            turn.say("utter_explain_offer")
        elif not draft.decision:
            turn.say("utter_smalltalk/capabilities" if turn.slots.get("topic") != "policy"
                     else f"utter_policy/{turn.heard.best_label('policy') or 'proof'}")
        elif not draft.decision.get("clauses"):
            turn.say("utter_anything_else")
        return None
