"""The site chat over plain HTTP: a signed cookie, messages in, and a long poll for what was said.

The page keeps nothing that counts. Whatever it asks for comes from the message table by `seq`, so
a lost connection, a second tab or a restart of this process costs time and never a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import ipaddress
import json
import logging
import secrets
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from itsdangerous import BadSignature, TimestampSigner
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.engine.door import MAX_CHARACTERS, outside_id, take_in
from bot.engine.inbox import InboxService
from bot.engine.outbox import OutboxService, OutgoingMessage
from bot.errors import BadMessage, StoreError
from bot.services.contact import Contact, ContactWays
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, utcnow

logger = logging.getLogger(__name__)

CHANNEL = "chat"
COOKIE = "chat_visitor"
#: A conversation can be taken up again for this long after the last visit.
COOKIE_SECONDS = 30 * 24 * 3600
#: Bytes of a request. 4,000 characters escaped as JSON are at most 48,000.
MAX_BODY = 64_000
#: Messages of one answer; a page that is further behind asks again at once.
PAGE = 200
LONGEST_WAIT = 25.0
#: A waiting poll looks at the table this often even if no bell rings: it may ring elsewhere.
LOOK_AGAIN = 3.0
#: Polls of one conversation that may wait at the same time. Further tabs are answered at once.
MAX_WAITING = 8
#: Who may be heard in the chat. Anything else in a conversation is not for the customer.
_SHOWN_AUTHORS = ("customer", "assistant", "agent")
_API_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Answers(Protocol):
    """What the channel needs of `bot.engine.turn.Turns`."""

    async def answer(self, conversation_id: str) -> None:
        """Answers everything that waits in a conversation."""


class ChatService(Protocol):
    """The parts of the assistant that the site chat uses."""

    database: Database
    inbox: InboxService
    outbox: OutboxService
    turns: Answers
    contact: Contact
    secret_key: str


@dataclass(frozen=True)
class Limits:
    """Messages that are taken in a minute. Many customers may share one address."""

    per_conversation: int = 30
    per_address: int = 90


class Refused(Exception):
    """A request that is not served; `sentence` is for the customer."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers or {}


class Visitors:
    """Who is asking: the conversation's id in a signed cookie that no script can read."""

    def __init__(self, secret_key: str) -> None:
        self._signer = TimestampSigner(secret_key, salt="chat-visitor")

    def known(self, request: Request) -> str | None:
        """The conversation of the request, if it carries a cookie of ours."""
        try:
            signed = request.cookies.get(COOKIE) or ""
            return self._signer.unsign(signed, max_age=COOKIE_SECONDS).decode()
        except (BadSignature, ValueError):  # ValueError: bytes that are no text at all
            return None

    def required(self, request: Request) -> str:
        """The conversation of the request. Raises Refused if there is none."""
        conversation_id = self.known(request)
        if conversation_id is None:
            raise Refused(401, "Your chat has ended. Please start a new one.")
        return conversation_id

    def remember(self, request: Request, response: HTTPResponse, conversation_id: str) -> None:
        """Sets the cookie, or prolongs it."""
        response.cookies[COOKIE] = self._signer.sign(conversation_id).decode()
        cookie = response.cookies[COOKIE]
        cookie["path"], cookie["max-age"] = "/", COOKIE_SECONDS
        cookie["httponly"], cookie["samesite"] = True, "Lax"
        cookie["secure"] = request.scheme == "https"


class Bell:
    """Wakes the polls that wait for a conversation. Only a doorbell: it carries no message."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.closed = False

    @contextlib.contextmanager
    def listen(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens in the conversation."""
        event = asyncio.Event()
        self._waiting[conversation_id].add(event)
        try:
            yield event
        finally:
            self._waiting[conversation_id].discard(event)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    def crowded(self, conversation_id: str) -> bool:
        """Whether no further poll of the conversation should wait."""
        return self.closed or len(self._waiting[conversation_id]) > MAX_WAITING

    def ring(self, conversation_id: str) -> None:
        """Wakes the polls of one conversation."""
        for event in self._waiting.get(conversation_id, ()):
            event.set()

    def close(self) -> None:
        """Wakes all polls for good, so that the server can stop without waiting for them."""
        self.closed = True
        for conversation_id in list(self._waiting):
            self.ring(conversation_id)


class RateLimit:
    """Counts messages of the last minute by key, in memory."""

    _KEYS = 10_000

    def __init__(self, allowed: int, seconds: float = 60.0) -> None:
        self._allowed, self._seconds = allowed, seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Counts one message. Raises Refused when there were too many."""
        now = time.monotonic()
        moments = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > self._KEYS:
            self._seen.popitem(last=False)
        while moments and moments[0] <= now - self._seconds:
            moments.popleft()
        if len(moments) >= self._allowed:
            wait = max(1, round(moments[0] + self._seconds - now))
            raise Refused(
                429, "That was a lot of messages at once. Please wait a moment and try again.",
                {"Retry-After": str(wait)})
        moments.append(now)


class Transcript:
    """Reads a conversation as its customer may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, conversation_id: str, seq: int) -> dict[str, Any]:
        """The messages after `seq`, whether an answer is on its way, and who answers."""
        with self._database.unit_of_work() as session:
            rows = session.execute(
                sa.select(Message, Inbox.external_id)
                .outerjoin(Inbox, sa.and_(
                    Inbox.message_id == Message.id, Inbox.channel == CHANNEL,
                    Inbox.conversation_id == Message.conversation_id))
                .where(Message.conversation_id == conversation_id, Message.seq > seq,
                       Message.author.in_(_SHOWN_AUTHORS))
                .order_by(Message.seq).limit(PAGE)).all()
            owner = session.scalar(sa.select(Conversation.owner).where(
                Conversation.id == conversation_id)) or "bot"
            waiting = owner == "bot" and session.scalar(sa.select(Inbox.id).where(
                Inbox.channel == CHANNEL, Inbox.conversation_id == conversation_id,
                Inbox.state == "waiting").limit(1)) is not None
            return {"messages": [_shown(message, sent_as) for message, sent_as in rows],
                    "typing": waiting, "owner": owner, "thread": _thread(conversation_id)}


def chat_blueprint(service: ChatService, limits: Limits | None = None) -> Blueprint:
    """The endpoints under `/chat`. Registers itself for the delivery of the chat's replies."""
    limits = limits or Limits()
    visitors, bell = Visitors(service.secret_key), Bell()
    transcript = Transcript(service.database)
    by_conversation = RateLimit(limits.per_conversation)
    by_address = RateLimit(limits.per_address)
    turns: set[asyncio.Task[None]] = set()
    blueprint = Blueprint("site_chat", url_prefix="/chat")

    async def deliver(message: OutgoingMessage) -> bool:
        # The message is in the table already; a page that is away asks for it when it is back.
        bell.ring(message.conversation_id)
        return True

    service.outbox.register(CHANNEL, deliver)

    async def answer(conversation_id: str) -> None:
        try:
            await service.turns.answer(conversation_id)
        except Exception:
            # The message is committed, so it is taken up again as a forgotten one.
            logger.exception("a chat message was not answered")
        finally:
            bell.ring(conversation_id)

    @blueprint.post("/session")
    async def session(request: Request) -> HTTPResponse:
        _same_origin(request)
        fresh = bool(request.body) and _body(request).get("fresh") is True
        conversation_id = None if fresh else visitors.known(request)
        conversation_id = conversation_id or f"web-{secrets.token_urlsafe(24)}"
        response = _answer({**contact_json(service.contact.ways(utcnow())),
                            "thread": _thread(conversation_id)})
        visitors.remember(request, response, conversation_id)
        return response

    @blueprint.post("/messages")
    async def write(request: Request) -> HTTPResponse:
        _same_origin(request)
        conversation_id = visitors.required(request)
        body = _body(request)
        text = body.get("text")
        if isinstance(text, str) and len(text) > MAX_CHARACTERS:
            raise Refused(413, f"That message is too long. Please keep it under "
                               f"{MAX_CHARACTERS:,} characters.")
        try:
            client_msg_id = outside_id(body.get("client_msg_id"), "client_msg_id")
        except BadMessage:
            raise Refused(400, "That message could not be read. Please reload the page.") from None
        try:
            typed = take_in(text)
        except BadMessage:
            raise Refused(400, "Please write a message first.") from None
        by_conversation.take(conversation_id)
        by_address.take(_address(request))
        accepted = service.inbox.accept(CHANNEL, conversation_id, typed, client_msg_id)
        bell.ring(conversation_id)
        task = asyncio.create_task(answer(conversation_id))
        turns.add(task)
        task.add_done_callback(turns.discard)
        return _answer({"seq": accepted.seq}, 202)

    @blueprint.get("/messages")
    async def read(request: Request) -> HTTPResponse:
        conversation_id = visitors.required(request)
        after = _number(request, "after", 0)
        ends = time.monotonic() + min(_number(request, "wait", 0), LONGEST_WAIT)
        # `typing` is what the page shows now, so that a change between two polls is not missed.
        shows = {"1": True, "0": False}.get(request.args.get("typing", ""))
        # A tab whose conversation another tab has left must not wait in vain to hear of it.
        left_behind = request.args.get("thread", _thread(conversation_id)) != _thread(
            conversation_id)
        with bell.listen(conversation_id) as rung:
            while True:
                rung.clear()
                found = transcript.after(conversation_id, after)
                shows = found["typing"] if shows is None else shows
                left = ends - time.monotonic()
                if (found["messages"] or found["typing"] != shows or left <= 0
                        or left_behind or bell.crowded(conversation_id)):
                    return _answer(found)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(rung.wait(), min(left, LOOK_AGAIN))

    @blueprint.exception(Refused)
    async def refused(_: Request, error: Refused) -> HTTPResponse:
        return _answer({"error": error.sentence}, error.status, error.headers)

    @blueprint.exception(StoreError)
    async def store_failed(_: Request, error: StoreError) -> HTTPResponse:
        logger.error("the chat could not use the database: %s", error)
        return _answer({"error": "We could not take your message just now. Please try again."}, 503)

    @blueprint.listener("before_server_stop")
    async def stop(*_: Any) -> None:
        bell.close()
        if turns:
            await asyncio.wait(turns, timeout=5)

    return blueprint


def contact_json(ways: ContactWays) -> dict[str, Any]:
    """The contact ways as the pages show them."""
    return {
        "open_now": ways.open_now,
        "opens_at": ways.opens_at.isoformat() if ways.opens_at else None,
        "closes_at": ways.closes_at.isoformat() if ways.closes_at else None,
        "phone": ways.support_phone, "email": ways.support_email,
        "presale_email": ways.presale_email, "working_hours": ways.working_hours,
        "timezone": ways.timezone,
    }


def _shown(message: Message, sent_as: str | None) -> dict[str, Any]:
    payload = message.payload or {}
    shown = {
        "seq": message.seq, "author": message.author, "text": message.text,
        # Named one by one: what a button means to the assistant never leaves the server.
        "buttons": [{"title": button["title"], "payload": button["payload"]}
                    for button in payload.get("buttons") or ()],
        "custom": payload.get("custom"),
        "sent_at": message.created_at.astimezone(dt.timezone.utc).isoformat(),
    }
    # The page recognises by it a message of its own whose acknowledgement was lost.
    return {**shown, "client_msg_id": sent_as} if sent_as is not None else shown


def _thread(conversation_id: str) -> str:
    """Tells a page that its conversation is another one now, without giving the id away."""
    return hashlib.sha256(conversation_id.encode()).hexdigest()[:16]


def _same_origin(request: Request) -> None:
    """Refuses a POST that another site's page sends. Browsers name the origin on every POST."""
    origin = request.headers.get("origin")
    if origin is not None:
        # Only host and port: behind a proxy the scheme that arrives here is not the browser's.
        _, _, host = origin.partition("://")
        same = host.lower() == request.host.lower() != ""
    else:
        same = request.headers.get("sec-fetch-site") == "same-origin"
    if not same:
        raise Refused(403, "This chat only works on our own site.")


def _body(request: Request) -> dict[str, Any]:
    if len(request.body) > MAX_BODY:
        raise Refused(413, f"That message is too long. Please keep it under "
                           f"{MAX_CHARACTERS:,} characters.")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "That message could not be read. Please reload the page.")
    return body


def _number(request: Request, name: str, default: int) -> int:
    written = request.args.get(name, str(default))
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise Refused(400, "That request could not be read. Please reload the page.")
    return int(written)


def _address(request: Request) -> str:
    """The visitor's address; of IPv6 the part that a provider gives to one household."""
    written = request.remote_addr or request.ip
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return str(written)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _answer(body: dict[str, Any], status: int = 200,
            headers: dict[str, str] | None = None) -> HTTPResponse:
    return json_response(body, status=status, headers={**_API_HEADERS, **(headers or {})})
