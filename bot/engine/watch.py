"""Nobody waits for a person who is not there: lost agents, idle ones, and an empty desk.

Each conversation is a transaction of its own in which its owner is changed and its customer told,
so whatever is interrupted is found again at the next look.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

from bot.engine.handing_back import HandingBack
from bot.errors import AftersaleError
from bot.services.contact import Contact
from bot.services.desk.attendance import Attendance, Left
from bot.services.desk.texts import say
from bot.services.messages import send
from bot.services.ownership import Ownership, Taken
from bot.services.ticket_texts import subject
from bot.services.tickets import Tickets
from bot.services.waiting import EMERGENCY, Queue
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Ticket, utcnow

logger = logging.getLogger(__name__)


class Watch:
    """Looks after conversations that were left alone."""

    def __init__(self, database: Database, ownership: Ownership, attendance: Attendance,
                 queue: Queue, tickets: Tickets, contact: Contact,
                 handing_back: HandingBack) -> None:
        self._database, self._ownership, self._attendance = database, ownership, attendance
        self._queue, self._tickets, self._contact = queue, tickets, contact
        self._handing_back = handing_back

    async def look(self) -> list[str]:
        """One look. Returns the conversations whose customers were told something."""
        changed = []
        for left in self._attendance.left():
            if self._done(left.conversation_id, await self._back_to_queue(left)):
                changed.append(left.conversation_id)
        for conversation_id in self._attendance.stranded():
            if self._done(conversation_id, await self._send_elsewhere(conversation_id)):
                changed.append(conversation_id)
        return changed

    def _done(self, conversation_id: str, error: Exception | None) -> bool:
        if error is not None:
            logger.info("a conversation went on by itself: %s", error)
        return error is None

    async def _back_to_queue(self, left: Left) -> Exception | None:
        try:
            with self._database.separate_unit_of_work() as session:
                owner = self._ownership.requeue(left.conversation_id, left.agent_id, left.reason)
                if left.is_letter:
                    return None
                conversation = session.get(Conversation, left.conversation_id)
                place = self._queue.place(left.conversation_id)
                text = say(conversation.language, "agent_lost",
                           position=place.position if place else 1)
                send(session, conversation, "assistant", text, epoch=owner.epoch)
        except (Taken, AftersaleError, sa.exc.IntegrityError) as error:
            return error
        return None

    async def _send_elsewhere(self, conversation_id: str) -> Exception | None:
        try:
            with self._database.separate_unit_of_work() as session:
                conversation = session.get(Conversation, conversation_id)
                ways = self._contact.ways(utcnow())
                urgent = conversation.handoff_reason == EMERGENCY
                route = "phone" if ways.open_now else "ticket"
                number = None
                if urgent or route == "ticket":
                    number = self._ticket(session, conversation, urgent)
                key = "nobody_emergency" if urgent else f"nobody_{route}"
                text = say(conversation.language, key, phone=ways.support_phone,
                           email=ways.support_email, ticket_number=number)
                await self._handing_back.release(conversation_id, text, route, number)
        except (Taken, AftersaleError, sa.exc.IntegrityError) as error:
            return error
        return None

    def _ticket(self, session: sa.orm.Session, conversation: Conversation, urgent: bool) -> str:
        """The ticket that a person will answer: the one there is, or a new one."""
        there = session.scalars(sa.select(Ticket.number).where(
            Ticket.conversation_id == conversation.id, Ticket.state.in_(("open", "waiting")),
            *([Ticket.urgent] if urgent else [])).order_by(Ticket.created_at.desc())).first()
        if there is not None:
            return str(there)
        said = session.scalars(sa.select(Message.text).where(
            Message.conversation_id == conversation.id, Message.author == "customer")
            .order_by(Message.seq.desc()).limit(5)).all()
        opened = self._tickets.open(
            "emergency" if urgent else "request", subject("nobody"),
            "\n".join(reversed(said)) or "-", conversation_id=conversation.id,
            order_id=conversation.order_id, urgent=urgent)
        return opened.number
