"""Reports on a range of days, computed by the database. Days are those of the shop's time zone.

A conversation counts on the day it began; a decision, a rating, a wait and a promise on theirs.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from bot.errors import AftersaleError
from bot.services.ownership import AGENT, BOT, QUEUED
from bot.services.service_levels import EMERGENCY, FIRST, NEXT
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
    utcnow,
)

MOST_DAYS = 366
_OVERRIDES = 500
_DAY = dt.timedelta(days=1)
Counts = list[dict[str, Any]]


class Reports:
    """Computes reports. `timezone` is the shop's."""

    def __init__(self, database: Database, timezone: zoneinfo.ZoneInfo) -> None:
        self._database, self._timezone = database, timezone

    def report(self, first: dt.date, last: dt.date) -> dict[str, Any]:
        """Everything of the days from `first` to `last`, both included (docs/desk-protocol.md).

        Raises AftersaleError for a range that ends before it begins or is longer than a year.
        """
        if not first <= last or (last - first).days >= MOST_DAYS:
            raise AftersaleError(f"the range must have 1 to {MOST_DAYS} days")
        begin, end = self._start(first), self._start(last + _DAY)
        with self._database.unit_of_work() as session:
            ranged = _Range(session, begin, end, self._database.is_sqlite)
            days = [first + n * _DAY for n in range((last - first).days + 1)]
            return {
                "from": first.isoformat(), "to": last.isoformat(),
                "volume": {"by_day": ranged.by_day([(day.isoformat(), self._start(day),
                                                     self._start(day + _DAY)) for day in days]),
                           "by_channel": ranged.conversations_by(Conversation.channel),
                           "by_topic": ranged.conversations_by(Conversation.topic),
                           "by_language": ranged.conversations_by(Conversation.language)},
                "solved_without_a_person": ranged.solved_alone(),
                "decisions": {"by_outcome": ranged.outcomes(), "by_reason": ranged.reasons()},
                "overrides": ranged.overrides(),
                "waiting": ranged.waiting(), "handling": ranged.handling(),
                "sla": {"first_reply": ranged.kept(FIRST, EMERGENCY),
                        "next_reply": ranged.kept(NEXT)},
                "csat": ranged.csat(), "agents": ranged.agents()}

    def _start(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, self._timezone).astimezone(dt.timezone.utc)


class _Range:
    """The queries, for what happened from `begin` until before `end`."""

    def __init__(self, session: Session, begin: dt.datetime, end: dt.datetime,
                 sqlite: bool) -> None:
        self._session, self._begin, self._end, self._sqlite = session, begin, end, sqlite

    def _in(self, column: Any) -> Any:
        return sa.and_(column >= self._begin, column < self._end)

    def by_day(self, days: list[tuple[str, dt.datetime, dt.datetime]]) -> Counts:
        # Each day with its own bounds: days are as long as the clocks of the time zone say.
        listed = sa.union_all(*(
            sa.select(sa.literal(name).label("day"),
                      sa.literal(start, Conversation.created_at.type).label("start"),
                      sa.literal(end, Conversation.created_at.type).label("end"))
            for name, start, end in days)).subquery()
        rows = self._session.execute(
            sa.select(listed.c.day, sa.func.count(Conversation.id).label("count"))
            .outerjoin(Conversation, sa.and_(Conversation.created_at >= listed.c.start,
                                             Conversation.created_at < listed.c.end))
            .group_by(listed.c.day).order_by(listed.c.day))
        return [{"day": row.day, "count": row[1]} for row in rows]

    def conversations_by(self, column: Any) -> Counts:
        return self._counted(sa.select(sa.func.coalesce(column, "unknown"), sa.func.count())
                             .where(self._in(Conversation.created_at)))

    def solved_alone(self) -> dict[str, Any]:
        """Those whose customer wrote, and for whom nobody was asked and no ticket opened."""
        wrote = sa.exists().where(Message.conversation_id == Conversation.id,
                                  Message.author == "customer")
        person = sa.exists().where(OwnerChange.conversation_id == Conversation.id,
                                   OwnerChange.owner != BOT)
        ticket = sa.exists().where(Ticket.conversation_id == Conversation.id)
        alone, count = self._session.execute(
            sa.select(_count_if(sa.not_(sa.or_(person, ticket))), sa.func.count())
            .select_from(Conversation)
            .where(self._in(Conversation.created_at), wrote)).one()
        return {"share": _share(alone, count), "count": alone or 0}

    def outcomes(self) -> Counts:
        return self._counted(sa.select(Decision.outcome, sa.func.count())
                             .where(self._in(Decision.created_at)))

    def reasons(self) -> Counts:
        if self._sqlite:
            each = sa.func.json_each(Decision.record, "$.reasons").table_valued("value")
        else:
            each = sa.func.json_array_elements_text(
                Decision.record["reasons"]).table_valued("value")
        return self._counted(sa.select(each.c.value, sa.func.count())
                             .select_from(Decision).join(each, sa.true())
                             .where(self._in(Decision.created_at)))

    def overrides(self) -> list[dict[str, Any]]:
        old = aliased(Decision)
        rows = self._session.execute(
            sa.select(Claim.number, old.outcome.label("before"), Decision.outcome,
                      Decision.record, Decision.created_at, Decision.decided_by)
            .join(old, old.id == Decision.supersedes)
            .join(Claim, Claim.id == Decision.claim_id)
            .where(self._in(Decision.created_at))
            .order_by(Decision.created_at.desc()).limit(_OVERRIDES))
        return [{"claim": row.number, "from": row.before, "to": row.outcome,
                 "reason": row.record.get("reason") or "", "at": row.created_at,
                 "by": row.decided_by} for row in rows]

    def waiting(self) -> dict[str, Any]:
        """From the moment a conversation waited until an agent took it."""
        return self._lasted(QUEUED, AGENT)

    def handling(self) -> dict[str, Any]:
        """From the moment an agent took a conversation until they gave it away."""
        return self._lasted(AGENT, None)

    def _lasted(self, owner: str, following: str | None) -> dict[str, Any]:
        before, after = aliased(OwnerChange), aliased(OwnerChange)
        conditions = [before.owner == owner, self._in(before.created_at)]
        if following:
            conditions.append(after.owner == following)
        lasted = (sa.select(self._seconds(before.created_at, after.created_at).label("lasted"))
                  .select_from(before)
                  .join(after, sa.and_(after.conversation_id == before.conversation_id,
                                       after.epoch == before.epoch + 1))
                  .where(*conditions).subquery())
        ranked = sa.select(
            lasted.c.lasted, sa.func.count().over().label("count"),
            sa.func.row_number().over(order_by=lasted.c.lasted).label("place")).subquery()
        # Nearest rank: the smallest value that at least so many per cent do not exceed.
        p50, p95, count = self._session.execute(sa.select(
            *(sa.func.min(sa.case((ranked.c.place * 100 >= percent * ranked.c["count"],
                                   ranked.c.lasted))) for percent in (50, 95)),
            sa.func.max(ranked.c["count"]))).one()
        return {"p50": _rounded(p50), "p95": _rounded(p95), "count": count or 0}

    def kept(self, *kinds: str) -> dict[str, Any]:
        """Promises of these days whose time is over or that were answered."""
        settled = sa.or_(ReplyClock.ended_at.is_not(None), ReplyClock.due_at <= utcnow())
        kept, count = self._session.execute(
            sa.select(_count_if(sa.and_(ReplyClock.breached_at.is_(None),
                                        ReplyClock.ended_at.is_not(None))), sa.func.count())
            .where(ReplyClock.kind.in_(kinds), self._in(ReplyClock.started_at), settled)).one()
        return {"kept": kept or 0, "count": count, "share": _share(kept, count)}

    def csat(self) -> dict[str, Any]:
        stars = dict(self._session.execute(
            sa.select(Rating.stars, sa.func.count()).where(self._in(Rating.created_at))
            .group_by(Rating.stars)).all())
        count = sum(stars.values())
        average = sum(star * n for star, n in stars.items()) / count if count else None
        return {"average": round(average, 2) if average is not None else None, "count": count,
                "by_stars": {str(star): stars.get(star, 0) for star in range(1, 6)}}

    def agents(self) -> list[dict[str, Any]]:
        """What each agent took and wrote, and how long they had a conversation on average."""
        after = aliased(OwnerChange)
        taken = {row[0]: row for row in self._session.execute(
            sa.select(OwnerChange.agent_id,
                      sa.func.count(sa.distinct(OwnerChange.conversation_id)),
                      sa.func.avg(self._seconds(OwnerChange.created_at, after.created_at)))
            .select_from(OwnerChange)
            .outerjoin(after, sa.and_(after.conversation_id == OwnerChange.conversation_id,
                                      after.epoch == OwnerChange.epoch + 1))
            .where(OwnerChange.owner == AGENT, self._in(OwnerChange.created_at))
            .group_by(OwnerChange.agent_id))}
        author = Message.payload["by"].as_string()
        written = dict(self._session.execute(
            sa.select(author, sa.func.count())
            .where(Message.author == "agent", self._in(Message.created_at))
            .group_by(author)).all())
        return [{"id": staff.id, "name": staff.name or staff.email,
                 "conversations": taken[staff.id][1] if staff.id in taken else 0,
                 "replies": written.get(staff.id, 0),
                 "handling": _rounded(taken[staff.id][2]) if staff.id in taken else None}
                for staff in self._session.scalars(
                    sa.select(StaffMember).order_by(StaffMember.name, StaffMember.email))
                if staff.id in taken or staff.id in written]

    def _counted(self, query: Any) -> Counts:
        name, count = query.selected_columns
        return [{"name": str(row[0]), "count": row[1]} for row in self._session.execute(
            query.group_by(name).order_by(count.desc(), name))]

    def _seconds(self, start: Any, end: Any) -> Any:
        if self._sqlite:
            return (sa.func.julianday(end) - sa.func.julianday(start)) * 86400.0
        return sa.extract("epoch", end - start)


def _count_if(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _share(part: int | None, whole: int) -> float | None:
    return round((part or 0) / whole, 4) if whole else None


def _rounded(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds), 1)
