"""What a page tells: messages, `resume`, ratings, what was read, and that somebody is typing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bot.channels.chat.answering import Answering
from bot.channels.chat.limits import Limits, RateLimit
from bot.channels.chat.refusals import Refused
from bot.channels.chat.relay import Relay
from bot.channels.chat.session import thread_of
from bot.channels.chat.texts import DEFAULT
from bot.channels.chat.transcript import CHANNEL, Transcript
from bot.engine.door import MAX_CHARACTERS, NOTHING_TYPED, Typed, outside_id, take_in
from bot.engine.inbox import InboxService
from bot.errors import BadMessage
from bot.services.feedback import Feedback
from bot.services.visitors import Known, Visitors

if TYPE_CHECKING:
    from bot.channels.chat.socket import Bound

#: Files of one message.
MAX_FILES = 10
_LONGEST_COMMENT = 1000
_LARGEST_SEQ = 2**31 - 1

Handler = Callable[["Bound", dict[str, Any]], Awaitable[dict[str, Any]]]


class Events:
    """One handler an event; each answers what is acknowledged, or raises Refused."""

    def __init__(self, inbox: InboxService, visitors: Visitors, feedback: Feedback,
                 transcript: Transcript, relay: Relay, answering: Answering,
                 limits: Limits) -> None:
        self._inbox, self._visitors, self._feedback = inbox, visitors, feedback
        self._transcript, self._relay, self._answering = transcript, relay, answering
        self._by_conversation = RateLimit(limits.per_conversation)
        self._by_address = RateLimit(limits.per_address)

    def handlers(self) -> dict[str, Handler]:
        """The handlers by their event's name."""
        return {"session_request": self.session_request, "user_uttered": self.user_uttered,
                "resume": self.resume, "rate": self.rate, "read": self.read,
                "user_typing": self.user_typing}

    async def session_request(self, bound: Bound, _: dict[str, Any]) -> dict[str, Any]:
        """How the conversation stands."""
        visitor = self._visitor(bound)
        return {**self._transcript.state(visitor.conversation_id),
                "language": visitor.language or DEFAULT}

    async def user_uttered(self, bound: Bound, payload: dict[str, Any]) -> dict[str, Any]:
        """Commits a message, then acknowledges it with its number."""
        files = _files(payload.get("attachments"))
        typed = _typed(payload.get("message"), bool(files))
        client_msg_id = _message_id(payload.get("client_msg_id"))
        if self._visitor(bound).conversation_id != bound.conversation_id:
            raise Refused("ended")
        self._by_conversation.take(bound.conversation_id)
        self._by_address.take(bound.address)
        accepted = self._inbox.accept(CHANNEL, bound.conversation_id, typed, client_msg_id, files)
        if not accepted.repeated:
            await self._relay.show(bound.conversation_id, accepted.seq)
        self._answering.begin(bound.conversation_id)
        return {"seq": accepted.seq}

    async def resume(self, bound: Bound, payload: dict[str, Any]) -> dict[str, Any]:
        """Everything after `last_seq`. Another `thread` than before: the page has to reconnect."""
        found = self._transcript.after(bound.conversation_id, _number(payload, "last_seq"))
        return {**found, "thread": thread_of(self._visitor(bound).conversation_id)}

    async def rate(self, bound: Bound, payload: dict[str, Any]) -> dict[str, Any]:
        """Stores a rating."""
        stars = payload.get("stars")
        if isinstance(stars, bool) or not isinstance(stars, int) or not 1 <= stars <= 5:
            raise Refused("unreadable")
        comment = payload.get("comment") or ""
        if not isinstance(comment, str):
            raise Refused("unreadable")
        if len(comment) > _LONGEST_COMMENT:
            raise Refused("too_long", characters=f"{_LONGEST_COMMENT:,}")
        try:
            comment = take_in(comment).shown
        except BadMessage:
            comment = ""
        if not self._feedback.rate(bound.conversation_id, stars, comment):
            raise Refused("empty", text="refused_nothing_to_rate")
        return {"ok": True}

    async def read(self, bound: Bound, payload: dict[str, Any]) -> dict[str, Any]:
        """Notes what the customer has seen."""
        self._feedback.read(bound.conversation_id, _number(payload, "seq"))
        return {"ok": True}

    async def user_typing(self, bound: Bound, payload: dict[str, Any]) -> dict[str, Any]:
        """Tells whoever looks at the conversation from the desk."""
        await self._relay.customer_typing(bound.conversation_id, payload.get("on") is True)
        return {"ok": True}

    def _visitor(self, bound: Bound) -> Known:
        visitor = self._visitors.by_key(bound.key)
        if visitor is None:
            raise Refused("ended")
        return visitor


def _typed(message: object, with_files: bool) -> Typed:
    if with_files and (message is None or (isinstance(message, str) and not message.strip())):
        return NOTHING_TYPED
    if isinstance(message, str) and len(message) > MAX_CHARACTERS:
        raise Refused("too_long", characters=f"{MAX_CHARACTERS:,}")
    try:
        return take_in(message)
    except BadMessage:
        if with_files:
            return NOTHING_TYPED
        raise Refused("empty" if isinstance(message, str) else "unreadable") from None


def _files(named: object) -> list[str]:
    if named is None:
        return []
    if not isinstance(named, list) or len(named) > MAX_FILES:
        raise Refused("unreadable")
    if not all(isinstance(each, str) and len(each) == 32 and each.isascii() for each in named):
        raise Refused("attachment")
    return list(dict.fromkeys(named))


def _message_id(value: object) -> str:
    try:
        return outside_id(value, "client_msg_id")
    except BadMessage:
        raise Refused("unreadable") from None


def _number(payload: dict[str, Any], name: str) -> int:
    value = payload.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_SEQ:
        raise Refused("unreadable")
    return value
