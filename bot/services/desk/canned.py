"""Prepared replies: those the shop wrote, ours until it writes its own, and the assistant's texts.

Placeholders are filled for the conversation at hand, each in the customer's language.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from babel.dates import format_date
from babel.messages.pofile import read_po
from sqlalchemy.orm import Session

from bot.errors import AftersaleError, NotAllowed, Unknown
from bot.services.desk.handling import found
from bot.services.desk.orders import GuaranteeEnds
from bot.store.database import Database
from bot.store.tables import CannedReply, Customer, Order, StaffMember, Ticket, new_id
from bot.wording.catalogue import DOMAIN, LANGUAGES, LOCALE, SOURCE, translate

#: Ours, by shortcut. Whoever changes one gets a row of the same shortcut; one without texts
#: hides it.
_OURS = Path(__file__).with_name("canned.yml")
_TITLES = Path(__file__).with_name("canned_titles.yml")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLACEHOLDERS = ("customer_name", "order_number", "ticket_number", "guarantee_ends", "agent_name",
                "support_phone", "support_email", "claim_number")
#: The assistant's texts that a person may use as they are: responses whose names go on so.
_ASSISTANTS = ("policy/", "safety_", "steps")
LONGEST_TITLE, LONGEST_TEXT = 200, 4000


class Canned:
    """Lists, fills and keeps prepared replies."""

    def __init__(self, database: Database, guarantee_ends: GuaranteeEnds,
                 contact: Mapping[str, str]) -> None:
        self._database, self._guarantee_ends = database, guarantee_ends
        self._contact = dict(contact)

    def listed(self, staff_id: str, language: str | None = None,
               conversation_id: str | None = None) -> list[dict[str, Any]]:
        """All replies in a language, filled in for a conversation. Raises Unknown.

        Without a language that of the conversation is taken, or English.
        """
        with self._database.unit_of_work() as session:
            values, spoken = self._values(session, staff_id, conversation_id)
            chosen = language or spoken or SOURCE
            replies = [*_shops(session), *_assistants()]
            return [_shown(reply, chosen, self._localised(values, chosen)) for reply in replies]

    def add(self, shortcut: str, title: str, texts: Mapping[str, str], by: str) -> dict[str, Any]:
        """A new reply. Raises NotAllowed if the shortcut is taken, AftersaleError for bad texts."""
        shortcut, title, kept = _checked(shortcut, title, texts)
        with self._database.unit_of_work() as session:
            if any(reply["shortcut"] == shortcut for reply in _shops(session)):
                raise NotAllowed(f"there is a reply /{shortcut} already")
            row = session.scalar(sa.select(CannedReply).where(CannedReply.shortcut == shortcut))
            if row is None:
                row = CannedReply(id=new_id(), shortcut=shortcut)
                session.add(row)
            row.title, row.texts, row.updated_by = title, kept, by
            return _shown(_of_row(row), SOURCE, {})

    def change(self, reply_id: str, shortcut: str, title: str, texts: Mapping[str, str],
               by: str) -> dict[str, Any]:
        """Changes a reply, ours too. Raises Unknown, NotAllowed, AftersaleError."""
        shortcut, title, kept = _checked(shortcut, title, texts)
        with self._database.unit_of_work() as session:
            row = _row(session, reply_id)
            if shortcut != row.shortcut and any(
                    reply["shortcut"] == shortcut for reply in _shops(session)):
                raise NotAllowed(f"there is a reply /{shortcut} already")
            row.shortcut, row.title, row.texts, row.updated_by = shortcut, title, kept, by
            return _shown(_of_row(row), SOURCE, {})

    def remove(self, reply_id: str, by: str) -> None:
        """Removes a reply; one of ours is hidden from then on. Raises Unknown."""
        with self._database.unit_of_work() as session:
            row = _row(session, reply_id)
            if row.shortcut in _ours():
                row.texts, row.updated_by = {}, by
            elif row in session.new:
                session.expunge(row)
            else:
                session.delete(row)

    def _values(self, session: Session, staff_id: str, conversation_id: str | None
                ) -> tuple[dict[str, Any], str | None]:
        member = session.get(StaffMember, staff_id)
        values: dict[str, Any] = {**self._contact, "agent_name": member.name if member else ""}
        if conversation_id is None:
            return values, None
        conversation = found(session, conversation_id)
        ticket = session.scalars(sa.select(Ticket).where(
            Ticket.conversation_id == conversation_id).order_by(Ticket.created_at.desc())).first()
        values["ticket_number"] = ticket.number if ticket else None
        values["claim_number"] = ticket.claim.number if ticket and ticket.claim else None
        row = session.execute(
            sa.select(Order.order_number, Order.invoice_date, Customer.name)
            .join(Customer, Customer.id == Order.customer_id)
            .where(Order.id == conversation.order_id)).one_or_none()
        if row is not None:
            values |= {"order_number": row.order_number, "customer_name": row.name,
                       "guarantee_ends": self._guarantee_ends(row.invoice_date)}
        return values, conversation.language

    @staticmethod
    def _localised(values: Mapping[str, Any], language: str) -> dict[str, str]:
        return {name: str(format_date(value, "long", locale=language))
                if isinstance(value, dt.date) else str(value)
                for name, value in values.items() if value}


def _shown(reply: dict[str, Any], language: str, values: Mapping[str, str]) -> dict[str, Any]:
    """A reply in a language, else in English. What is not known keeps its braces: an agent sees
    that something is missing."""
    texts: Mapping[str, str] = reply["texts"]
    chosen = language if language in texts else SOURCE if SOURCE in texts else next(iter(texts))
    text = _PLACEHOLDER.sub(lambda m: values.get(m[1]) or m[0], texts[chosen])
    return {"id": reply["id"], "shortcut": reply["shortcut"], "title": reply["title"],
            "text": text, "language": chosen, "languages": sorted(texts),
            "source": reply["source"],
            **({"texts": dict(texts)} if reply["source"] == "shop" else {})}


def _shops(session: Session) -> list[dict[str, Any]]:
    rows = {row.shortcut: row for row in session.scalars(sa.select(CannedReply))}
    ours = [reply for shortcut, reply in _ours().items() if shortcut not in rows]
    written = [_of_row(row) for row in rows.values() if row.texts]
    return sorted([*ours, *written], key=lambda reply: str(reply["shortcut"]))


def _of_row(row: CannedReply) -> dict[str, Any]:
    return {"id": row.id, "shortcut": row.shortcut, "title": row.title,
            "texts": dict(row.texts or {}), "source": "shop"}


def _row(session: Session, reply_id: str) -> CannedReply:
    """The row of a reply; a new one for one of ours. Raises Unknown."""
    row: CannedReply | None = session.get(CannedReply, reply_id)
    if row is not None and (row.texts or row.shortcut not in _ours()):
        return row
    ours = next((each for each in _ours().values() if each["id"] == reply_id), None)
    if ours is None or session.scalar(sa.select(CannedReply.id).where(
            CannedReply.shortcut == ours["shortcut"])):
        raise Unknown("there is no such reply")
    row = CannedReply(id=new_id(), shortcut=ours["shortcut"], title=ours["title"])
    session.add(row)
    return row


def _checked(shortcut: str, title: str, texts: Mapping[str, str]
             ) -> tuple[str, str, dict[str, str]]:
    shortcut, title = shortcut.strip().lstrip("/").lower(), title.strip()
    if not re.fullmatch(r"[\w-]{1,40}", shortcut):
        raise AftersaleError("a shortcut has at most 40 letters, digits, - and _")
    if not title or len(title) > LONGEST_TITLE:
        raise AftersaleError("a title has 1 to 200 characters")
    kept = {language: text.strip() for language, text in texts.items() if text.strip()}
    unknown = sorted(set(kept) - set(LANGUAGES))
    if unknown or not kept:
        raise AftersaleError("texts are needed in at least one of the languages "
                             f"{', '.join(LANGUAGES)}; not in {', '.join(unknown) or 'none'}")
    if any(len(text) > LONGEST_TEXT for text in kept.values()):
        raise AftersaleError(f"a text has at most {LONGEST_TEXT} characters")
    wrong = {name for text in kept.values() for name in _PLACEHOLDER.findall(text)}
    wrong -= set(PLACEHOLDERS)
    if wrong:
        raise AftersaleError(f"unknown placeholders: {', '.join(sorted(wrong))}; known are "
                             f"{', '.join(PLACEHOLDERS)}")
    return shortcut, title, kept


@functools.cache
def _ours() -> dict[str, dict[str, Any]]:
    english = yaml.safe_load(_OURS.read_text(encoding="utf-8"))
    titles = yaml.safe_load(_TITLES.read_text(encoding="utf-8"))
    return {shortcut: {"id": f"ours-{shortcut}", "shortcut": shortcut,
                       "title": titles[shortcut], "texts": _in_all(text.strip()),
                       "source": "shop"} for shortcut, text in english.items()}


@functools.cache
def _assistants() -> tuple[dict[str, Any], ...]:
    """The assistant's own texts that stand by themselves, from the catalogue of all texts."""
    with (LOCALE / f"{DOMAIN}.pot").open("rb") as file:
        template = read_po(file)
    said: dict[str, str] = {}
    for message in template:
        for name in message.auto_comments:
            ours = name.removeprefix("utter_").startswith(_ASSISTANTS)
            if ours and isinstance(message.id, str) and message.id \
                    and "(button)" not in name and not _PLACEHOLDER.search(message.id):
                said.setdefault(message.id, name)
    return tuple({"id": name, "shortcut": name.removeprefix("utter_").replace("/", "-"),
                  "title": name.removeprefix("utter_").replace("/", ": ").replace("_", " "),
                  "texts": _in_all(text), "source": "assistant"}
                 for text, name in sorted(said.items(), key=lambda item: item[1]))


def _in_all(text: str) -> dict[str, str]:
    return {language: translate(text, language) for language in LANGUAGES}


