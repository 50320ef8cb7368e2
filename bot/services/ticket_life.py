"""What happens to a ticket after it was opened: states, priority, queue, agent, merging, rating."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, Unknown
from bot.services.ticket_log import due, move, note
from bot.services.ticket_states import (
    CLOSED,
    DONE,
    OPEN,
    WAITING,
    check_alive,
    check_priority,
    check_queue,
)
from bot.services.tickets import TicketView, add_to, lead, ticket_view
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Message,
    StaffMember,
    Ticket,
    TicketChange,
    TicketEntry,
    utcnow,
)

#: What the history says of a ticket without an agent.
NOBODY = "nobody"


class TicketLife:
    """Changes tickets; each step is kept in `ticket_changes` with who took it.

    `actor` is customer, assistant or an agent's address. All raise Unknown for a number that there
    is not, and NotAllowed for a step that the ticket's state forbids or that is none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_state(self, number: str, state: str, actor: str, reason: str = "") -> TicketView:
        """Brings a ticket into a state (`bot.services.ticket_states.TRANSITIONS`)."""
        with self._database.unit_of_work() as session:
            ticket = _ticket(session, number)
            move(session, ticket, state, actor, reason)
            return ticket_view(ticket)

    def set_priority(self, number: str, priority: str, actor: str) -> TicketView:
        """Sets the priority, and the urgent flag in step; a raised one is due sooner."""
        check_priority(priority)
        with self._database.unit_of_work() as session:
            ticket = _alive(session, number)
            if ticket.priority != priority:
                note(session, ticket, "priority", ticket.priority, priority, actor)
                ticket.priority, ticket.urgent = priority, priority == "urgent"
                if ticket.state == OPEN:
                    ticket.due_at = min(ticket.due_at, due(ticket.urgent))
            return ticket_view(ticket)

    def set_queue(self, number: str, queue: str, actor: str) -> TicketView:
        """Hands a ticket to the other queue: support or presale."""
        check_queue(queue)
        with self._database.unit_of_work() as session:
            ticket = _alive(session, number)
            if ticket.queue != queue:
                note(session, ticket, "queue", ticket.queue, queue, actor)
                ticket.queue = queue
            return ticket_view(ticket)

    def assign(self, number: str, staff_id: str | None, actor: str) -> TicketView:
        """Makes a ticket an agent's, by their id, or nobody's (None).

        Raises Unknown also for an agent that there is not, or not any more.
        """
        with self._database.unit_of_work() as session:
            ticket = _alive(session, number)
            member = session.get(StaffMember, staff_id) if staff_id else None
            if staff_id and (member is None or not member.active):
                raise Unknown("there is no such agent")
            if ticket.assignee_id != staff_id:
                note(session, ticket, "assignee", ticket.assignee_id, staff_id or NOBODY, actor)
                ticket.assignee_id = staff_id
            return ticket_view(ticket)

    def replied(self, number: str, body: str, actor: str,
                message_id: str | None = None) -> TicketView:
        """Adds the shop's answer: from now on the ticket waits for the customer."""
        with self._database.unit_of_work() as session:
            ticket = lead(session, _ticket(session, number))
            _answer(session, ticket, body, actor, message_id)
            return ticket_view(ticket)

    def agent_wrote(self, conversation_id: str, message: Message, actor: str) -> None:
        """Puts an agent's message on the tickets of its conversation that are not done."""
        with self._database.unit_of_work() as session:
            for ticket in _going_on(session, conversation_id):
                _answer(session, ticket, message.text, actor, message.id)

    def customer_wrote(self, conversation_id: str, message: Message) -> None:
        """Puts what a customer wrote to a person on the conversation's tickets that are not done:
        it is the shop's turn."""
        with self._database.unit_of_work() as session:
            for ticket in _going_on(session, conversation_id):
                add_to(session, ticket, message.text, message.id)

    def merge(self, number: str, into: str, actor: str) -> TicketView:
        """Merges a ticket into another of the same customer, which is returned.

        Entries and files move, the merged one is closed and leads to the other from then on.
        Raises NotAllowed also for two customers' tickets, and for one into itself.
        """
        with self._database.unit_of_work() as session:
            ticket, other = _alive(session, number), lead(session, _ticket(session, into))
            if ticket.id == other.id:
                raise NotAllowed("a ticket cannot be merged into itself")
            if not _same_customer(ticket, other):
                raise NotAllowed("tickets of two customers are not merged")
            if ticket.state != CLOSED:
                move(session, ticket, CLOSED, actor, f"merged into {other.number}")
            ticket.merged_into = other.id
            note(session, ticket, "merged", ticket.number, other.number, actor)
            note(session, other, "merged", other.number, ticket.number, actor)
            for model in (TicketEntry, Attachment):
                session.execute(sa.update(model).where(model.ticket_id == ticket.id)
                                .values(ticket_id=other.id))
            session.flush()
            session.expire(ticket, ["entries"])
            session.expire(other, ["entries"])
            return ticket_view(other)

    def rate(self, number: str, stars: int, comment: str = "") -> None:
        """Keeps how the customer liked it, in place of an earlier rating.

        Raises ValueError unless there are 1 to 5 stars.
        """
        if not 1 <= stars <= 5:
            raise ValueError(f"{stars} stars")
        with self._database.unit_of_work() as session:
            ticket = _ticket(session, number)
            before = str(ticket.stars) if ticket.stars else None
            ticket.stars, ticket.rating_comment = stars, comment
            note(session, ticket, "rated", before, str(stars), "customer")

    def history(self, number: str) -> list[dict[str, Any]]:
        """Every step, oldest first: `{what, before, after, actor, reason, at}`."""
        with self._database.unit_of_work() as session:
            rows = session.scalars(
                sa.select(TicketChange).where(TicketChange.ticket_id == _ticket(session, number).id)
                .order_by(TicketChange.created_at))
            return [{"what": row.what, "before": row.before, "after": row.after,
                     "actor": row.actor, "reason": row.reason, "at": row.created_at}
                    for row in rows]


def _ticket(session: Session, number: str) -> Ticket:
    found: Ticket | None = session.scalar(
        sa.select(Ticket).where(Ticket.number == number.strip().upper()))
    if found is None:
        raise Unknown(f"there is no ticket {number}")
    return found


def _alive(session: Session, number: str) -> Ticket:
    ticket = _ticket(session, number)
    check_alive(ticket.merged_into)
    return ticket


def _going_on(session: Session, conversation_id: str) -> list[Ticket]:
    """The conversation's tickets, or those they were merged into, that somebody still works on."""
    found = {ticket.id: ticket for ticket in (lead(session, each) for each in session.scalars(
        sa.select(Ticket).where(Ticket.conversation_id == conversation_id)
        .order_by(Ticket.created_at)))}
    return [ticket for ticket in found.values() if ticket.state not in DONE]


def _answer(session: Session, ticket: Ticket, body: str, actor: str, message_id: str | None
            ) -> None:
    ticket.entries.append(TicketEntry(author="agent", body=body, message_id=message_id))
    ticket.replied_at = ticket.replied_at or utcnow()
    if ticket.state == CLOSED:
        move(session, ticket, OPEN, actor, "answered after it was closed")
    move(session, ticket, WAITING, actor, "answered")


def _same_customer(one: Ticket, other: Ticket) -> bool:
    """Both proved the same order, or are answered at the same address, and nothing says else."""
    if one.order_id and other.order_id:
        return bool(one.order_id == other.order_id or _customer(one) == _customer(other))
    return bool(one.customer_email and one.customer_email == other.customer_email) or bool(
        one.conversation_id and one.conversation_id == other.conversation_id)


def _customer(ticket: Ticket) -> str:
    return str(ticket.order.customer_id)
