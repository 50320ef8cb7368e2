"""What the assistant says in a turn: collected, joined and given server-issued button ids."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import OutputChannel

#: A button's payload on the wire; a typed text never begins so.
BUTTON_PREFIX = "button:"


@dataclass
class Reply:
    """One message of the assistant. `commands` maps a button's id to what it means to Rasa."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    custom: dict[str, Any] | None = None
    commands: dict[str, str] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """What is stored beside the text."""
        return {"buttons": self.buttons, "custom": self.custom, "commands": self.commands}


class ReplyCollector(OutputChannel):
    """Rasa's output channel of a turn: nothing is sent before the commit."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._said: list[Reply] = []

    def name(self) -> str:
        """The channel's name, for responses that differ by channel."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Takes one response of Rasa."""
        custom = message.get("custom") or None
        buttons, commands = [], {}
        for button in message.get("buttons") or ():
            button_id = BUTTON_PREFIX + secrets.token_hex(6)
            commands[button_id] = button["payload"]
            buttons.append({"title": button["title"], "payload": button_id})
        text = (message.get("text") or "").strip()
        if text or buttons or custom:
            self._said.append(Reply(text, buttons, custom, commands))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Unused by Rasa here; kept because the base class asks for it."""
        await self.send_response(recipient_id, {"text": text})

    def replies(self) -> list[Reply]:
        """The turn's replies: a plain remark goes into one message with what follows it."""
        joined: list[Reply] = []
        for reply in self._said:
            before = joined[-1] if joined else None
            if before and not before.buttons and not before.custom and not reply.custom:
                before.text = f"{before.text}\n\n{reply.text}".strip()
                before.buttons, before.commands = reply.buttons, reply.commands
            else:
                joined.append(Reply(reply.text, reply.buttons, reply.custom, reply.commands))
        return joined
