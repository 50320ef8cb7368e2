"""Durable jobs: planned once, run at least once, tried again, given up."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from bot.services.jobs import LEASE, GiveUp, Jobs, pause
from bot.store.database import Database
from bot.store.tables import Job

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.timezone.utc)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


class Done:
    """Does jobs by noting them, or fails as often as it is told to."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.payloads: list[dict[str, Any]] = []
        self._failures, self._error = failures, error or ConnectionError("away")

    def __call__(self, payload: dict[str, Any]) -> None:
        self.payloads.append(payload)
        if len(self.payloads) <= self._failures:
            raise self._error


def row(database: Database) -> Job:
    with database.unit_of_work() as session:
        return session.scalars(sa.select(Job)).one()


def test_a_job_runs_once_and_is_planned_once_by_its_key(database: Database) -> None:
    jobs, done = Jobs(database), Done()
    jobs.register("greet", done)
    assert jobs.plan("greet", {"who": "Ann"}, key="greet:1")
    assert not jobs.plan("greet", {"who": "Ann"}, key="greet:1")
    with database.unit_of_work():
        assert jobs.plan("greet", {"who": "Bob"}, key="greet:2")
        assert not jobs.plan("greet", {"who": "Bob"}, key="greet:2")
    assert jobs.run_due() == 2
    assert jobs.run_due() == 0
    assert sorted(each["who"] for each in done.payloads) == ["Ann", "Bob"]
    assert not jobs.plan("greet", {"who": "Ann"}, key="greet:1")


def test_what_is_rolled_back_was_never_planned(database: Database) -> None:
    jobs = Jobs(database)
    jobs.register("greet", Done())
    with pytest.raises(RuntimeError), database.unit_of_work():
        jobs.plan("greet", {})
        raise RuntimeError
    assert jobs.run_due() == 0


def test_a_job_waits_for_its_moment_and_for_somebody_who_does_it(
        database: Database, clock: time_machine.Traveller) -> None:
    jobs = Jobs(database)
    jobs.plan("greet", {}, run_at=NOON + dt.timedelta(hours=1))
    clock.shift(dt.timedelta(hours=2))
    assert jobs.run_due() == 0
    done = Done()
    jobs.register("greet", done)
    assert jobs.run_due() == 1


def test_what_fails_is_tried_again_after_a_longer_and_longer_pause(
        database: Database, clock: time_machine.Traveller) -> None:
    jobs, done = Jobs(database), Done(failures=2)
    jobs.register("greet", done)
    jobs.plan("greet", {})
    jobs.run_due()
    assert "away" in row(database).last_error
    assert jobs.run_due() == 0
    clock.shift(pause(1))
    assert jobs.run_due() == 1
    clock.shift(pause(1))
    assert jobs.run_due() == 0
    clock.shift(pause(2))
    assert jobs.run_due() == 1
    assert row(database).done_at is not None and row(database).last_error is None


def test_after_enough_attempts_a_job_is_given_up_with_its_reason(
        database: Database, clock: time_machine.Traveller) -> None:
    jobs, done = Jobs(database), Done(failures=99)
    jobs.register("greet", done, attempts=3)
    jobs.plan("greet", {})
    for _ in range(6):
        jobs.run_due()
        clock.shift(dt.timedelta(days=1))
    assert len(done.payloads) == 3
    assert row(database).dead_at is not None and "ConnectionError" in row(database).last_error
    clock.shift(dt.timedelta(days=30))
    jobs.forget_old()
    with database.unit_of_work() as session:
        assert not session.scalars(sa.select(Job)).all()


def test_what_can_never_succeed_is_given_up_at_once(database: Database) -> None:
    jobs, done = Jobs(database), Done(failures=1, error=GiveUp("no such webhook"))
    jobs.register("greet", done)
    jobs.plan("greet", {})
    jobs.run_due()
    assert row(database).dead_at is not None


def test_a_job_whose_process_died_is_taken_up_by_another_one(
        database: Database, clock: time_machine.Traveller) -> None:
    first, second, done = Jobs(database), Jobs(database), Done()
    for jobs in (first, second):
        jobs.register("greet", done)
    first.plan("greet", {})
    assert first._lease() is not None  # and then the power goes
    assert second.run_due() == 0
    clock.shift(LEASE)
    assert second.run_due() == 1
    assert row(database).attempts == 2


def test_a_process_that_was_too_slow_does_not_end_what_another_one_leased(
        database: Database, clock: time_machine.Traveller) -> None:
    first, second, done = Jobs(database), Jobs(database), Done()
    for jobs in (first, second):
        jobs.register("greet", done)
    first.plan("greet", {})
    slow = first._lease()
    assert slow is not None
    clock.shift(LEASE)
    assert second._lease() is not None
    first._run(slow)
    assert row(database).done_at is None


def test_many_processes_at_once_do_each_job_once(database: Database) -> None:
    done, lock = [], threading.Lock()

    def note(payload: dict[str, Any]) -> None:
        with lock:
            done.append(payload["n"])

    workers = [Jobs(database) for _ in range(3)]
    for jobs in workers:
        jobs.register("count", note)
    for n in range(15):
        workers[0].plan("count", {"n": n})
    threads = [threading.Thread(target=jobs.run_due) for jobs in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while workers[0].run_due():
        pass
    assert sorted(done) == list(range(15))
