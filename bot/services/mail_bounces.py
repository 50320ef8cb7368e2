"""Bounces: which mail of ours did not arrive, at whom, and why (RFC 3464, and those before it)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from bot.services.mail_reading import Mail

_LONGEST = 500


@dataclass(frozen=True)
class Bounce:
    """`header_ids` are Message-IDs named in it. `final`: it will not be tried again."""

    header_ids: tuple[str, ...]
    recipient: str
    reason: str
    final: bool


def read_bounce(mail: Mail) -> Bounce:
    """What a bounce says. Without a readable status it counts as final."""
    fields: dict[str, str] = {}
    texts = [mail.text]
    for part in mail.parts:
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for block in _blocks(part):
                fields |= {name.lower(): str(value) for name, value in block.items()}
        if kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            texts.append(part.as_string()[:50_000])
    ids = tuple(dict.fromkeys([
        *mail.in_reply_to, *re.findall(r"<([^<>\s]+@[^<>\s]+)>", "\n".join(texts))]))
    recipient = _address(fields.get("final-recipient") or fields.get("original-recipient")
                         or mail.headers.get("x-failed-recipients", ""))
    reason = (fields.get("diagnostic-code") or fields.get("status") or mail.subject)
    action, status = fields.get("action", "failed").lower(), fields.get("status", "5")
    return Bounce(ids, recipient, " ".join(reason.split())[:_LONGEST],
                  action.strip() == "failed" and status.strip()[:1] == "5")


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(
        payload, list) else []


def _address(field: str) -> str:
    return field.rpartition(";")[2].strip().strip("<>").lower()[:320]
