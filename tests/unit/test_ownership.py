"""Who has a conversation: one at a time, whatever happens at the same moment."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.engine.actions import Failures
from bot.engine.door import take_in
from bot.engine.inbox import InboxService
from bot.engine.outbox import OutboxService
from bot.engine.turn import Turns
from bot.errors import NotAllowed
from bot.services.ownership import AGENT, BOT, QUEUED, Ownership, Taken
from bot.services.ticket_life import TicketLife
from bot.services.tickets import Tickets
from bot.store.database import Database
from bot.store.tables import Conversation, OwnerChange
from tests.unit.desk_people import begin, hire, said


def test_of_many_agents_who_claim_at_once_one_wins_and_the_others_learn_who(
        database: Database) -> None:
    names = [f"agent{number}" for number in range(6)]
    hire(database, *names)
    begin(database, "c")
    ownership = Ownership(database)
    ownership.queue("c", "requested")
    start = threading.Barrier(len(names))
    won: list[str] = []
    lost: list[str | None] = []

    def claim(name: str) -> None:
        start.wait()
        try:
            ownership.claim("c", name)
            won.append(name)
        except Taken as taken:
            lost.append(taken.by)

    threads = [threading.Thread(target=claim, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert Counter(lost) == {won[0].title(): len(names) - 1}
    assert ownership.of("c").agent_id == won[0]


class _Owners(RuleBasedStateMachine):
    """Any order of what may happen to two conversations, beside a plain model of it."""

    agents = st.sampled_from(["ann", "mai"])
    conversations = st.sampled_from(["c", "d"])

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database, self.ownership = database, Ownership(database)
        with database.unit_of_work() as session:
            session.query(OwnerChange).delete()
        for id_ in ("c", "d"):
            now = self.ownership.of(id_)
            if now.owner == AGENT:
                self.ownership.hand_back(id_, now.agent_id or "")
            elif now.owner == QUEUED:
                self.ownership.release(id_, "nobody")
        self.first = {id_: self.ownership.of(id_).epoch for id_ in ("c", "d")}
        self.epochs = dict(self.first)
        self.now: dict[str, tuple[str, str | None]] = {"c": (BOT, None), "d": (BOT, None)}

    def change(self, id_: str, allowed: bool, after: tuple[str, str | None], call: Any) -> None:
        if self.now[id_] == after:
            allowed = True
        elif allowed:
            self.epochs[id_] += 1
        try:
            owner = call()
        except NotAllowed:
            assert not allowed
            return
        assert allowed
        assert (owner.owner, owner.agent_id) == after
        self.now[id_] = after

    @rule(id_=conversations)
    def queue(self, id_: str) -> None:
        before = self.now[id_]
        after = (QUEUED, None) if before[0] == BOT else before
        self.change(id_, True, after, lambda: self.ownership.queue(id_, "requested")
                    and self.ownership.of(id_))

    @rule(id_=conversations, agent=agents)
    def claim(self, id_: str, agent: str) -> None:
        self.change(id_, self.now[id_][0] != AGENT, (AGENT, agent),
                    lambda: self.ownership.claim(id_, agent))

    @rule(id_=conversations, agent=agents)
    def take(self, id_: str, agent: str) -> None:
        self.change(id_, self.now[id_][0] == QUEUED, (AGENT, agent),
                    lambda: self.ownership.take(id_, agent))

    @rule(id_=conversations, agent=agents, to=agents)
    def give(self, id_: str, agent: str, to: str) -> None:
        self.change(id_, self.now[id_] == (AGENT, agent), (AGENT, to),
                    lambda: self.ownership.give(id_, agent, to))

    @rule(id_=conversations, agent=agents)
    def requeue(self, id_: str, agent: str) -> None:
        self.change(id_, self.now[id_] == (AGENT, agent), (QUEUED, None),
                    lambda: self.ownership.requeue(id_, agent, "requeued"))

    @rule(id_=conversations, agent=agents)
    def hand_back(self, id_: str, agent: str) -> None:
        self.change(id_, self.now[id_] in ((AGENT, agent), (QUEUED, None)), (BOT, None),
                    lambda: self.ownership.hand_back(id_, agent))

    @rule(id_=conversations)
    def release(self, id_: str) -> None:
        self.change(id_, self.now[id_][0] == QUEUED, (BOT, None),
                    lambda: self.ownership.release(id_, "nobody"))

    @invariant()
    def every_change_is_kept_and_counted(self) -> None:
        with self.database.unit_of_work() as session:
            for id_, (owner, agent) in self.now.items():
                found = self.ownership.of(id_)
                assert (found.owner, found.agent_id) == (owner, agent)
                assert found.epoch == self.epochs[id_]
                kept = [row.epoch for row in session.query(OwnerChange).filter_by(
                    conversation_id=id_).order_by(OwnerChange.epoch)]
                since = [epoch for epoch in kept if epoch > self.first[id_]]
                assert since == list(range(self.first[id_] + 1, self.epochs[id_] + 1))


def test_any_order_of_changes_ends_where_it_should(sqlite_database: Database) -> None:
    hire(sqlite_database, "ann", "mai")
    begin(sqlite_database, "c", "d")
    run_state_machine_as_test(lambda: _Owners(sqlite_database), settings=settings(
        max_examples=25, stateful_step_count=20, deadline=None,
        suppress_health_check=list(HealthCheck)))


def test_who_goes_back_to_the_queue_waits_since_before(database: Database) -> None:
    hire(database, "mai")
    begin(database, "c")
    ownership = Ownership(database)
    ownership.queue("c", "requested")
    since = _since(database)
    ownership.claim("c", "mai")
    ownership.requeue("c", "mai", "lost")
    assert _since(database) == since


def _since(database: Database) -> Any:
    with database.unit_of_work() as session:
        return session.get(Conversation, "c").waiting_since


class _Processor:
    """Rasa, while whose slow action an agent takes over."""

    def __init__(self, meanwhile: Any) -> None:
        self._meanwhile = meanwhile
        self.asked = 0

    async def handle_message(self, message: Any) -> None:
        self.asked += 1
        # In a thread of its own: another request knows nothing of this turn's transaction.
        await asyncio.get_running_loop().run_in_executor(None, self._meanwhile)
        await message.output_channel.send_response("c", {"text": "What is your order number?"})


@pytest.mark.parametrize("typed", ["My radio is dead", "/restart", "／restart"])
async def test_a_turn_that_an_agent_overtook_says_nothing(database: Database, typed: str) -> None:
    hire(database, "mai")
    inbox, outbox = InboxService(database), OutboxService(database)
    inbox.accept("chat", "c", take_in(typed))
    processor = _Processor(lambda: Ownership(database).claim("c", "mai"))
    turns = Turns(database, processor, inbox, outbox,
                  Tickets(database), Failures(),
                  SimpleNamespace(evidence_came=lambda _: None),  # type: ignore[arg-type]
                  SimpleNamespace(place=lambda _: None),  # type: ignore[arg-type]
                  TicketLife(database))
    await turns.answer("c")
    inbox.accept("chat", "c", take_in("/restart"))
    await turns.answer("c")
    assert processor.asked == 1
    assert {author for author, _ in said(database, "c")} == {"customer"}
    assert inbox.waiting("c") == []
