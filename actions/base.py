"""What every action has at hand: the services, the message as heard, the draft of the claim."""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import heard_in
from actions.wording import utter
from bot.bootstrap import Services, bootstrap
from bot.services.draft import Draft
from bot.services.heard import Heard, Meaning, is_emergency, meaning
from bot.services.intake import Say
from bot.wording.catalogue import SOURCE


class Turn:
    """One action's view of the conversation."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.services: Services = bootstrap()
        self.dispatcher = dispatcher
        self.tracker = tracker
        self.heard: Heard = heard_in(tracker)
        self.slots = dict(tracker.slots)
        self.draft = Draft.from_slots(self.slots)
        self.form: str | None = (tracker.active_loop or {}).get("name")
        self.asked: str | None = self.slots.get("requested_slot") if self.form else None
        #: What is said is in this language, with dates and times in its way.
        self.language: str = self.slots.get("language") or SOURCE

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return str(self.tracker.sender_id)

    @property
    def is_emergency(self) -> bool:
        """Whether the message tells a hazard."""
        return is_emergency(self.heard, self.asked)

    @functools.cached_property
    def means(self) -> Meaning:
        """What the message means as the answer to what was asked."""
        means = meaning(self.heard, self.asked or self.draft.offer)
        if self.asked and means.aside and self.heard.text in self.draft.mentions[-1:]:
            # Whoever says the same again means it as the answer.
            return Meaning(means.act or "claim", None, means.confidence)
        return means

    @property
    def answers_offer(self) -> bool:
        """Whether the message says yes or no to what was offered, whatever else it speaks of.

        "No, I'll ask my seller" asks nothing about returns; what is asked beside the answer has to
        be told very plainly.
        """
        heard = self.heard
        if self.asked or not self.draft.offer or not (heard.opening or heard.acknowledges):
            return False
        if heard.message_id and heard.message_id == self.draft.heard_message:
            return False  # it answered what was asked before the offer
        return self.means.act in ("affirm", "deny") and heard.topic_behind_opening() is None

    def say(self, response: str, custom: dict[str, Any] | None = None,
            buttons: list[dict[str, str]] | None = None, **values: Any) -> None:
        """Says a response by its name."""
        utter(self.dispatcher, Say(response, values, custom), self.language, buttons)

    def say_all(self, says: list[Say]) -> None:
        """Says what a service wants said, in its order."""
        for say in says:
            utter(self.dispatcher, say, self.language)

    def note_for_review(self, kind: str) -> None:
        """Keeps the message for `bot review`, with what it was taken for."""
        heard, draft = self.heard, self.draft
        if heard.pressed:
            return
        guess = max(heard.labels, key=lambda label: heard.labels[label], default=None)
        self.services.review.note(
            kind, heard.text, heard.language, asked=self.asked, guess=guess,
            names=self.services.intake.names_on_order(draft))

    def changed_slots(self) -> list[EventType]:
        """Events for the slots that differ from before."""
        return [SlotSet(name, value) for name, value in self.draft.slots().items()
                if self.slots.get(name) != value]


class ServiceAction(Action, ABC):
    """An action of ours: `act` does the work on a turn and may return further events."""

    @abstractmethod
    def name(self) -> str:
        """The action's name in the domain."""

    @abstractmethod
    def act(self, turn: Turn) -> list[EventType] | None:
        """Reads the turn, calls one service, says a response."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker,
                  domain: dict[str, Any]) -> list[EventType]:
        """Rasa's entry."""
        turn = Turn(dispatcher, tracker)
        # In a thread, so that one customer's slow look-up neither stops the others nor escapes the
        # engine's time limit.
        events = await asyncio.to_thread(self._work, turn)
        return [*turn.changed_slots(), *events]

    def _work(self, turn: Turn) -> list[EventType]:
        proved = turn.draft.order_id
        events = self.act(turn) or []
        if turn.draft.order_id and turn.draft.order_id != proved:
            turn.services.conversations.proved(turn.conversation, turn.draft.order_id)
        return events
