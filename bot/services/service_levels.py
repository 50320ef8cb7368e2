"""Service levels: by when the shop replies, warnings before that passes, and what came of it.

"In general, you would get a reply in 24 hours" (after-sale page, E-mail us). A clock runs while it
is the shop's turn, on an open ticket or in a conversation that a person has or is to have. It ends
with the shop's reply, and the next one starts when the customer writes again. `look` finds in the
database what has begun, ended or come due, whoever wrote it, so no other code has to remember.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.services.hours import WorkingHours
from bot.services.ownership import AGENT, BOT, QUEUED
from bot.store.database import Database
from bot.store.tables import (
    Conversation,
    Message,
    ReplyClock,
    Ticket,
    TicketEntry,
    utcnow,
)

#: An emergency that came while nobody was at the desk is looked at first.
URGENT_TICKET_WITHIN = dt.timedelta(hours=1)
#: The share of the time after which lateness is warned of.
WARN_AFTER = 0.75
FIRST, NEXT, EMERGENCY = "first", "next", "emergency"
WARNING, BREACHED = "warning", "breached"
_BATCH = 500


@dataclass(frozen=True)
class Levels:
    """What is promised. `reply_within` counts in `working_hours` where they are given."""

    reply_within: dt.timedelta = dt.timedelta(hours=24)
    working_hours: WorkingHours | None = None
    emergency_within: dt.timedelta = dt.timedelta(minutes=5)

    def due(self, start: dt.datetime, urgent: bool = False) -> dt.datetime:
        """By when a ticket is replied to whose turn began at `start`."""
        return self._after(start, urgent, 1)

    def warn(self, start: dt.datetime, urgent: bool = False) -> dt.datetime:
        """From when on lateness is in sight."""
        return self._after(start, urgent, WARN_AFTER)

    def _after(self, start: dt.datetime, urgent: bool, share: float) -> dt.datetime:
        if urgent:
            return start + URGENT_TICKET_WITHIN * share
        if self.working_hours:
            return self.working_hours.after(start, self.reply_within * share)
        return start + self.reply_within * share


@dataclass(frozen=True)
class Late:
    """A reply that is nearly (`warning`) or really (`breached`) too late."""

    state: str
    due_at: dt.datetime
    conversation_id: str | None
    ticket_number: str | None
    emergency: bool


#: Is told in the thread that looks, so it must be quick and may not raise.
Alert = Callable[[Late], None]


class ServiceLevels:
    """Runs the clocks. `look` is to be called every few seconds, by any number of processes."""

    def __init__(self, database: Database, levels: Levels) -> None:
        self._database, self.levels = database, levels
        self._alerts: list[Alert] = []

    def on_late(self, alert: Alert) -> None:
        """Has `alert` told of every warning and breach, once."""
        self._alerts.append(alert)

    def look(self) -> list[Late]:
        """Starts, ends and judges clocks. Returns who was warned of now."""
        for step in (self._end, self._start):
            try:
                with self._database.separate_unit_of_work() as session:
                    step(session)
            except IntegrityError:
                continue  # another process did the same at this moment
        with self._database.separate_unit_of_work() as session:
            late = list(self._judge(session))
        for each in late:
            for alert in self._alerts:
                alert(each)
        return late

    def _end(self, session: Session) -> None:
        replied = sa.func.min(TicketEntry.created_at)
        for clock, ticket, at in session.execute(
                sa.select(ReplyClock, Ticket, replied)
                .join(Ticket, ReplyClock.subject == _TICKET)
                .outerjoin(TicketEntry, sa.and_(
                    TicketEntry.ticket_id == Ticket.id, TicketEntry.author == "agent",
                    TicketEntry.created_at > ReplyClock.started_at))
                .where(ReplyClock.ended_at.is_(None))
                .group_by(*ReplyClock.__table__.c, *Ticket.__table__.c)
                .having(sa.or_(Ticket.state != "open", replied.is_not(None)))):
            if _ended(clock, at or ticket.closed_at or utcnow()):
                ticket.breached_at = ticket.breached_at or clock.due_at
        said = sa.func.min(Message.created_at)
        for clock, at in session.execute(
                sa.select(ReplyClock, said)
                .join(Conversation, ReplyClock.subject == _CONVERSATION)
                .outerjoin(Message, sa.and_(
                    Message.conversation_id == Conversation.id, Message.author == "agent",
                    Message.created_at > ReplyClock.started_at))
                .where(ReplyClock.ended_at.is_(None))
                .group_by(*ReplyClock.__table__.c, Conversation.owner, Conversation.merged_into)
                .having(sa.or_(Conversation.owner == BOT, Conversation.merged_into.is_not(None),
                               said.is_not(None)))):
            _ended(clock, at or utcnow())

    def _start(self, session: Session) -> None:
        for ticket in session.scalars(
                sa.select(Ticket).where(Ticket.state == "open", ~_running(_TICKET))
                .limit(_BATCH)).all():
            self._start_ticket(session, ticket)
        for conversation in session.scalars(
                sa.select(Conversation).where(
                    Conversation.owner.in_((QUEUED, AGENT)), Conversation.merged_into.is_(None),
                    ~_running(_CONVERSATION)).limit(_BATCH)).all():
            self._start_conversation(session, conversation)

    def _start_ticket(self, session: Session, ticket: Ticket) -> None:
        subject = f"ticket:{ticket.id}"
        ended = session.scalar(sa.select(sa.func.max(ReplyClock.ended_at)).where(
            ReplyClock.subject == subject))
        if ended is None:
            _begin(session, subject, FIRST, ticket.created_at,
                   min(self.levels.warn(ticket.created_at, ticket.urgent), ticket.due_at),
                   ticket.due_at)
            return
        start = session.scalar(sa.select(sa.func.min(TicketEntry.created_at)).where(
            TicketEntry.ticket_id == ticket.id, TicketEntry.author == "customer",
            TicketEntry.created_at > ended)) or utcnow()
        ticket.due_at = self.levels.due(start, ticket.urgent)
        ticket.warned_at = ticket.breached_at = None
        _begin(session, subject, NEXT, start, self.levels.warn(start, ticket.urgent),
               ticket.due_at)

    def _start_conversation(self, session: Session, conversation: Conversation) -> None:
        said = session.scalar(sa.select(sa.func.max(Message.created_at)).where(
            Message.conversation_id == conversation.id, Message.author == "agent"))
        since = conversation.waiting_since
        subject = f"conversation:{conversation.id}"
        if since is not None and (said is None or said < since):
            if conversation.handoff_reason == "emergency":
                within = self.levels.emergency_within
                _begin(session, subject, EMERGENCY, since, since + within * WARN_AFTER,
                       since + within)
            else:
                _begin(session, subject, FIRST, since, self.levels.warn(since),
                       self.levels.due(since))
            return
        if said is None:
            return
        wrote = session.scalar(sa.select(sa.func.min(Message.created_at)).where(
            Message.conversation_id == conversation.id, Message.author == "customer",
            Message.created_at > said))
        if wrote is not None:
            _begin(session, subject, NEXT, wrote, self.levels.warn(wrote), self.levels.due(wrote))

    def _judge(self, session: Session) -> Iterator[Late]:
        now = utcnow()
        for clock in session.scalars(
                sa.select(ReplyClock).where(ReplyClock.ended_at.is_(None), sa.or_(
                    sa.and_(ReplyClock.warn_at <= now, ReplyClock.warned_at.is_(None)),
                    sa.and_(ReplyClock.due_at <= now, ReplyClock.breached_at.is_(None))))
                .order_by(ReplyClock.due_at).limit(_BATCH)).all():
            state = BREACHED if clock.due_at <= now else WARNING
            values: dict[str, Any] = {"warned_at": clock.warned_at or now}
            if state == BREACHED:
                values["breached_at"] = now
            mark = ReplyClock.breached_at if state == BREACHED else ReplyClock.warned_at
            first = session.execute(
                sa.update(ReplyClock).where(
                    ReplyClock.subject == clock.subject,
                    ReplyClock.started_at == clock.started_at, mark.is_(None))
                .values(**values).execution_options(synchronize_session=False))
            if first.rowcount != 1:
                continue  # another process warned
            yield _late(session, clock, state, values)


def _begin(session: Session, subject: str, kind: str, start: dt.datetime, warn: dt.datetime,
           due: dt.datetime) -> None:
    if session.get(ReplyClock, (subject, start)) is None:
        session.add(ReplyClock(subject=subject, started_at=start, kind=kind, warn_at=warn,
                               due_at=due))


def _ended(clock: ReplyClock, at: dt.datetime) -> bool:
    """Ends a clock; whether it was too late."""
    clock.ended_at = at
    if at > clock.due_at and clock.breached_at is None:
        clock.breached_at = clock.due_at
    return clock.breached_at is not None


def _late(session: Session, clock: ReplyClock, state: str, values: dict[str, Any]) -> Late:
    kind, _, id_ = clock.subject.partition(":")
    ticket = session.get(Ticket, id_) if kind == "ticket" else None
    if ticket is not None:
        for name, value in values.items():
            setattr(ticket, name, value)
    return Late(state, clock.due_at, ticket.conversation_id if ticket else id_,
                ticket.number if ticket else None,
                clock.kind == EMERGENCY or bool(ticket and ticket.urgent))


def _running(subject: Any) -> Any:
    return sa.exists().where(ReplyClock.subject == subject, ReplyClock.ended_at.is_(None))


_TICKET = "ticket:" + Ticket.id
_CONVERSATION = "conversation:" + Conversation.id
