"""Chatwoot's application API, as far as it is needed (https://developers.chatwoot.com).

An API inbox takes what customers write as incoming messages. What the assistant and other agents
said goes there as private notes: Chatwoot would send a public message out again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.services.outgoing import Unreachable, send

INCOMING, OUTGOING = "incoming", "outgoing"


class ChatwootRefused(Unreachable):
    """Chatwoot answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"Chatwoot answered {status}: {body[:200].decode('utf-8', 'replace')}")
        self.status = status


@dataclass(frozen=True)
class ChatwootApi:
    """One account's inbox. `token` is the `api_access_token` of a user who may use it."""

    url: str
    token: str
    account: int
    inbox: int

    def contact(self, identifier: str, name: str) -> tuple[int, str]:
        """The id and source id of a contact of ours, made if there is none."""
        try:
            made = self._call("POST", "contacts", {
                "inbox_id": self.inbox, "name": name, "identifier": identifier,
                "source_id": identifier})["payload"]
            return int(made["contact"]["id"]), str(made["contact_inbox"]["source_id"])
        except ChatwootRefused as refused:
            if refused.status != 422:
                raise
        # It was made before, by somebody who could not tell us so.
        for found in self._call("GET", f"contacts/search?q={quote(identifier)}")["payload"]:
            if found.get("identifier") == identifier:
                return int(found["id"]), identifier
        raise Unreachable("Chatwoot refuses a contact and does not know it either")

    def conversation(self, contact: int, source_id: str, attributes: dict[str, Any]) -> str:
        """The id of a contact's conversation in the inbox, made if there is none."""
        there = self._call("GET", f"contacts/{contact}/conversations")["payload"]
        for found in there:
            if found.get("inbox_id") == self.inbox:
                return str(found["id"])
        return str(self._call("POST", "conversations", {
            "source_id": source_id, "inbox_id": self.inbox, "contact_id": contact,
            "status": "open", "custom_attributes": attributes})["id"])

    def sources(self, conversation: str) -> set[str]:
        """The source ids of a conversation's latest messages."""
        there = self._call("GET", f"conversations/{conversation}/messages")["payload"]
        return {message["source_id"] for message in there if message.get("source_id")}

    def say(self, conversation: str, text: str, source_id: str, *, customer: bool) -> None:
        """Writes a message of the customer, or a private note."""
        self._call("POST", f"conversations/{conversation}/messages", {
            "content": text, "message_type": INCOMING if customer else OUTGOING,
            "private": not customer, "source_id": source_id})

    def set_status(self, conversation: str, status: str) -> None:
        """Opens or resolves a conversation."""
        self._call("POST", f"conversations/{conversation}/toggle_status", {"status": status})

    def set_priority(self, conversation: str, priority: str) -> None:
        """Sets how urgent a conversation is."""
        self._call("POST", f"conversations/{conversation}/toggle_priority",
                   {"priority": priority})

    def agents(self) -> list[dict[str, Any]]:
        """The account's agents with their `availability_status`."""
        found = self._call("GET", "agents")
        return found if isinstance(found, list) else []

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        # An address that the operator set may be in their own network.
        answer = send(method, f"{self.url.rstrip('/')}/api/v1/accounts/{self.account}/{path}",
                      None if body is None else json.dumps(body).encode(),
                      {"Content-Type": "application/json", "api_access_token": self.token},
                      private=True)
        if not 200 <= answer.status < 300:
            raise ChatwootRefused(answer.status, answer.body)
        try:
            return json.loads(answer.body or b"null")
        except ValueError:
            raise Unreachable("Chatwoot's answer is no JSON") from None
