"""Topics that are answered in the middle of a form, which then goes on."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction

from actions.base import Turn
from actions.contact import contact, presale
from actions.general import smalltalk
from actions.handoff import hand_over, person
from actions.offers import TopicAction
from actions.privacy import privacy
from bot.services.heard import PLAINLY_A_FAULT

#: Look-ups that need a verified order; before that they wait.
AFTER_VERIFICATION = ("warranty_check", "order_status", "ticket_status")


def policy(turn: Turn) -> None:
    """The answer to a question on the policy, with its clause."""
    kind = turn.heard.best_label("policy") or "duration"
    turn.say(f"utter_policy/{kind}")


def return_refund(turn: Turn) -> None:
    """Returns, refunds, cancellations: the policy page is silent."""
    turn.say("utter_return_refund")
    hand_over(turn, "requested")


def answer_aside(turn: Turn, topic: str) -> None:
    """Answers an aside. Look-ups are the business of `actions.orders`."""
    simple = {
        "policy": policy, "contact": contact, "presale": presale, "privacy": privacy,
        "smalltalk": smalltalk, "human": person, "return_refund": return_refund,
    }
    if topic in simple:
        simple[topic](turn)
    elif topic == "out_of_scope":
        turn.say("utter_aside_out_of_scope")


class ActionPolicy(TopicAction):
    """A question on the policy, outside a form; a fault told beside it begins a claim."""

    def name(self) -> str:
        return "action_policy"

    def speak(self, turn: Turn) -> list[EventType] | None:
        if turn.heard.tells_a_fault() >= PLAINLY_A_FAULT and not turn.draft.finished:
            return [FollowupAction("claim_form")]  # which answers the question first
        policy(turn)
        return None
