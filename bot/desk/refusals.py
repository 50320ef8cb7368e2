"""Refusals of the desk: any error as a status, a code for the page and a sentence."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import yaml
from sanic.response import HTTPResponse
from sanic.response import json as json_response
from sqlalchemy.exc import IntegrityError

from bot.errors import (
    AftersaleError,
    BadMessage,
    ConcurrentTurn,
    NotAllowed,
    RefusedFile,
    SignInRefused,
    StoreError,
    TooOften,
    Unknown,
    Unsure,
)
from bot.http.headers import API_HEADERS
from bot.services.ownership import Taken

logger = logging.getLogger(__name__)

#: code → {status, text}; the codes of docs/desk-protocol.md.
CODES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "refusals.yml").read_text(encoding="utf-8"))


class Refused(AftersaleError):
    """Something that is not served. `values` fill the sentence and stand beside the code."""

    def __init__(self, code: str, *, status: int | None = None, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values
        self.status: int = status or CODES[code]["status"]

    def public(self) -> dict[str, Any]:
        """`{code, text, ...}`."""
        text = CODES[self.code]["text"].format_map({"what": self.code, **self.values})
        beside = {name: value for name, value in self.values.items() if name != "what"}
        return {"code": self.code, "text": text, **beside}


def as_refused(error: Exception) -> Refused:
    """Any error as a refusal. One that nobody expected is logged, and is no fault of the page."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, Taken):
        return Refused("taken", by=error.by or "The assistant")
    if isinstance(error, Unknown):
        return Refused("unknown", what=_sentence(error))
    if isinstance(error, Unsure):
        return Refused("unsure", what=_sentence(error))
    if isinstance(error, (NotAllowed, ConcurrentTurn)):
        return Refused("state", what=_sentence(error))
    if isinstance(error, IntegrityError):
        return Refused("state", what="It has changed meanwhile. Please look again.")
    if isinstance(error, SignInRefused):
        wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
        return Refused(error.reason, **wait)
    if isinstance(error, TooOften):
        return Refused("rate", retry_after=error.retry_after)
    if isinstance(error, RefusedFile):
        too_much = error.reason in ("too_large", "too_many")
        return Refused("attachment", status=413 if too_much else 415, what=error.reason,
                       reason=error.reason, **error.values)
    if isinstance(error, StoreError):
        logger.error("the desk could not use the database: %s", error)
        return Refused("unavailable")
    if isinstance(error, (BadMessage, AftersaleError)):
        return Refused("invalid", what=_sentence(error))
    logger.exception("the desk failed", exc_info=error)
    return Refused("unavailable")


def refuse(error: Exception) -> HTTPResponse:
    """The answer to a refused request."""
    refused = as_refused(error)
    wait = refused.values.get("retry_after")
    return json_response({"error": refused.public()}, refused.status,
                         {**API_HEADERS, **({"Retry-After": str(wait)} if wait else {})})


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
