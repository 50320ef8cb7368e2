"""The site chat: the widget's pages, its socket, its files.

What the pages and the server say to each other is in docs/chat-protocol.md. The message table is
the truth; a lost connection, a second tab or a restart costs time and never a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.chat.answering import Answering, Answers
from bot.channels.chat.events import Events
from bot.channels.chat.files import attachment_routes
from bot.channels.chat.limits import Limits
from bot.channels.chat.owners import OwnerNews
from bot.channels.chat.pages import pages_blueprint
from bot.channels.chat.refusals import Refused, refuse
from bot.channels.chat.relay import Relay
from bot.channels.chat.session import (
    COOKIE,
    MAX_BODY,
    Sessions,
    contact_json,
    session_routes,
)
from bot.channels.chat.socket import ChatSocket
from bot.channels.chat.transcript import CHANNEL, Transcript
from bot.engine.inbox import InboxService
from bot.engine.outbox import OutboxService
from bot.errors import BadMessage, RefusedFile, StoreError
from bot.http.assets import Assets
from bot.http.sockets import new_server
from bot.services.attachments import Attachments
from bot.services.contact import Contact
from bot.services.feedback import Feedback
from bot.services.ownership import Ownership
from bot.services.visitors import Visitors
from bot.services.waiting import Queue
from bot.store.database import Database

__all__ = ["CHANNEL", "COOKIE", "ChatService", "Limits", "add_chat", "contact_json"]


@dataclass(frozen=True)
class ChatService:
    """What the site chat needs, and how it is set up."""

    database: Database
    inbox: InboxService
    outbox: OutboxService
    turns: Answers
    contact: Contact
    visitors: Visitors
    attachments: Attachments
    feedback: Feedback
    origins: Sequence[str] = ()
    identity_key: str | None = None
    redis_url: str | None = None
    assets: Assets | None = None


def add_chat(app: Sanic, service: ChatService, limits: Limits | None = None) -> Relay:
    """Adds `/chat…` and `/widget…` to an application, and the delivery of the chat's replies.

    Returns the relay, through which others tell the pages what they did to a conversation.
    """
    limits = limits or Limits()
    queue = Queue(service.database, Ownership(service.database))
    sessions = Sessions(service.visitors)
    transcript = Transcript(service.database, queue.places)
    server = new_server("chat", MAX_BODY, service.database.neighbours, service.redis_url)
    relay = Relay(server, transcript)
    answering = Answering(service.turns, relay, transcript)
    events = Events(service.inbox, service.visitors, service.feedback, transcript, relay,
                    answering, limits)
    chat = ChatSocket(server, sessions, events, limits)
    owners = OwnerNews(service.database, relay, transcript, chat.conversations)
    service.outbox.register(CHANNEL, relay.deliver)

    blueprint = Blueprint("site_chat", url_prefix="/chat")
    session_routes(blueprint, sessions, service.contact, limits, service.attachments.max_bytes,
                   service.identity_key, relay.moved_on)
    attachment_routes(blueprint, sessions, service.attachments, limits)
    chat.routes(blueprint)

    async def refused(request: Request, error: Exception) -> HTTPResponse:
        return refuse(error, sessions.language_of(request))

    for kind in (Refused, RefusedFile, BadMessage, StoreError):
        blueprint.exception(kind)(refused)

    @blueprint.listener("before_server_start")
    async def start(*_: Any) -> None:
        owners.start()

    @blueprint.listener("before_server_stop")
    async def stop(*_: Any) -> None:
        await owners.stop()
        await answering.finish()
        await chat.close()

    app.blueprint(blueprint)
    app.blueprint(pages_blueprint(service.contact, service.origins, service.assets))
    app.enable_websocket()
    # Socket.IO has its own, which work on both transports.
    app.config.update(WEBSOCKET_MAX_SIZE=MAX_BODY, WEBSOCKET_PING_INTERVAL=None)
    return relay
