"""Refusals: what is not served, as a code for the page and a sentence for its reader."""

from __future__ import annotations

import logging
from typing import Any

from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.channels.chat.texts import say
from bot.errors import BadMessage, NoSuchAttachment, RefusedFile, StoreError
from bot.http.headers import API_HEADERS

logger = logging.getLogger(__name__)

class Refused(Exception):
    """Something that is not served. `code` is for the page (docs/chat-protocol.md).

    `text` names the sentence where it is not `refused_<code>`; `values` are filled into it.
    """

    def __init__(self, code: str, status: int = 400, *, text: str | None = None,
                 retry_after: int | None = None, **values: object) -> None:
        super().__init__(code)
        self.code, self.status, self.retry_after = code, status, retry_after
        self._text, self._values = text or f"refused_{code}", values

    def public(self, language: str | None) -> dict[str, Any]:
        """`{code, text, retry_after?}` in a language."""
        told: dict[str, Any] = {"code": self.code,
                                "text": say(language, self._text, **self._values)}
        return told if self.retry_after is None else {**told, "retry_after": self.retry_after}


def as_refused(error: Exception) -> Refused:
    """Any error as a refusal. One that nobody expected is logged, and is no fault of the page."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, RefusedFile):
        return Refused("attachment", 413 if error.reason in ("too_large", "too_many") else 415,
                       text=f"file_{error.reason}", **error.values)
    if isinstance(error, NoSuchAttachment):
        return Refused("attachment")
    if isinstance(error, BadMessage):
        return Refused("unreadable")
    if isinstance(error, StoreError):
        logger.error("the chat could not use the database or its files: %s", error)
    else:
        logger.exception("the chat failed", exc_info=error)
    return Refused("unavailable", 503)


def refuse(error: Exception, language: str | None) -> HTTPResponse:
    """The answer to a refused request."""
    refused = as_refused(error)
    told = refused.public(language)
    retry = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    return json_response({"error": told}, refused.status, {**API_HEADERS, **retry})


def answer(body: dict[str, Any], status: int = 200) -> HTTPResponse:
    """An answer to the page, which nobody keeps."""
    return json_response(body, status, dict(API_HEADERS))
