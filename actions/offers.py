"""What is offered at the end of a claim, a review or a person, and who takes it or asks for one."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import EventType, FollowupAction

from actions.base import ServiceAction, Turn
from actions.handoff import hand_over, person, review
from bot.services.heard import PLAINLY_WANTED

#: What is offered at the end of a claim, by how it ended.
_OFFERED = {"not_covered": "review", "unverified": "person"}
#: Letters up to which a "no" without the word is just that.
_A_FEW_WORDS = 25
#: "It works again" without a claim before it has to be this plain; else it starts one.
_PLAINLY_FIXED = 0.9


def _declines(turn: Turn) -> bool:
    """Whether an offer is turned down: "no", and not "I don't see why, that is my number"."""
    heard = turn.heard
    if heard.pressed or heard.opening == "deny" or turn.means.act in ("cancel", "fixed"):
        return True
    return turn.means.act == "deny" and len(heard.text) <= _A_FEW_WORDS


def answer(turn: Turn) -> list[EventType] | None:
    """Takes a yes, no or thanks as the answer to what was offered last."""
    draft, act = turn.draft, turn.means.act
    if draft.finished == "unverified" and (turn.heard.likely_numbers or turn.heard.proofs):
        return [FollowupAction("claim_form")]  # "ok, it's CG2026-004512" wants no person
    # Who said no first may still change their mind.
    offered = draft.offer or (not draft.handoff and _OFFERED.get(draft.finished or ""))
    if offered and act == "affirm" and turn.means.confidence >= PLAINLY_WANTED:
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


class TopicAction(ServiceAction):
    """An action of a topic: it gives way where the message rather answers an offer."""

    def act(self, turn: Turn) -> list[EventType] | None:
        return answer(turn) if turn.answers_offer else self.speak(turn)

    @abstractmethod
    def speak(self, turn: Turn) -> list[EventType] | None:
        """What the topic gets."""


class ActionAnswer(ServiceAction):
    """A yes, no or thanks where no form asks."""

    def name(self) -> str:
        return "action_answer"

    def act(self, turn: Turn) -> list[EventType] | None:
        return answer(turn)


class ActionHuman(TopicAction):
    """Somebody wants a person, outside a form."""

    def name(self) -> str:
        return "action_human"

    def speak(self, turn: Turn) -> list[EventType] | None:
        # "Yes, I want a person to look at it" takes what was offered; a bare wish does not.
        wanted = turn.heard.best_label("human") == "review" or turn.heard.opening == "affirm"
        if turn.draft.offer == "review" and wanted:
            review(turn)
        else:
            person(turn)
        return None
