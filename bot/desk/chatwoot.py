"""`POST /desk/chatwoot`: what Chatwoot's webhook tells (docs/desk-api.md).

Signed since Chatwoot 4.12 (`X-Chatwoot-Signature`); older ones name the secret in the path.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.desk.api import respond
from bot.desk.conversations import HandsBack
from bot.desk.refusals import Refused, refuse
from bot.engine.door import take_in
from bot.errors import BadMessage
from bot.services.chatwoot import Chatwoot
from bot.services.ownership import Taken

logger = logging.getLogger(__name__)

#: Seconds that a signed request may be old or early.
TOLERANCE = 300
#: Seconds between two questions who is online there; agents without a beat for 45 s are gone.
BEAT = 15.0
Deliver = Callable[[str], Awaitable[None]]


def chatwoot_blueprint(chatwoot: Chatwoot, secret: str, handing_back: HandsBack,
                       deliver: Deliver) -> Blueprint:
    """The webhook's routes, and the task that asks who is online."""
    blueprint = Blueprint("chatwoot", url_prefix="/desk/chatwoot")

    async def hear(request: Request, path_secret: str | None = None) -> HTTPResponse:
        try:
            _check(request, secret, path_secret)
            event = _read(request)
            if event.get("event") == "message_created":
                await replied(event)
            elif (event.get("event") == "conversation_status_changed"
                  and event.get("status") == "resolved"):
                await resolved(event)
            return respond({})
        except Exception as error:
            return refuse(error)

    async def replied(event: dict[str, Any]) -> None:
        """Only what an agent wrote for the customer: no notes, no messages of ours or of bots."""
        sender = event.get("sender") or {}
        conversation = event.get("conversation") or {}
        if (event.get("message_type") != "outgoing" or event.get("private")
                or sender.get("type") != "user" or not _ours(event, conversation)):
            return
        links = [str(file.get("data_url")) for file in event.get("attachments") or ()
                 if str(file.get("data_url") or "").startswith("https://")]
        try:
            text = take_in("\n".join([str(event.get("content") or ""), *links])).shown
        except BadMessage:
            return
        conversation_id = chatwoot.took(_id(conversation), str(event["id"]), text, sender)
        if conversation_id is not None:
            await deliver(conversation_id)

    async def resolved(event: dict[str, Any]) -> None:
        there = chatwoot.owner_there(_id(event)) if _ours(event, event) else None
        if there is None:
            return
        try:
            await handing_back.hand_back(*there)
        except Taken:
            return  # somebody else has it by now
        await deliver(there[0])

    def _ours(event: dict[str, Any], conversation: dict[str, Any]) -> bool:
        account = (event.get("account") or {}).get("id")
        inbox = conversation.get("inbox_id")
        return (account is None or str(account) == str(chatwoot.api.account)) and (
            inbox is None or str(inbox) == str(chatwoot.api.inbox))

    blueprint.add_route(hear, "/", methods=["POST"], name="signed")
    blueprint.add_route(hear, "/<path_secret:str>", methods=["POST"], name="by_path")

    tasks: list[asyncio.Task[None]] = []

    @blueprint.listener("after_server_start")
    async def begin(*_: object) -> None:
        tasks.append(asyncio.create_task(_beat(chatwoot)))

    @blueprint.listener("before_server_stop")
    async def end(*_: object) -> None:
        for task in tasks:
            task.cancel()

    return blueprint


async def _beat(chatwoot: Chatwoot) -> None:
    while True:
        try:
            await asyncio.to_thread(chatwoot.beat)
        except Exception:
            logger.exception("Chatwoot's agents were not looked up; they will be")
        await asyncio.sleep(BEAT)


def _check(request: Request, secret: str, path_secret: str | None) -> None:
    """Raises Refused unless Chatwoot sent this."""
    given = request.headers.get("x-chatwoot-signature")
    if given is None:
        if path_secret is None or not _same(path_secret, secret):
            raise Refused("signed_out")
        return
    written = request.headers.get("x-chatwoot-timestamp", "")
    if not written.isascii() or not written.isdigit() or abs(
            time.time() - int(written[:12])) > TOLERANCE:
        raise Refused("signed_out")
    expected = hmac.new(secret.encode(), written.encode() + b"." + request.body, hashlib.sha256)
    if not _same(given, f"sha256={expected.hexdigest()}"):
        raise Refused("signed_out")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _read(request: Request) -> dict[str, Any]:
    try:
        event = json.loads(request.body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Refused("unreadable")
    return event


def _id(conversation: dict[str, Any]) -> str:
    return str(conversation.get("id") or conversation.get("display_id") or "")
