"""Rows of the inbox: a fixed number of queries for any number of conversations."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.desk.tickets import priority, service_level
from bot.services.ownership import AGENT, BOT
from bot.services.presence import GONE_AFTER
from bot.services.ticket_states import OPEN, WAITING
from bot.services.waiting import ANYBODY_AFTER, EMERGENCY, Profile
from bot.store.tables import (
    Conversation,
    ConversationTag,
    Customer,
    Message,
    Order,
    Presence,
    ReplyClock,
    StaffMember,
    Ticket,
    utcnow,
)

#: Characters of the last message that a row shows.
_SNIPPET = 160
_ANSWERS = ("assistant", "agent")
Row = dict[str, Any]


def rows(session: Session, ids: Sequence[str]) -> list[Row]:
    """The rows of these conversations, in this order, without `fits`."""
    if not ids:
        return []
    found = {row.Conversation.id: row for row in session.execute(
        sa.select(Conversation, StaffMember.name, StaffMember.email, Customer.name.label("buyer"))
        .outerjoin(StaffMember, StaffMember.id == Conversation.agent_id)
        .outerjoin(Order, Order.id == Conversation.order_id)
        .outerjoin(Customer, Customer.id == Order.customer_id)
        .where(Conversation.id.in_(ids)).execution_options(populate_existing=True))}
    last, unanswered = _messages(session, ids)
    clocks = _clocks(session, ids, tickets := _tickets(session, ids))
    tags, viewers = _tags(session, ids), _viewers(session, ids)
    return [{**_row(found[id_], last.get(id_), unanswered[id_], tags.get(id_, []),
                    tickets.get(id_)), "sla": clocks.get(id_), "viewers": viewers.get(id_, [])}
            for id_ in ids if id_ in found]


def seen_by(row: Row, profile: Profile, now: dt.datetime) -> Row:
    """A row with whether it fits an agent: their languages, skills and room."""
    since = row["waiting_since"]
    long = since is not None and now - dt.datetime.fromisoformat(since) >= ANYBODY_AFTER
    fits = row["emergency"] or (profile.has_room and (
        long or profile.knows(row["language"], row["topic"])))
    return {**row, "fits": bool(fits)}


def _row(found: Any, last: Message | None, unanswered: int, tags: list[str],
         ticket: Ticket | None) -> Row:
    conversation = found.Conversation
    return {
        "id": conversation.id, "channel": conversation.channel,
        "customer": {"name": found.buyer or None, "email": conversation.customer_email},
        "language": conversation.language, "owner": conversation.owner,
        "epoch": conversation.epoch,
        "agent": ({"id": conversation.agent_id, "name": found.name or found.email}
                  if conversation.owner == AGENT and conversation.agent_id else None),
        "reason": conversation.handoff_reason,
        "emergency": conversation.handoff_reason == EMERGENCY and conversation.owner != BOT,
        "waiting_since": _iso(conversation.waiting_since),
        "snoozed_until": _iso(conversation.snoozed_until), "topic": conversation.topic,
        "tags": tags,
        "last": ({"author": last.author, "text": last.text[:_SNIPPET],
                  "sent_at": _iso(last.created_at)} if last else None),
        "unanswered": unanswered, "read_seq": conversation.read_seq,
        "ticket": ({"number": ticket.number, "state": ticket.state, "priority": priority(ticket),
                    "due_at": _iso(ticket.due_at)} if ticket else None),
    }


def _messages(session: Session, ids: Sequence[str]) -> tuple[dict[str, Message], Counter[str]]:
    """The message that each row shows, and how many of the customer's came since the last answer.

    That is the last one; but where a person is wanted, what the customer wrote, and not what the
    assistant said about waiting.
    """
    def latest(*authors: str) -> sa.sql.ColumnElement[int]:
        return sa.func.max(sa.case((Message.author.in_(authors), Message.seq), else_=0))

    human = latest("customer", "agent")
    ends = (sa.select(Message.conversation_id, latest(*_ANSWERS).label("answer"), sa.case(
                (sa.and_(Conversation.owner != BOT, human > 0), human),
                else_=sa.func.max(Message.seq)).label("last"))
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.conversation_id.in_(ids))
            .group_by(Message.conversation_id, Conversation.owner).subquery())
    last: dict[str, Message] = {}
    counts: Counter[str] = Counter()
    for message, shown, answer in session.execute(
            sa.select(Message, ends.c.last, ends.c.answer)
            .join(ends, sa.and_(Message.conversation_id == ends.c.conversation_id,
                                sa.or_(Message.seq > ends.c.answer,
                                       Message.seq == ends.c.last)))):
        counts[message.conversation_id] += message.author == "customer" and message.seq > answer
        if message.seq == shown:
            last[message.conversation_id] = message
    return last, counts


def _tags(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for row in session.execute(
            sa.select(ConversationTag.conversation_id, ConversationTag.tag)
            .where(ConversationTag.conversation_id.in_(ids)).order_by(ConversationTag.tag)):
        tags.setdefault(row.conversation_id, []).append(row.tag)
    return tags


def _clocks(session: Session, ids: Sequence[str], tickets: dict[str, Ticket]
            ) -> dict[str, dict[str, str]]:
    """The reply that is due first, in the conversation or on its ticket."""
    levels = {id_: level for id_, ticket in tickets.items() if (level := service_level(ticket))}
    for clock in session.scalars(sa.select(ReplyClock).where(
            ReplyClock.ended_at.is_(None),
            ReplyClock.subject.in_([f"conversation:{id_}" for id_ in ids]))):
        id_, due_at = clock.subject.partition(":")[2], clock.due_at.isoformat()
        if id_ not in levels or due_at < levels[id_]["due_at"]:
            state = ("breached" if clock.due_at <= utcnow() else
                     "warning" if clock.warn_at <= utcnow() else "ok")
            levels[id_] = {"due_at": due_at, "state": state}
    return levels


def _viewers(session: Session, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    viewers: dict[str, list[dict[str, Any]]] = {}
    for row in session.execute(
            sa.select(Presence.viewing, StaffMember.id, StaffMember.name, StaffMember.email)
            .join(StaffMember, StaffMember.id == Presence.staff_id)
            .where(Presence.viewing.in_(ids), Presence.seen_at >= utcnow() - GONE_AFTER)
            .order_by(StaffMember.name)):
        viewers.setdefault(row.viewing, []).append(
            {"id": row.id, "name": row.name or row.email, "typing": False})
    return viewers


def _tickets(session: Session, ids: Sequence[str]) -> dict[str, Ticket]:
    """The newest ticket of each that is not done."""
    return {ticket.conversation_id: ticket for ticket in session.scalars(
        sa.select(Ticket).where(Ticket.conversation_id.in_(ids),
                                Ticket.state.in_((OPEN, WAITING)))
        .order_by(Ticket.created_at))}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
