"""By when the shop replies: working hours, warnings, breaches, the next reply."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.hours import WorkingHours
from bot.services.ownership import Ownership
from bot.services.service_levels import Late, Levels, ServiceLevels
from bot.services.tickets import Tickets
from bot.store.database import Database
from bot.store.tables import (
    Conversation,
    Message,
    ReplyClock,
    Ticket,
    TicketEntry,
    new_id,
    utcnow,
)

UTC = dt.timezone.utc
ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
WEEK = WorkingHours.parse("Mon-Fri 09:00-18:00", ZONE, "DE")
FRIDAY = dt.datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # 17:00 in Berlin
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
MOMENTS = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31),
                       timezones=st.just(UTC))
SPANS = st.timedeltas(dt.timedelta(minutes=1), dt.timedelta(hours=60))


def worked(hours: WorkingHours, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """The working time between two moments, counted day by day."""
    total, day = dt.timedelta(0), start.astimezone(hours.timezone).date() - dt.timedelta(days=1)
    while day <= end.astimezone(hours.timezone).date():
        for begins, ends in hours._spans_of(day):
            total += max(min(ends.astimezone(UTC), end) - max(begins.astimezone(UTC), start),
                         dt.timedelta(0))
        day += dt.timedelta(days=1)
    return total


@settings(max_examples=60, deadline=None)
@given(MOMENTS, SPANS)
def test_exactly_the_promised_working_time_lies_before_the_due_moment(
        start: dt.datetime, span: dt.timedelta) -> None:
    due = WEEK.after(start, span)
    assert worked(WEEK, start, due) == span
    assert due > start


@settings(max_examples=40, deadline=None)
@given(MOMENTS, SPANS, SPANS)
def test_more_time_is_never_due_earlier_and_round_the_clock_is_calendar_time(
        start: dt.datetime, one: dt.timedelta, other: dt.timedelta) -> None:
    assert (WEEK.after(start, one) <= WEEK.after(start, other)) == (one <= other)
    for text in ("24/7", "closed"):
        assert WorkingHours.parse(text, ZONE).after(start, one) == start + one


def test_weekends_and_holidays_do_not_count_and_make_up_days_do() -> None:
    assert WEEK.after(FRIDAY, 2 * HOUR) == dt.datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    christmas = dt.datetime(2026, 12, 24, 16, 30, tzinfo=UTC)
    assert WEEK.after(christmas, HOUR) == dt.datetime(2026, 12, 28, 8, 30, tzinfo=UTC)
    china = WorkingHours.parse("Mon-Fri 09:00-18:00", SHANGHAI, "CN")
    # National Day 2026 is 1 to 7 October; Saturday the 10th is worked for it.
    before = dt.datetime(2026, 10, 9, 9, 30, tzinfo=UTC)
    assert china.after(before, HOUR) == dt.datetime(2026, 10, 10, 1, 30, tzinfo=UTC)


def test_emergencies_do_not_wait_for_working_hours() -> None:
    levels = Levels(working_hours=WEEK)
    assert levels.due(FRIDAY, urgent=True) == FRIDAY + HOUR
    assert levels.warn(FRIDAY, urgent=True) == FRIDAY + 45 * MINUTE
    # 24 working hours from Friday at 17:00: one on Friday, nine on Monday and Tuesday, five more.
    assert levels.due(FRIDAY) == dt.datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FRIDAY, tick=False) as travelling:
        yield travelling


@pytest.fixture
def levels(database: Database, clock: object) -> ServiceLevels:
    return ServiceLevels(database, Levels())


def opened(database: Database, urgent: bool = False) -> str:
    return Tickets(database).open("request", "Help", "please", conversation_id="c1",
                                  urgent=urgent).number


def replied(database: Database, number: str, state: str = "waiting") -> None:
    with database.unit_of_work() as session:
        ticket = session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()
        session.add(TicketEntry(ticket_id=ticket.id, author="agent", body="Hello"))
        ticket.state, ticket.replied_at = state, ticket.replied_at or utcnow()


def ticket_of(database: Database, number: str) -> Ticket:
    with database.unit_of_work() as session:
        return session.scalars(sa.select(Ticket).where(Ticket.number == number)).one()


def clocks(database: Database) -> list[ReplyClock]:
    with database.unit_of_work() as session:
        return list(session.scalars(sa.select(ReplyClock).order_by(ReplyClock.started_at)))


def told(late: list[Late]) -> list[tuple[str, str | None]]:
    return [(each.state, each.ticket_number) for each in late]


def test_a_reply_is_warned_of_at_three_quarters_and_its_breach_is_noted_once(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    heard: list[Late] = []
    levels.on_late(heard.append)
    number = opened(database)
    assert levels.look() == []
    clock.shift(18 * HOUR - MINUTE)
    assert levels.look() == []
    clock.shift(MINUTE)
    assert told(levels.look()) == [("warning", number)]
    assert levels.look() == []
    clock.shift(6 * HOUR)
    assert told(levels.look()) == [("breached", number)]
    assert levels.look() == []
    assert told(heard) == [("warning", number), ("breached", number)]
    ticket = ticket_of(database, number)
    assert (ticket.warned_at, ticket.breached_at) == (FRIDAY + 18 * HOUR, FRIDAY + 24 * HOUR)


def test_the_clock_stops_with_the_reply_and_starts_again_when_the_customer_writes(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    number = opened(database)
    levels.look()
    clock.shift(HOUR)
    replied(database, number)
    clock.shift(48 * HOUR)
    assert levels.look() == []
    assert clocks(database)[0].ended_at == FRIDAY + HOUR
    assert clocks(database)[0].breached_at is None
    Tickets(database).add(number, "One more thing")
    wrote = utcnow()
    assert ticket_of(database, number).due_at == wrote + 24 * HOUR
    clock.shift(10 * MINUTE)
    levels.look()
    running = clocks(database)[-1]
    assert (running.kind, running.started_at, running.due_at) == (
        "next", wrote, wrote + 24 * HOUR)
    assert ticket_of(database, number).due_at == wrote + 24 * HOUR
    # Writing twice before the answer does not put it off.
    clock.shift(HOUR)
    Tickets(database).add(number, "And another")
    levels.look()
    assert ticket_of(database, number).due_at == wrote + 24 * HOUR


def test_a_late_reply_is_a_breach_even_if_nobody_looked_in_between(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    number = opened(database, urgent=True)
    levels.look()
    clock.shift(2 * HOUR)
    replied(database, number)
    assert levels.look() == []
    assert clocks(database)[0].breached_at == FRIDAY + HOUR
    assert ticket_of(database, number).breached_at == FRIDAY + HOUR


def test_a_reply_and_another_question_between_two_looks_are_two_clocks(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    number = opened(database)
    levels.look()
    clock.shift(HOUR)
    replied(database, number)
    clock.shift(HOUR)
    Tickets(database).add(number, "Thanks, but")
    levels.look()
    found = clocks(database)
    assert [each.kind for each in found] == ["first", "next"]
    assert found[0].ended_at == FRIDAY + HOUR and found[1].ended_at is None


def test_two_processes_that_look_at_once_warn_once(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    opened(database)
    other = ServiceLevels(database, Levels())
    levels.look()
    clock.shift(20 * HOUR)
    assert len(levels.look()) + len(other.look()) == 1
    assert len(clocks(database)) == 1


def conversation(database: Database, reason: str = "emergency") -> None:
    with database.unit_of_work() as session:
        session.add(Conversation(id="c1", channel="chat"))
    say(database, "customer", 1)
    Ownership(database).queue("c1", reason)


def say(database: Database, author: str, seq: int) -> None:
    with database.unit_of_work() as session:
        session.add(Message(id=new_id(), conversation_id="c1", seq=seq, author=author, text="…"))


def test_an_emergency_that_waits_for_a_person_is_due_in_minutes(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    conversation(database)
    levels.look()
    clock.shift(4 * MINUTE)
    [warning] = levels.look()
    assert (warning.state, warning.emergency, warning.conversation_id) == (
        "warning", True, "c1")
    clock.shift(2 * MINUTE)
    assert [each.state for each in levels.look()] == ["breached"]
    say(database, "agent", 2)
    levels.look()
    assert clocks(database)[0].ended_at == utcnow()
    assert levels.look() == []


def test_in_a_conversation_the_clock_runs_from_the_first_unanswered_message(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    conversation(database, "requested")
    levels.look()
    clock.shift(MINUTE)
    say(database, "agent", 2)
    levels.look()
    assert [(each.kind, each.ended_at) for each in clocks(database)] == [
        ("first", FRIDAY + MINUTE)]
    for seq in (3, 4):
        clock.shift(MINUTE)
        say(database, "customer", seq)
    levels.look()
    assert [(each.kind, each.started_at) for each in clocks(database)] == [
        ("first", FRIDAY), ("next", FRIDAY + 2 * MINUTE)]


def test_back_with_the_assistant_no_clock_runs(
        database: Database, levels: ServiceLevels, clock: time_machine.Traveller) -> None:
    conversation(database)
    levels.look()
    Ownership(database).release("c1", "nobody there")
    clock.shift(HOUR)
    assert levels.look() == []
    assert clocks(database)[0].ended_at is not None
