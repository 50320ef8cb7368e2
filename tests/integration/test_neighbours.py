"""The doorbell between processes on one PostgreSQL database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store.changes import Changed
from bot.store.database import Database
from bot.store.neighbours import Neighbours
from bot.store.tables import Conversation, Message, Presence

pytestmark = pytest.mark.services


def soon(done: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited too long: {what}")


def listeners(database: Database) -> list[int]:
    """The connections of those who listen."""
    with database.engine.connect() as connection:
        return list(connection.execute(sa.text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND query ~ 'LISTEN|pg_notify'")).scalars())


@pytest.fixture
def other(postgres_database: Database) -> Iterator[Database]:
    """A second process's view of the database; both have begun to listen."""
    second = Database(postgres_database.url.render_as_string(hide_password=False))
    for each in (postgres_database, second):
        each.neighbours.start()
    soon(lambda: len(listeners(postgres_database)) == 2, "both listen")
    yield second
    second.dispose()
    postgres_database.neighbours.stop()


def test_a_commit_rings_in_the_other_process_and_once_in_its_own(
        postgres_database: Database, other: Database) -> None:
    here: list[Changed] = []
    there: list[Changed] = []
    with postgres_database.changes.listening(here.append), other.changes.listening(there.append):
        with postgres_database.unit_of_work() as session:
            session.add(Conversation(id="c-ü", channel="chat"))
            session.add(Message(conversation_id="c-ü", seq=1, author="customer", text="-",
                                payload={}))
        soon(lambda: len(there) == 1, "the other one has heard")
        assert here == there == [Changed(frozenset({"c-ü"}), frozenset({("c-ü", 1)}))]
        with other.unit_of_work() as session:
            session.execute(sa.delete(Presence))  # nobody's row: nothing to ring for
            session.get(Conversation, "c-ü").topic = "claim"
        soon(lambda: len(here) == 2, "and back")
        assert here == there and not here[1].messages


def test_what_is_long_and_what_is_said_twice_arrives_whole_in_order_and_as_often(
        postgres_database: Database, other: Database) -> None:
    heard: list[Any] = []
    other.neighbours.hear("chat", heard.append)
    said = ["again", "again", {"text": "长" * 30_000}, "again", "x" * 7000]
    for each in said:
        postgres_database.neighbours.tell("chat", each)
    postgres_database.neighbours.tell("desk", "for others")
    soon(lambda: len(heard) == len(said), "everything is heard")
    assert heard == said


def test_a_lost_connection_is_made_anew(postgres_database: Database, other: Database) -> None:
    heard: list[Any] = []
    other.neighbours.hear("chat", heard.append)
    lost = listeners(postgres_database)
    with postgres_database.engine.connect() as connection:
        for pid in lost:
            connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    soon(lambda: len(set(listeners(postgres_database)) - set(lost)) == 2, "both listen again")
    postgres_database.neighbours.tell("chat", "still there?")
    soon(lambda: heard == ["still there?"], "it is heard")


def test_what_is_told_last_is_heard(postgres_database: Database, other: Database) -> None:
    heard: list[Any] = []
    other.neighbours.hear("chat", heard.append)
    postgres_database.neighbours.tell("chat", "good-bye")
    postgres_database.neighbours.stop()
    soon(lambda: heard == ["good-bye"], "it is heard")
    postgres_database.neighbours.tell("chat", "nobody hears this")
    assert len(listeners(other)) == 1


def test_alone_nothing_is_told() -> None:
    alone = Neighbours(None)
    alone.start()
    alone.tell("chat", "hello?")
    alone.stop()
    assert not alone.can_be
