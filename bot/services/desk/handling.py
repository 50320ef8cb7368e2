"""What agents do with a conversation besides answering: put it aside, tag it, merge it, note it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, Unknown, Unsure
from bot.services.ownership import AGENT, BOT, Ownership, Taken
from bot.store.database import Database
from bot.store.keys import email_key
from bot.store.tables import (
    Conversation,
    ConversationTag,
    Note,
    Order,
    StaffMember,
    new_id,
    utcnow,
)

LONGEST_TAG, MOST_TAGS, LONGEST_NOTE = 40, 20, 8000
_MENTION = re.compile(r"(?<!\w)@([\w.\-]+(?:@[\w.\-]+)?)")


class Handling:
    """Changes a conversation on behalf of an agent. Raises Unknown for one that is not there."""

    def __init__(self, database: Database, ownership: Ownership) -> None:
        self._database, self._ownership = database, ownership

    def snooze(self, conversation_id: str, staff_id: str, until: dt.datetime | None) -> None:
        """Puts a conversation aside until then, or until its customer writes; None ends it.

        Raises Taken if another agent has it, NotAllowed for a moment that is over.
        """
        if until is not None and until <= utcnow():
            raise NotAllowed("that moment is over")
        with self._database.unit_of_work() as session:
            conversation = found(session, conversation_id)
            owner = self._ownership.of(conversation_id)
            if owner.owner == AGENT and owner.agent_id != staff_id:
                raise Taken(owner.agent)
            conversation.snoozed_until = until

    def tag(self, conversation_id: str, tags: Sequence[str]) -> None:
        """Gives a conversation exactly these tags."""
        wanted = list(dict.fromkeys(tag.strip()[:LONGEST_TAG] for tag in tags if tag.strip()))
        with self._database.unit_of_work() as session:
            found(session, conversation_id)
            there = {row.tag: row for row in session.scalars(sa.select(ConversationTag).where(
                ConversationTag.conversation_id == conversation_id))}
            for tag, row in there.items():
                if tag not in wanted:
                    session.delete(row)
            session.add_all(ConversationTag(conversation_id=conversation_id, tag=tag)
                            for tag in wanted[:MOST_TAGS] if tag not in there)

    def merge(self, conversation_id: str, into: str, staff_id: str, sure: bool = False) -> None:
        """Merges a conversation into another one of the same customer; it leaves the inbox.

        Who writes on in it is heard there as before. Raises NotAllowed if one of them is
        merged already, they are the same, or of two customers; Unsure if nothing tells whose one
        of them is and the agent is not `sure`; Taken if another agent has it.
        """
        with self._database.unit_of_work() as session:
            conversation, target = found(session, conversation_id), found(session, into)
            if conversation.id == target.id:
                raise NotAllowed("a conversation cannot be merged into itself")
            if conversation.merged_into or target.merged_into:
                raise NotAllowed("one of them was merged already")
            same = _same_customer(session, conversation, target)
            if same is False:
                raise NotAllowed("these conversations are of different customers")
            if same is None and not sure:
                raise Unsure("nothing proves that both are of the same customer")
            if self._ownership.of(conversation_id).owner != BOT:
                self._ownership.hand_back(conversation_id, staff_id, "merged")
            conversation.merged_into = target.id

    def note(self, conversation_id: str, staff_id: str, body: str) -> dict[str, Any]:
        """Adds a private note and returns it. Agents whose name or address it has after an `@`
        are mentioned."""
        with self._database.unit_of_work() as session:
            found(session, conversation_id)
            note = Note(id=new_id(), conversation_id=conversation_id, staff_id=staff_id,
                        body=body[:LONGEST_NOTE], mentions=_mentioned(session, body),
                        created_at=utcnow())
            session.add(note)
            return note_view(note, session.get(StaffMember, staff_id))


def found(session: Session, conversation_id: str) -> Conversation:
    """A conversation. Raises Unknown."""
    conversation: Conversation | None = session.get(Conversation, conversation_id)
    if conversation is None:
        raise Unknown("there is no such conversation")
    return conversation


def _same_customer(session: Session, one: Conversation, other: Conversation) -> bool | None:
    """By the orders they proved, else by their addresses; None if one of them tells neither."""
    customers = [order and session.get(Order, order).customer_id
                 for order in (one.order_id, other.order_id)]
    addresses = [email_key(each.customer_email or "") for each in (one, other)]
    for first, second in (customers, addresses):
        if first and second and first == second:
            return True
    return False if all(customers) or all(addresses) else None


def note_view(note: Note, author: StaffMember | None) -> dict[str, Any]:
    """A note as the desk's pages see it (docs/desk-protocol.md)."""
    return {"id": note.id, "author": who(author), "body": note.body,
            "mentions": list(note.mentions or ()), "at": note.created_at.isoformat()}


def who(member: StaffMember | None) -> dict[str, str] | None:
    """An agent as others see them: `{id, name}`."""
    return None if member is None else {"id": member.id, "name": member.name or member.email}


def _mentioned(session: Session, body: str) -> list[str]:
    written = {word.casefold() for word in _MENTION.findall(body)}
    if not written:
        return []
    members = session.execute(sa.select(StaffMember.id, StaffMember.name, StaffMember.email)
                              .where(StaffMember.active))
    return [row.id for row in members if written & _names(row.name, row.email)]


def _names(name: str, email: str) -> set[str]:
    """What somebody may be called in a note: `@mai`, `@mai.li`, `@mai@shop.example`."""
    folded, address = name.casefold(), email.casefold()
    return {folded.partition(" ")[0], re.sub(r"\s+", ".", folded), re.sub(r"\s+", "", folded),
            address, address.partition("@")[0]} - {""}
