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
#: What is not understood, but tells of a broken product more than this, begins a claim.
_OF_A_CLAIM, _A_CLAIM = ("claim", *_PURSUES_CLAIM), 0.25
#: What is offered at the end of a claim, by how it ended.
_OFFERED = {"not_covered": "review", "unverified": "person"}
#: Letters up to which a "no" without the word is just that.
_A_FEW_WORDS = 25
#: A small talk or fallback repeated this often gets a person offered.
_PATIENCE = 2
#: "It works again" without a claim before it has to be this plain; else it starts one.
_PLAINLY_FIXED = 0.9


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


def _declines(turn: Turn) -> bool:
    """Whether an offer is turned down: "no", and not "I don't see why, that is my number"."""
    heard = turn.heard
    if heard.pressed or heard.opening == "deny" or turn.means.act in ("cancel", "fixed"):
        return True
    return turn.means.act == "deny" and len(heard.text) <= _A_FEW_WORDS


class ActionAnswer(ServiceAction):
    """A yes, no or thanks where no form asks: it answers what was offered last."""

    def name(self) -> str:
        return "action_answer"

    def act(self, turn: Turn) -> list[EventType] | None:
        draft, act = turn.draft, turn.means.act
        if draft.finished == "unverified" and (turn.heard.likely_numbers or turn.heard.proofs):
            return [FollowupAction("claim_form")]  # "ok, it's CG2026-004512" wants no person
        # Who said no first may still change their mind.
        offered = draft.offer or (not draft.handoff and _OFFERED.get(draft.finished or ""))
        if offered and act == "affirm":
            if offered == "review":
                review(turn)
            else:
                draft.offer = None
                hand_over(turn, "requested")
        elif draft.offer and not _declines(turn):
            turn.say(f"utter_offer_{draft.offer}")
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
