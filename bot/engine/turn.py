"""A turn: the oldest unanswered message of a conversation goes to Rasa, and everything that comes
of it (tracker events, what the services wrote, replies) is committed at once."""

from __future__ import annotations

import asyncio
import logging
import weakref
from dataclasses import dataclass

import sqlalchemy as sa
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import BotUttered, SlotSet
from sqlalchemy.orm import joinedload

from bot.engine.actions import Failures
from bot.engine.inbox import MAX_ATTEMPTS, InboxService
from bot.engine.outbox import OutboxService
from bot.engine.replies import Reply, ReplyCollector
from bot.errors import ConcurrentTurn, TakenOver
from bot.services.desk.claims import ClaimsDesk
from bot.services.desk.texts import say
from bot.services.messages import next_seq
from bot.services.ownership import BOT, QUEUED
from bot.services.ticket_life import TicketLife
from bot.services.ticket_texts import subject
from bot.services.tickets import Tickets, TicketView
from bot.services.waiting import EMERGENCY, Queue
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, Outbox, new_id

logger = logging.getLogger(__name__)

#: Turns that go on at the same time. Each keeps a connection to the database while it waits for
#: something; if all of those were taken, the whole process would stand still.
_AT_ONCE = 8
#: Seconds between two looks whether another process has done with a message.
_ELSEWHERE = 0.1


@dataclass(frozen=True)
class TurnFailure(Exception):
    """Actions failed in a turn; everything of the turn is undone."""

    actions: tuple[str, ...]


class Turns:
    """Runs turns, one at a time in each conversation."""

    def __init__(self, database: Database, processor: MessageProcessor, inbox: InboxService,
                 outbox: OutboxService, tickets: Tickets, failures: Failures,
                 claims: ClaimsDesk, queue: Queue, life: TicketLife) -> None:
        self._database = database
        self._processor = processor
        self._inbox = inbox
        self._outbox = outbox
        self._tickets = tickets
        self._failures = failures
        self._claims, self._queue, self._life = claims, queue, life
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, conversation_id: str, *, lend_a_hand: bool = False) -> None:
        """Answers everything that waits in a conversation, oldest first, then delivers it.

        Waits for messages that another process is answering; with `lend_a_hand` it leaves
        conversations in which somebody is at work to them.
        """
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        if lend_a_hand and lock.locked():
            return
        async with lock:
            while waiting := self._inbox.waiting(conversation_id):
                async with self._room:
                    here = await self._answer_one(waiting[0])
                if here and len(waiting) == 1:
                    break  # whoever wrote meanwhile waits for the lock, and looks again
                if not here and lend_a_hand:
                    return
                if not here:
                    await asyncio.sleep(_ELSEWHERE)
        async with self._room:
            await self._outbox.deliver(conversation_id)

    async def _answer_one(self, inbox_id: str) -> bool:
        """Answers a message; False if another process has it, or just had it."""
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self._turn(inbox_id)
            except (ConcurrentTurn, TakenOver, sa.exc.IntegrityError):
                # Run again, it finds what the other one did: a person who has the conversation now.
                logger.info("a turn was overtaken and is run again")
            except TurnFailure as failure:
                logger.error("actions failed: %s", ", ".join(failure.actions))
                break
            except Exception:
                logger.exception("a turn failed")
                break
        return await self._apologise(inbox_id)

    async def _turn(self, inbox_id: str) -> bool:
        failed = self._failures.watch()
        with self._database.separate_unit_of_work(remembers=True) as session:
            row = _held(session, inbox_id)
            if row is None:
                return False
            row.state = "answered"
            conversation = row.conversation
            files = bool((row.message.payload or {}).get("attachments"))
            if conversation.owner != BOT:
                self._life.customer_wrote(row.conversation_id, row.message)
                if files:
                    self._take_files(row.conversation_id)
                return True
            begun = conversation.epoch
            if files and not row.heard:
                thanks = await self._thanks_for_files(row)
                _still_ours(session, row.conversation_id, begun)
                _write(session, row, thanks)
                return True
            collector = ReplyCollector(row.channel)
            await self._processor.handle_message(UserMessage(
                text=row.heard, output_channel=collector, sender_id=row.conversation_id,
                input_channel=row.channel, message_id=row.message_id))
            if failed:
                raise TurnFailure(tuple(name for name, _ in failed))
            replies = collector.replies()
            if not replies:
                # Rasa logs some errors and goes on without a word; a customer is never left so.
                raise TurnFailure(("no reply",))
            _still_ours(session, row.conversation_id, begun)
            for reply in replies:
                _write(session, row, reply)
            # Also files that were sent before there was a ticket, if this turn opened one.
            self._take_files(row.conversation_id)
            if conversation.owner == QUEUED:
                self._tell_place(session, row, conversation)
            return True

    def _take_files(self, conversation_id: str) -> TicketView | None:
        ticket = self._tickets.take_files(conversation_id)
        if ticket is not None:
            self._claims.evidence_came(conversation_id)
        return ticket

    def _tell_place(self, session: sa.orm.Session, row: Inbox, conversation: Conversation) -> None:
        """Whoever waits for a person knows how long."""
        session.flush()
        place = self._queue.place(row.conversation_id)
        if place is None:
            return
        key = "queued_emergency" if conversation.handoff_reason == EMERGENCY else "queued"
        _write(session, row, Reply(say(conversation.language, key, position=place.position,
                                       minutes=place.expected_minutes)))

    async def _thanks_for_files(self, row: Inbox) -> Reply:
        """Files without a word: there is nothing to understand, and a form stays where it is."""
        ticket = self._take_files(row.conversation_id)
        tracker = await self._processor.tracker_store.get_or_create_tracker(row.conversation_id)
        said = await self._processor.nlg.generate(
            "utter_files_received" if ticket is None else "utter_files_added", tracker, row.channel,
            ticket_number=ticket.number if ticket else None)
        return Reply(said["text"])

    async def _apologise(self, inbox_id: str) -> bool:
        """A plain apology and a ticket with the message, in a transaction of its own."""
        with self._database.separate_unit_of_work() as session:
            row = _held(session, inbox_id)
            if row is None:
                return False
            conversation = session.get(Conversation, row.conversation_id)
            if conversation.owner != BOT:
                row.state = "answered"  # a person reads it
                return True
            row.state = "failed"
            ticket = self._tickets.open(
                "failure", subject("failure"), row.message.text,
                conversation_id=row.conversation_id)
            store = self._processor.tracker_store
            tracker = await store.get_or_create_tracker(row.conversation_id)
            said = await self._processor.nlg.generate(
                "utter_failure", tracker, row.channel, ticket_number=ticket.number)
            reply = Reply(said["text"], custom={"type": "ticket", "ticket_number": ticket.number})
            tracker.update(SlotSet("ticket_number", ticket.number))
            tracker.update(BotUttered(reply.text, {"custom": reply.custom}))
            await store.save(tracker)
            _still_ours(session, row.conversation_id, conversation.epoch)
            _write(session, row, reply)
            return True


def _held(session: sa.orm.Session, inbox_id: str) -> Inbox | None:
    """A message that waits, held until the transaction ends: no other process answers it too.

    None if one does, or did. A process that dies lets go of it.
    """
    found: Inbox | None = session.scalars(
        sa.select(Inbox).where(Inbox.id == inbox_id, Inbox.state == "waiting")
        .options(joinedload(Inbox.message), joinedload(Inbox.conversation))
        .with_for_update(skip_locked=True, key_share=True, of=Inbox)).first()
    return found


def _still_ours(session: sa.orm.Session, conversation_id: str, epoch: int) -> None:
    """Raises TakenOver if somebody else changed the owner since `epoch`.

    It writes, so from here to the commit nobody can change the owner any more. It comes before
    the first flush, with which this turn may change the owner itself.
    """
    same = session.execute(
        sa.update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.epoch == epoch)
        .values(epoch=Conversation.epoch)
        .execution_options(synchronize_session=False))
    if same.rowcount != 1:
        raise TakenOver("a person took over")


def _write(session: sa.orm.Session, row: Inbox, reply: Reply) -> None:
    message = Message(id=new_id(), conversation_id=row.conversation_id, author="assistant",
                      seq=next_seq(session, row.conversation_id), text=reply.text,
                      payload=reply.payload())
    session.add_all([message, Outbox(
        id=new_id(), conversation_id=row.conversation_id, channel=row.channel,
        message_id=message.id, inbox_id=row.id,
        epoch=session.get(Conversation, row.conversation_id).epoch)])
    session.flush()
