"""The REST channel, for trusted back ends with the token: it answers when the turn is over."""

from __future__ import annotations

import hmac
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.engine.assistant import Assistant
from bot.engine.door import outside_id, take_in
from bot.engine.outbox import OutgoingMessage
from bot.errors import BadMessage, StoreError

CHANNEL = "rest"


def rest_blueprint(assistant: Assistant, token: str) -> Blueprint:
    """`POST /webhooks/rest/webhook` with `Authorization: Bearer <token>`.

    In: {"sender", "message", "message_id"?}. Out: a list of {"recipient_id", "text", "buttons",
    "custom"}, as in Rasa. The same `message_id` again returns the same replies. What a person wrote
    since the last request comes with them.
    """
    blueprint = Blueprint("rest_channel", url_prefix="/webhooks/rest")

    @blueprint.get("/")
    async def health(_: Request) -> HTTPResponse:
        return json_response({"status": "ok"})

    @blueprint.post("/webhook")
    async def receive(request: Request) -> HTTPResponse:
        if not _allowed(request, token):
            return json_response({"error": "the token is missing or wrong"}, 401)
        try:
            sender, typed, message_id = _read(request)
            accepted = assistant.inbox.accept(CHANNEL, sender, typed, message_id)
            await assistant.turns.answer(sender)
        except BadMessage as error:
            return json_response({"error": str(error)}, 400)
        except StoreError as error:
            return json_response({"error": f"try again in a moment: {error}"}, 503)
        replies = assistant.outbox.hand_out(accepted.inbox_id)
        return json_response([_reply(sender, reply) for reply in replies])

    return blueprint


def _allowed(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    scheme, _, value = given.partition(" ")
    # Headers may hold bytes that are no text; then they are no token either.
    given_token = value.strip().encode("utf-8", "surrogateescape")
    return scheme.lower() == "bearer" and hmac.compare_digest(given_token, token.encode())


def _read(request: Request) -> tuple[str, Any, str | None]:
    try:
        body = request.json
    except Exception:
        raise BadMessage("the body must be JSON") from None
    if not isinstance(body, dict):
        raise BadMessage('the body must be an object with "sender" and "message"')
    message_id = body.get("message_id")
    return (outside_id(body.get("sender"), "sender"), take_in(body.get("message")),
            None if message_id is None else outside_id(message_id, "message_id"))


def _reply(sender: str, reply: OutgoingMessage) -> dict[str, Any]:
    answer: dict[str, Any] = {"recipient_id": sender, "text": reply.text}
    if reply.buttons:
        answer["buttons"] = reply.buttons
    if reply.custom:
        answer["custom"] = reply.custom
    return answer
