"""A customer who writes to the assistant through the REST channel."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from tests.conversation.orders import Order
from tests.conversation.server import TOKEN, Server

_WEBHOOK = "/webhooks/rest/webhook"
#: The name of a value in a response that nobody filled in.
_UNFILLED = re.compile(r"\{[a-z_]+\}")


class Customer:
    """One conversation. `replies` are those to the latest message."""

    def __init__(self, http: httpx.Client, name: str = "customer") -> None:
        self.http = http
        self.sender = f"{name[:60]}-{uuid.uuid4().hex[:12]}"
        self.replies: list[dict[str, Any]] = []

    def says(self, *messages: str) -> Customer:
        """Writes messages one after the other, each of which must be answered."""
        for message in messages:
            self.replies = self.sends(message)
            assert self.replies, f"no reply to {message!r}"
            assert not _UNFILLED.search(self.text), f"an unfilled value in: {self.text}"
        return self

    def sends(self, message: str, message_id: str | None = None) -> list[dict[str, Any]]:
        """Writes one message and returns the replies."""
        body = {"sender": self.sender, "message": message}
        response = self.http.post(
            _WEBHOOK, json=body if message_id is None else {**body, "message_id": message_id})
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()
        return found

    def presses(self, title: str) -> Customer:
        """Presses the button of that title."""
        titles = {button["title"]: button["payload"] for button in self.buttons}
        assert title in titles, f"no button {title!r} in {list(titles)}"
        return self.says(titles[title])

    @property
    def buttons(self) -> list[dict[str, str]]:
        """The buttons of the latest replies."""
        return [button for reply in self.replies for button in reply.get("buttons", ())]

    @property
    def text(self) -> str:
        """The latest replies as one text."""
        return "\n".join(reply["text"] for reply in self.replies)

    def payload(self, kind: str) -> dict[str, Any]:
        """The `custom` payload of that type in the latest replies."""
        found = [r["custom"] for r in self.replies if r.get("custom", {}).get("type") == kind]
        assert len(found) == 1, f"{len(found)} payloads {kind!r} in: {self.replies}"
        return dict(found[0])

    def has_payload(self, kind: str) -> bool:
        """Whether the latest replies hold such a payload."""
        return any(r.get("custom", {}).get("type") == kind for r in self.replies)

    def tracker(self) -> dict[str, Any]:
        """The conversation as Rasa's HTTP API shows it."""
        response = self.http.get(f"/conversations/{self.sender}/tracker",
                                 params={"token": TOKEN, "include_events": "AFTER_RESTART"})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    @property
    def slots(self) -> dict[str, Any]:
        """The slots now."""
        return dict(self.tracker()["slots"])

    def __getitem__(self, slot: str) -> Any:
        return self.slots.get(slot)

    @property
    def asked(self) -> str | None:
        """The question that is open, by its slot."""
        found: str | None = self["requested_slot"]
        return found

    @property
    def outcome(self) -> str | None:
        """The outcome of the decision, None without one."""
        return (self["decision"] or {}).get("outcome")

    @property
    def reasons(self) -> set[str]:
        """All reasons of the decision."""
        return set((self["decision"] or {}).get("reasons", ()))

    def proves(self, order: Order, fault: str = "My unit does not turn on any more.") -> Customer:
        """Tells the fault, then the order and its e-mail address."""
        return self.says(fault, order.number, order.email)

    def answers(self, **answers: str) -> Customer:
        """Answers each question that comes, by its slot, until one comes without an answer."""
        known = {"fixed": "No, it is still the same.", **answers}
        for _ in range(len(known) + 3):
            asked = self.asked
            if asked not in known:
                return self
            self.says(known[asked])
        raise AssertionError(f"{asked!r} is asked again and again: {self.text}")

    def tells_what_happened(self, incident: str) -> Customer:
        """Answers the question about causes, after the steps."""
        self.answers()
        assert self.asked == "incident", f"asked for {self.asked}: {self.text}"
        return self.says(incident)


class Shop:
    """A server with its orders: where customers come from."""

    def __init__(self, server: Server, orders: dict[str, list[Order]]) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=60,
                                 headers={"Authorization": f"Bearer {TOKEN}"})
        self._orders: dict[str, Iterator[Order]] = {k: iter(v) for k, v in orders.items()}
        self._names = itertools.count(1)

    def order(self, kind: str = "new") -> Order:
        """An order of that kind that no other test has."""
        return next(self._orders[kind])

    def customer(self) -> Customer:
        """Somebody new."""
        return Customer(self.http, f"customer-{next(self._names)}")
