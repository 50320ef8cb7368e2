"""Reports: what is counted, on which day, and that a spreadsheet does not run it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zoneinfo

import pytest

from bot.errors import AftersaleError
from bot.services.report_csv import PARTS, as_csv
from bot.services.reports import Reports
from bot.store.database import Database
from bot.store.tables import (
    Claim,
    Conversation,
    Decision,
    Message,
    OwnerChange,
    Rating,
    ReplyClock,
    StaffMember,
    Ticket,
    new_id,
)

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
DAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.timezone.utc)  # noon in Shanghai
MINUTE = dt.timedelta(minutes=1)


def fill(database: Database) -> None:
    with database.unit_of_work() as session:
        session.add(StaffMember(id="ann", email="ann@example.com", name="Ann",
                                password_hash="x"))
        for number in range(6):
            # The last one is from late in the evening before, in the shop's time zone.
            at = NOON - dt.timedelta(hours=13) if number == 5 else NOON
            session.add(Conversation(
                id=f"c{number}", channel="rest" if number == 1 else "chat", created_at=at,
                topic="claim" if number < 2 else None, language="de"))
        session.flush()
        for number in range(5):
            session.add(Message(id=new_id(), conversation_id=f"c{number}", seq=1, created_at=NOON,
                                author="customer", text="hello"))
        for number, minutes in ((0, 1), (1, 3), (2, 20)):
            for epoch, owner, at in ((1, "queued", NOON), (2, "agent", NOON + minutes * MINUTE),
                                     (3, "bot", NOON + (minutes + 10) * MINUTE)):
                session.add(OwnerChange(
                    conversation_id=f"c{number}", epoch=epoch, owner=owner, actor="x",
                    agent_id="ann" if owner == "agent" else None, created_at=at))
            session.add(Message(id=new_id(), conversation_id=f"c{number}", seq=2, author="agent",
                                text="Hi", payload={"by": "ann"}, created_at=NOON))
        session.add(Ticket(number="T-1", kind="request", subject="x", conversation_id="c3",
                           due_at=NOON))
        claim = Claim(id="k", number="C-1", state="approved")
        session.add(claim)
        session.flush()
        first = Decision(id="d1", claim_id="k", outcome="not_covered", terms_version="1",
                         terms_hash="x", decided_by="assistant", created_at=NOON,
                         record={"reasons": ["F", "E"]})
        session.add(first)
        session.flush()
        session.add(Decision(id="d2", claim_id="k", outcome="covered", terms_version="1",
                             terms_hash="x", decided_by="ann@example.com", created_at=NOON,
                             supersedes="d1", record={"reasons": ["F"], "reason": "=1+1"}))
        for stars in (5, 4, 4):
            session.add(Rating(id=new_id(), conversation_id=new_id(), stars=stars,
                               created_at=NOON))
        for number, (kind, ended, breached) in enumerate((
                ("first", NOON, None), ("emergency", NOON, NOON), ("first", None, None),
                ("next", NOON, None))):
            session.add(ReplyClock(
                subject=f"ticket:{number}", started_at=NOON, kind=kind, warn_at=NOON,
                due_at=NOON if ended else NOON + dt.timedelta(days=99999), ended_at=ended,
                breached_at=breached))


@pytest.fixture
def reports(database: Database) -> Reports:
    fill(database)
    return Reports(database, SHANGHAI)


def counts(rows: list[dict]) -> dict[str, int]:
    return {row.get("day") or row["name"]: row["count"] for row in rows}


def test_everything_is_counted_on_the_shops_own_days(reports: Reports) -> None:
    report = reports.report(DAY, DAY)
    volume = report["volume"]
    assert counts(volume["by_day"]) == {"2026-11-20": 5}
    assert counts(volume["by_channel"]) == {"chat": 4, "rest": 1}
    assert counts(volume["by_topic"]) == {"claim": 2, "unknown": 3}
    assert counts(volume["by_language"]) == {"de": 5}
    longer = reports.report(DAY - dt.timedelta(days=2), DAY)
    assert counts(longer["volume"]["by_day"]) == {
        "2026-11-18": 0, "2026-11-19": 1, "2026-11-20": 5}


def test_solved_alone_is_who_wrote_and_needed_neither_a_person_nor_a_ticket(
        reports: Reports) -> None:
    assert reports.report(DAY, DAY)["solved_without_a_person"] == {"share": 0.2, "count": 1}


def test_decisions_and_overrides(reports: Reports) -> None:
    report = reports.report(DAY, DAY)
    assert counts(report["decisions"]["by_outcome"]) == {"covered": 1, "not_covered": 1}
    assert counts(report["decisions"]["by_reason"]) == {"F": 2, "E": 1}
    [override] = report["overrides"]
    assert override == {"claim": "C-1", "from": "not_covered", "to": "covered",
                        "reason": "=1+1", "at": NOON, "by": "ann@example.com"}


def test_waiting_and_handling_in_seconds(reports: Reports) -> None:
    report = reports.report(DAY, DAY)
    assert report["waiting"] == {"p50": 180.0, "p95": 1200.0, "count": 3}
    assert report["handling"] == {"p50": 600.0, "p95": 600.0, "count": 3}
    assert report["agents"] == [{"id": "ann", "name": "Ann", "conversations": 3, "replies": 3,
                                 "handling": 600.0}]


def test_promises_that_still_run_do_not_count_yet(reports: Reports) -> None:
    assert reports.report(DAY, DAY)["sla"] == {
        "first_reply": {"kept": 1, "count": 2, "share": 0.5},
        "next_reply": {"kept": 1, "count": 1, "share": 1.0}}


def test_ratings(reports: Reports) -> None:
    assert reports.report(DAY, DAY)["csat"] == {
        "average": 4.33, "count": 3,
        "by_stars": {"1": 0, "2": 0, "3": 0, "4": 2, "5": 1}}


def test_a_day_without_anything_is_all_zeros(reports: Reports) -> None:
    report = reports.report(dt.date(2020, 1, 1), dt.date(2020, 12, 31))
    assert len(report["volume"]["by_day"]) == 366
    assert report["waiting"] == {"p50": None, "p95": None, "count": 0}
    assert report["solved_without_a_person"] == {"share": None, "count": 0}
    assert report["csat"]["average"] is None


@pytest.mark.parametrize("first, last", [
    (DAY, DAY - dt.timedelta(days=1)), (dt.date(2020, 1, 1), dt.date(2021, 1, 1))])
def test_odd_ranges_are_refused(reports: Reports, first: dt.date, last: dt.date) -> None:
    with pytest.raises(AftersaleError):
        reports.report(first, last)


def test_each_part_is_a_csv_that_no_spreadsheet_runs(reports: Reports) -> None:
    report = reports.report(DAY, DAY)
    for part in PARTS:
        rows = list(csv.reader(io.StringIO(as_csv(report, part).removeprefix("\ufeff"))))
        assert len(rows) > 1 and len({len(row) for row in rows}) == 1
    overrides = as_csv(report, "overrides")
    assert "'=1+1" in overrides and ",=1+1" not in overrides
    report["agents"][0]["name"] = "＠SUM(A1)"
    assert "'＠SUM" in as_csv(report, "agents")
