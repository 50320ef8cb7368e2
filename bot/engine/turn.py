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

from bot.engine.actions import Failures
from bot.engine.inbox import MAX_ATTEMPTS, InboxService, next_seq
from bot.engine.outbox import OutboxService
from bot.engine.replies import Reply, ReplyCollector
from bot.errors import ConcurrentTurn
from bot.services.tickets import Tickets
from bot.store.database import Database
from bot.store.tables import Conversation, Inbox, Message, Outbox, new_id

logger = logging.getLogger(__name__)

#: Turns that go on at the same time. Each keeps a connection to the database while it waits for
#: something; if all of those were taken, the whole process would stand still.
_AT_ONCE = 8


@dataclass(frozen=True)
class TurnFailure(Exception):
    """Actions failed in a turn; everything of the turn is undone."""

    actions: tuple[str, ...]


class Turns:
    """Runs turns, one at a time in each conversation."""

    def __init__(self, database: Database, processor: MessageProcessor, inbox: InboxService,
                 outbox: OutboxService, tickets: Tickets, failures: Failures) -> None:
        self._database = database
        self._processor = processor
        self._inbox = inbox
        self._outbox = outbox
        self._tickets = tickets
        self._failures = failures
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, conversation_id: str) -> None:
        """Answers everything that waits in a conversation, oldest first, then delivers it."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            while inbox_id := self._inbox.oldest_waiting(conversation_id):
                async with self._room:
                    await self._answer_one(inbox_id)
        async with self._room:
            await self._outbox.deliver(conversation_id)

    async def _answer_one(self, inbox_id: str) -> None:
        for _ in range(MAX_ATTEMPTS):
            try:
                await self._turn(inbox_id)
                return
            except (ConcurrentTurn, sa.exc.IntegrityError):
                logger.info("a turn was overtaken and is run again")
            except TurnFailure as failure:
                logger.error("actions failed: %s", ", ".join(failure.actions))
                break
            except Exception:
                logger.exception("a turn failed")
                break
        await self._apologise(inbox_id)

    async def _turn(self, inbox_id: str) -> None:
        failed = self._failures.watch()
        with self._database.separate_unit_of_work() as session:
            row = session.get(Inbox, inbox_id)
            if row is None or row.state != "waiting":
                return
            row.state = "answered"
            conversation = session.get(Conversation, row.conversation_id)
            files = bool((row.message.payload or {}).get("attachments"))
            if conversation.owner != "bot":
                if files:
                    self._tickets.take_files(row.conversation_id)
                return
            if files and not row.heard:
                _write(session, row, await self._thanks_for_files(row))
                return
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
            for reply in replies:
                _write(session, row, reply)
            # Also files that were sent before there was a ticket, if this turn opened one.
            self._tickets.take_files(row.conversation_id)

    async def _thanks_for_files(self, row: Inbox) -> Reply:
        """Files without a word: there is nothing to understand, and a form stays where it is."""
        ticket = self._tickets.take_files(row.conversation_id)
        tracker = await self._processor.tracker_store.get_or_create_tracker(row.conversation_id)
        said = await self._processor.nlg.generate(
            "utter_files_received" if ticket is None else "utter_files_added", tracker, row.channel,
            ticket_number=ticket.number if ticket else None)
        return Reply(said["text"])

    async def _apologise(self, inbox_id: str) -> None:
        """A plain apology and a ticket with the message, in a transaction of its own."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(Inbox, inbox_id)
            row.state = "failed"
            ticket = self._tickets.open(
                "failure", "The assistant could not answer", row.message.text,
                conversation_id=row.conversation_id)
            store = self._processor.tracker_store
            tracker = await store.get_or_create_tracker(row.conversation_id)
            said = await self._processor.nlg.generate(
                "utter_failure", tracker, row.channel, ticket_number=ticket.number)
            reply = Reply(said["text"], custom={"type": "ticket", "ticket_number": ticket.number})
            tracker.update(SlotSet("ticket_number", ticket.number))
            tracker.update(BotUttered(reply.text, {"custom": reply.custom}))
            await store.save(tracker)
            _write(session, row, reply)


def _write(session: sa.orm.Session, row: Inbox, reply: Reply) -> None:
    message = Message(id=new_id(), conversation_id=row.conversation_id, author="assistant",
                      seq=next_seq(session, row.conversation_id), text=reply.text,
                      payload=reply.payload())
    session.add_all([message, Outbox(
        id=new_id(), conversation_id=row.conversation_id, channel=row.channel,
        message_id=message.id, inbox_id=row.id)])
    session.flush()
