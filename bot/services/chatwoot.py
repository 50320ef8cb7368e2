"""Conversations in Chatwoot instead of our own desk: what waits goes there, replies come back.

Its agents are agents here too, one for each, without a password: they own conversations and are at
the desk while Chatwoot says that they are online.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.chatwoot_api import ChatwootApi
from bot.services.desk.replies import AgentReplies
from bot.services.happenings import EMERGENCY, MESSAGE, WAITING, Happening
from bot.services.jobs import Jobs, plan
from bot.services.outgoing import Unreachable
from bot.services.ownership import BOT, Ownership, Taken
from bot.services.passwords import hashed, one_time_password
from bot.services.presence import Presences
from bot.store.database import Database
from bot.store.tables import Conversation, Message, OutsideConversation, StaffMember, new_id

logger = logging.getLogger(__name__)

DESK = "chatwoot"
JOB, NOTE_JOB = "chatwoot", "chatwoot_note"
#: Addresses of Chatwoot's agents here; nobody can have one (RFC 2606).
_ADDRESS = "chatwoot-{}@desk.invalid"
_NAMES = {"assistant": "Assistant", "agent": "Agent", "withdrawn": "Assistant (withdrawn)"}


class Chatwoot:
    """The adapter's part without HTTP: what goes there by jobs, and what comes back."""

    def __init__(self, database: Database, jobs: Jobs, api: ChatwootApi, ownership: Ownership,
                 presences: Presences, replies: AgentReplies) -> None:
        self._database, self.api, self._ownership = database, api, ownership
        self._presences, self._replies = presences, replies
        self._lock = threading.Lock()
        jobs.register(JOB, self.tell)
        jobs.register(NOTE_JOB, self._note)

    def heard(self, session: Session, happening: Happening) -> None:
        """Plans what is to be told there, in the transaction in which it happens."""
        data = happening.data
        if happening.event == WAITING:
            plan(session, JOB, {"conversation_id": happening.object_id, "open": True},
                 key=f"{JOB}:{happening.object_id}:epoch {data['epoch']}")
        elif happening.event == MESSAGE and data["author"] == "customer" and session.get(
                OutsideConversation, (DESK, happening.object_id)):
            plan(session, JOB, {"conversation_id": happening.object_id},
                 key=f"{JOB}:{happening.object_id}:{data['seq']}")

    def tell(self, payload: dict[str, Any]) -> None:
        """The job: makes the conversation there and tells what was said since the last time."""
        conversation_id = payload["conversation_id"]
        # Of two jobs of a conversation the second finds what the first told.
        with self._lock, self._database.alone(f"{DESK} {conversation_id}"):
            with self._database.separate_unit_of_work() as session:
                conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return
            outside_id = self._outside(conversation)
            if payload.get("open") and conversation.owner != BOT:
                self.api.set_status(outside_id, "open")
                if conversation.handoff_reason == EMERGENCY:
                    self.api.set_priority(outside_id, "urgent")
            self._tell_messages(conversation_id, outside_id)

    def took(self, outside_id: str, message_id: str, text: str, sender: dict[str, Any]
             ) -> str | None:
        """An agent replied there. Returns our conversation; None if it is none of ours.

        The same message again is the same reply. A conversation that an agent of our own desk has
        stays theirs, and a note there says so.
        """
        conversation_id = self.conversation_of(outside_id)
        if conversation_id is None:
            return None
        staff_id = self.staff_of(sender)
        self._presences.beat(staff_id, active=True)
        try:
            owner = self._ownership.of(conversation_id)
            if owner.agent_id not in (None, staff_id) and self._is_theirs(owner.agent_id):
                self._ownership.give(conversation_id, owner.agent_id, staff_id)
            self._replies.reply(conversation_id, staff_id, text, f"{DESK}:{message_id}")
        except Taken as taken:
            with self._database.unit_of_work() as session:
                plan(session, NOTE_JOB, {
                    "conversation_id": conversation_id, "outside_id": outside_id,
                    "text": f"Not delivered: {taken.by or 'the assistant'} has this conversation.",
                    "source_id": f"refused:{message_id}"}, key=f"{NOTE_JOB}:{message_id}")
        return conversation_id

    def owner_there(self, outside_id: str) -> tuple[str, str] | None:
        """Our conversation and the agent on whose behalf it is handed back; None if neither.

        That is so if it is the assistant's already, or an agent's of our own desk.
        """
        conversation_id = self.conversation_of(outside_id)
        if conversation_id is None:
            return None
        owner = self._ownership.of(conversation_id)
        if owner.owner == BOT or (owner.agent_id and not self._is_theirs(owner.agent_id)):
            return None
        return conversation_id, owner.agent_id or self.staff_of({"id": 0, "name": "Chatwoot"})

    def beat(self) -> None:
        """Agents who are online there are at the desk here. To be called every few seconds."""
        try:
            agents = self.api.agents()
        except Unreachable as error:
            logger.warning("Chatwoot does not tell who is online: %s", error)
            return
        for agent in agents:
            if agent.get("availability_status") == "online":
                self._presences.beat(self.staff_of(agent), active=False)

    def conversation_of(self, outside_id: str) -> str | None:
        """Our conversation by its number there."""
        with self._database.unit_of_work() as session:
            found: str | None = session.scalar(sa.select(OutsideConversation.conversation_id).where(
                OutsideConversation.desk == DESK, OutsideConversation.outside_id == outside_id))
            return found

    def staff_of(self, agent: dict[str, Any]) -> str:
        """The agent here who stands for one of Chatwoot's, made at their first sign of life."""
        email, name = _ADDRESS.format(int(agent["id"])), str(agent.get("name") or "")[:200]
        with self._database.unit_of_work() as session:
            staff = session.scalar(sa.select(StaffMember).where(StaffMember.email == email))
            if staff is None:
                staff = StaffMember(id=new_id(), email=email, must_change=True, active=True,
                                    password_hash=hashed(one_time_password()))
                session.add(staff)
            if name and staff.name != name:
                staff.name = name
            return str(staff.id)

    def _is_theirs(self, staff_id: str | None) -> bool:
        with self._database.unit_of_work() as session:
            email = session.scalar(sa.select(StaffMember.email).where(StaffMember.id == staff_id))
        return bool(email and email.endswith(_ADDRESS.partition("}")[2]))

    def _outside(self, conversation: Conversation) -> str:
        with self._database.separate_unit_of_work() as session:
            known = session.get(OutsideConversation, (DESK, conversation.id))
        if known is not None:
            return str(known.outside_id)
        # Our id may be a secret of the channel, so it is not told.
        identifier = f"aftersale-{hashlib.sha256(conversation.id.encode()).hexdigest()[:24]}"
        contact, source = self.api.contact(identifier, conversation.customer_email or identifier)
        outside_id = self.api.conversation(contact, source, {
            "language": conversation.language or "", "topic": conversation.topic or "",
            "reason": conversation.handoff_reason or ""})
        with self._database.separate_unit_of_work() as session:
            session.add(OutsideConversation(desk=DESK, conversation_id=conversation.id,
                                            outside_id=outside_id, told_seq=0))
        return outside_id

    def _tell_messages(self, conversation_id: str, outside_id: str) -> None:
        with self._database.separate_unit_of_work() as session:
            told = session.get(OutsideConversation, (DESK, conversation_id)).told_seq
            messages = session.scalars(sa.select(Message).where(
                Message.conversation_id == conversation_id, Message.seq > told)
                .order_by(Message.seq)).all()
        # What was told just before a crash is there already.
        there = self.api.sources(outside_id) if messages else set()
        for message in messages:
            source = f"aftersale:{message.seq}"
            by = message.payload.get("by")
            if source not in there and message.text and not (by and self._is_theirs(by)):
                customer = message.author == "customer"
                self.api.say(outside_id, message.text if customer else
                             f"{_NAMES[message.author]}: {message.text}", source,
                             customer=customer)
            with self._database.separate_unit_of_work() as session:
                session.get(OutsideConversation, (DESK, conversation_id)).told_seq = message.seq

    def _note(self, payload: dict[str, Any]) -> None:
        if payload["source_id"] not in self.api.sources(payload["outside_id"]):
            self.api.say(payload["outside_id"], payload["text"], payload["source_id"],
                         customer=False)
