"""Tickets as the desk shows and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import Unknown
from bot.services.desk.handling import who
from bot.services.ticket_life import TicketLife
from bot.services.ticket_states import OPEN, STATES, TRANSITIONS, WAITING
from bot.store.database import Database
from bot.store.tables import Claim, StaffMember, Ticket, TicketEntry, utcnow

_PAGE = 50
#: The share of the time to reply after which lateness is warned of.
_WARN_AT = 0.75


class TicketWork:
    """Lists and shows tickets to agents; what they change goes through the ticket's life."""

    def __init__(self, database: Database, life: TicketLife) -> None:
        self._database, self._life = database, life

    def listed(self, *, state: str | None = None, queue: str | None = None,
               assignee: str | None = None, after: str | None = None) -> dict[str, Any]:
        """A page of tickets, those due first on top: `{rows, next}`."""
        wanted = [Ticket.merged_into.is_(None)]
        wanted += [Ticket.state == state] if state else [Ticket.state.in_((OPEN, WAITING))]
        wanted += [Ticket.queue == queue] if queue else []
        wanted += [Ticket.assignee_id == assignee] if assignee else []
        start = int(after) if after and after.isdecimal() else 0
        with self._database.unit_of_work() as session:
            found = session.scalars(
                sa.select(Ticket).where(*wanted).order_by(Ticket.due_at, Ticket.id)
                .offset(start).limit(_PAGE + 1)).all()
            rows = views(session, found[:_PAGE], entries=False)
        return {"rows": rows, "next": str(start + _PAGE) if len(found) > _PAGE else None}

    def shown(self, number: str) -> dict[str, Any]:
        """One ticket with its entries and its history. Raises Unknown."""
        with self._database.unit_of_work() as session:
            return self._shown(session, _ticket(session, number))

    def change(self, number: str, changes: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Changes `state`, `priority`, `queue` and `assignee` (an agent's id; None: nobody's), all
        or none of them. `actor` is the agent's address.

        Raises Unknown for an unknown ticket or agent, NotAllowed for what the ticket's state
        forbids and for a value that there is not.
        """
        steps = {"priority": self._life.set_priority, "queue": self._life.set_queue,
                 "assignee": self._life.assign, "state": self._life.set_state}
        with self._database.unit_of_work() as session:
            for name, step in steps.items():
                if name in changes:
                    step(number, changes[name], actor)
            return self._shown(session, _ticket(session, number))

    def merge(self, number: str, into: str, actor: str) -> dict[str, Any]:
        """Merges a ticket into another one of the same customer, which is returned.

        Raises Unknown, or NotAllowed (`TicketLife.merge`).
        """
        with self._database.unit_of_work() as session:
            kept = self._life.merge(number, into, actor)
            return self._shown(session, _ticket(session, kept.number))

    def _shown(self, session: Session, ticket: Ticket) -> dict[str, Any]:
        session.flush()
        other = session.get(Ticket, ticket.merged_into) if ticket.merged_into else None
        return {**views(session, [ticket], entries=True)[0],
                "merged_into": other.number if other else None,
                "history": _history(session, self._life.history(ticket.number))}


def views(session: Session, tickets: list[Ticket], *, entries: bool) -> list[dict[str, Any]]:
    """Tickets as the desk's pages see them (docs/desk-protocol.md)."""
    ids = [ticket.id for ticket in tickets]
    staff = {member.id: member for member in session.scalars(sa.select(StaffMember).where(
        StaffMember.id.in_({ticket.assignee_id for ticket in tickets} - {None})))}
    claims = dict(session.execute(sa.select(Claim.id, Claim.number).where(
        Claim.id.in_({ticket.claim_id for ticket in tickets} - {None}))).all())
    written: dict[str, list[TicketEntry]] = {}
    if entries and ids:
        session.flush()
        for entry in session.scalars(sa.select(TicketEntry).where(TicketEntry.ticket_id.in_(ids))
                                     .order_by(TicketEntry.created_at)):
            written.setdefault(entry.ticket_id, []).append(entry)
    return [{
        "number": ticket.number, "kind": ticket.kind, "queue": ticket.queue or "support",
        "state": ticket.state, "next_states": next_states(ticket), "priority": priority(ticket),
        "subject": ticket.subject,
        "customer_email": ticket.customer_email, "language": ticket.language,
        "assignee": who(staff.get(ticket.assignee_id)), "conversation_id": ticket.conversation_id,
        "claim_number": claims.get(ticket.claim_id), "created_at": ticket.created_at.isoformat(),
        "due_at": ticket.due_at.isoformat(),
        "replied_at": ticket.replied_at.isoformat() if ticket.replied_at else None,
        "sla": service_level(ticket),
        "entries": [{"author": entry.author, "body": entry.body,
                     "at": entry.created_at.isoformat()}
                    for entry in written.get(ticket.id, ())],
    } for ticket in tickets]


def next_states(ticket: Ticket) -> list[str]:
    """Where a ticket may go from here."""
    return [] if ticket.merged_into else sorted(TRANSITIONS[ticket.state], key=STATES.index)


def priority(ticket: Ticket) -> str:
    """A ticket's priority; what was opened as urgent is urgent."""
    return "urgent" if ticket.urgent else ticket.priority or "normal"


def service_level(ticket: Ticket) -> dict[str, str] | None:
    """By when the shop's reply is due, and if that is in danger; None if it is not our turn."""
    if ticket.state != OPEN:
        return None
    now = utcnow()
    if ticket.breached_at is not None or ticket.due_at <= now:
        state = "breached"
    elif ticket.warned_at is not None or _mostly_over(ticket):
        state = "warning"
    else:
        state = "ok"
    return {"due_at": ticket.due_at.isoformat(), "state": state}


def _mostly_over(ticket: Ticket) -> bool:
    allowed = ticket.due_at - ticket.created_at
    return bool(utcnow() >= ticket.created_at + _WARN_AT * allowed)


def _ticket(session: Session, number: str) -> Ticket:
    ticket: Ticket | None = session.scalar(sa.select(Ticket).where(
        Ticket.number == number.strip().upper()))
    if ticket is None:
        raise Unknown(f"there is no ticket {number}")
    return ticket


def _history(session: Session, steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A ticket's steps as the desk's pages see them: agents by their names."""
    members = session.execute(sa.select(StaffMember.id, StaffMember.name, StaffMember.email)).all()
    by_id = {row.id: row.name or row.email for row in members}
    by_address = {row.email: row.name or row.email for row in members}

    def value(step: Mapping[str, Any], which: str) -> str | None:
        found: str | None = step[which]
        return by_id.get(found, found) if step["what"] == "assignee" else found

    return [{"what": step["what"], "before": value(step, "before"), "after": value(step, "after"),
             "by": by_address.get(step["actor"], step["actor"]), "reason": step["reason"],
             "at": step["at"].isoformat()} for step in steps]
