"""Replies reach their channel once and in their order, whoever delivers."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from bot.engine.outbox import OutboxService, OutgoingMessage
from bot.services.messages import send
from bot.store.database import Database
from bot.store.tables import Conversation, Outbox, utcnow
from tests.unit.desk_people import begin


class Channel:
    """Takes messages, as long as it works."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.works = True

    async def deliver(self, message: OutgoingMessage) -> bool:
        if self.works:
            self.taken.append(message.text)
        return self.works


def outbox_to(database: Database, channel: Channel) -> OutboxService:
    outbox = OutboxService(database)
    outbox.register("chat", channel.deliver)
    return outbox


def say(database: Database, *texts: str) -> None:
    for text in texts:
        with database.unit_of_work() as session:
            send(session, session.get(Conversation, "c"), "assistant", text)


async def test_a_later_reply_does_not_overtake_one_that_is_to_be_tried_again(
        database: Database) -> None:
    begin(database, "c")
    channel = Channel()
    outbox = outbox_to(database, channel)
    channel.works = False
    say(database, "first")
    await outbox.deliver("c")
    channel.works = True
    say(database, "second")
    await outbox.deliver("c")
    await outbox.deliver()
    assert channel.taken == []
    with database.unit_of_work() as session:  # the pause is over
        session.execute(sa.update(Outbox).where(Outbox.attempts > 0).values(
            next_attempt_at=utcnow() - dt.timedelta(seconds=1)))
    await outbox.deliver()
    assert channel.taken == ["first", "second"]


@pytest.mark.services
async def test_a_later_reply_does_not_overtake_one_that_another_process_delivers(
        postgres_database: Database) -> None:
    begin(postgres_database, "c")
    here, there = Channel(), Channel()
    mine, other = outbox_to(postgres_database, here), outbox_to(postgres_database, there)

    async def meanwhile(message: OutgoingMessage) -> bool:
        if message.text == "first":
            say(postgres_database, "second")
            await other.deliver("c")
            assert there.taken == []
        return await here.deliver(message)

    mine.register("chat", meanwhile)
    say(postgres_database, "first")
    await mine.deliver("c")
    assert (here.taken, there.taken) == (["first", "second"], [])
