"""Topics that are answered in the middle of a form, which then goes on."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import ServiceAction, Turn
from actions.contact import contact, presale
from actions.general import smalltalk
from actions.handoff import hand_over, person
from actions.privacy import privacy

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


class ActionPolicy(ServiceAction):
    """A question on the policy, outside a form."""

    def name(self) -> str:
        return "action_policy"

    def act(self, turn: Turn) -> list[EventType] | None:
        policy(turn)
        return None
