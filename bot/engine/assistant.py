"""The running assistant: Rasa with our tracker store and actions, and the engine around it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain

from bot.bootstrap import Services
from bot.engine.actions import Failures, serve_in_process
from bot.engine.beside import Beside
from bot.engine.handing_back import HandingBack
from bot.engine.inbox import InboxService
from bot.engine.nlg import CatalogueGenerator
from bot.engine.outbox import OutboxService
from bot.engine.reader import Reader
from bot.engine.responses import Responses
from bot.engine.runner import StraightRunner
from bot.engine.tracker_store import DatabaseTrackerStore
from bot.engine.turn import Turns
from bot.engine.watch import Watch
from bot.understanding.encoder import shared_encoder

logger = logging.getLogger(__name__)

#: Seconds between two looks for messages and replies that somebody left behind.
SWEEP_SECONDS = 2.0
#: Seconds between two looks for what has had its time: uploads nobody sent, expired visitors.
CLEANING_SECONDS = 3600.0


@dataclass(frozen=True)
class Assistant:
    """Everything that a channel needs."""

    services: Services
    agent: Agent
    inbox: InboxService
    outbox: OutboxService
    turns: Turns
    handing_back: HandingBack
    watch: Watch
    #: For those who read and say something outside a turn.
    reader: Reader
    responses: Responses

    async def sweep(self) -> None:
        """Answers and delivers what a crash or another process left behind, for ever.

        Jobs and clocks go on in a thread beside it: a slow one makes nobody wait.
        """
        next_cleaning = time.monotonic()
        beside, round_ = Beside(self.services), None
        while True:
            try:
                if round_ is None or round_.done():
                    round_ = asyncio.create_task(asyncio.to_thread(beside.run))
                if time.monotonic() >= next_cleaning:
                    next_cleaning = time.monotonic() + CLEANING_SECONDS
                    await asyncio.to_thread(self.services.attachments.remove_unsent)
                    self.services.visitors.forget_expired()
                    self.services.ticket_links.forget_expired()
                for conversation_id in self.inbox.forgotten():
                    await self.turns.answer(conversation_id, lend_a_hand=True)
                await self.watch.look()
                await self.outbox.deliver()
            except Exception:
                logger.exception("the sweep failed and will be tried again")
            await asyncio.sleep(SWEEP_SECONDS)


def assemble(services: Services, model: Path) -> Assistant:
    """Loads the model and puts the engine together."""
    failures = Failures()
    actions = serve_in_process("actions", failures)
    agent = Agent(domain=Domain.empty(), tracker_store=InMemoryTrackerStore(Domain.empty()),
                  lock_store=InMemoryLockStore(), action_endpoint=actions,
                  generator=CatalogueGenerator())
    agent.load_model(model)
    agent.processor.graph_runner = StraightRunner.instead_of(agent.processor.graph_runner)
    # Rasa wraps every store in one that saves to memory when the database fails: a turn would be
    # lost without a word. Ours goes in behind its back.
    store = DatabaseTrackerStore(agent.domain, database=services.database)
    agent.tracker_store = agent.processor.tracker_store = store
    inbox, outbox = InboxService(services.database), OutboxService(services.database)
    turns = Turns(services.database, agent.processor, inbox, outbox, services.tickets, failures,
                  services.desk.claims, services.queue, services.ticket_life)
    handing_back = HandingBack(services.database, services.ownership, store)
    watch = Watch(services.database, services.ownership, services.desk.attendance, services.queue,
                  services.tickets, services.contact, handing_back)
    # The first message of the day should not wait for the encoder.
    with contextlib.suppress(Exception):
        shared_encoder().vector("warm")
    return Assistant(services, agent, inbox, outbox, turns, handing_back, watch,
                     Reader(agent.processor), Responses(agent.domain.responses))
