"""A conversation with all that an agent needs to know: what was said and understood, order, claims,
tickets, and the same customer's other conversations."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from bot.services.attachments import AttachmentView, of_messages, view
from bot.services.desk.claims import ClaimsDesk
from bot.services.desk.handling import found, note_view
from bot.services.desk.orders import GuaranteeEnds, order_view
from bot.services.desk.rows import Row
from bot.services.desk.tickets import views as ticket_views
from bot.services.desk.views import Inbox
from bot.store.database import Database
from bot.store.tables import (
    Attachment,
    Claim,
    Conversation,
    Message,
    Note,
    Order,
    OwnerChange,
    StaffMember,
    Ticket,
    TrackerEvent,
)

#: Messages that are shown at once; a page asks for those after the last it has.
MOST_MESSAGES = 1000
_EARLIER = 30
#: Slots that are the assistant's own business: its draft and how it asks.
_NOT_SHOWN = {"draft", "requested_slot", "session_started_metadata"}
_LABELS = 5


class ConversationDesk:
    """Reads a conversation for an agent."""

    def __init__(self, database: Database, inbox: Inbox, claims: ClaimsDesk,
                 guarantee_ends: GuaranteeEnds, today: Callable[[], dt.date]) -> None:
        self._database, self._inbox, self._claims = database, inbox, claims
        self._guarantee_ends, self._today = guarantee_ends, today

    def shown(self, conversation_id: str, staff_id: str) -> dict[str, Any]:
        """A `Conversation` of docs/desk-protocol.md. Raises Unknown."""
        with self._database.unit_of_work() as session:
            conversation = found(session, conversation_id)
            order = session.get(Order, conversation.order_id, options=[
                selectinload(Order.lines), selectinload(Order.customer)]) \
                if conversation.order_id else None
            slots, understood = _tracked(session, conversation_id)
            mine = Claim.conversation_id.in_(_with_merged(conversation_id))
            on_it = [mine] if order is None else [sa.or_(mine, Claim.order_id == order.id)]
            return {
                "row": self._inbox.seen(session, [conversation_id], staff_id)[0],
                "messages": messages(session, conversation_id), "notes": notes(
                    session, conversation_id),
                "happenings": happenings(session, conversation_id), "slots": slots,
                "understood": {"language": conversation.language, "topic": conversation.topic,
                               "labels": understood},
                "order": order_view(order, self._guarantee_ends, self._today()) if order else None,
                "claims": self._claims.views(session, *on_it),
                "tickets": _tickets(session, conversation),
                "files": [view(file).public() for file in session.scalars(
                    sa.select(Attachment).where(Attachment.conversation_id == conversation_id,
                                                Attachment.message_id.is_not(None))
                    .order_by(Attachment.created_at))],
                "earlier": self._earlier(session, conversation, staff_id),
            }

    def messages(self, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
        """The messages after a number. Raises Unknown."""
        with self._database.unit_of_work() as session:
            found(session, conversation_id)
            return messages(session, conversation_id, Message.seq > after)

    def _earlier(self, session: Session, conversation: Conversation, staff_id: str) -> list[Row]:
        """The same customer's: by the order they proved, their address, or merged into this."""
        same = [Conversation.merged_into == conversation.id]
        if conversation.order_id:
            same.append(Conversation.order_id == conversation.order_id)
        address = conversation.customer_email
        if address:
            same.append(sa.func.lower(Conversation.customer_email) == address.lower())
        ids = list(session.scalars(
            sa.select(Conversation.id).where(sa.or_(*same), Conversation.id != conversation.id)
            .order_by(Conversation.created_at.desc()).limit(_EARLIER)))
        return self._inbox.seen(session, ids, staff_id)


def messages(session: Session, conversation_id: str, *conditions: Any) -> list[dict[str, Any]]:
    """Messages as agents see them, the withdrawn ones too; the latest where there are too many."""
    rows = session.scalars(
        sa.select(Message).where(Message.conversation_id == conversation_id, *conditions)
        .order_by(Message.seq.desc()).limit(MOST_MESSAGES)
        .execution_options(populate_existing=True)).all()[::-1]
    files = of_messages(session, [row.id for row in rows
                                  if (row.payload or {}).get("attachments")])
    return [_message(row, files) for row in rows]


def notes(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """The private notes, oldest first."""
    return [note_view(note, author) for note, author in session.execute(
        sa.select(Note, StaffMember).outerjoin(StaffMember, StaffMember.id == Note.staff_id)
        .where(Note.conversation_id == conversation_id).order_by(Note.created_at))]


def happenings(session: Session, conversation_id: str, after: int = -1) -> list[dict[str, Any]]:
    """The changes of owner after an epoch, oldest first."""
    rows = session.execute(
        sa.select(OwnerChange, StaffMember.name, StaffMember.email)
        .outerjoin(StaffMember, StaffMember.id == OwnerChange.agent_id)
        .where(OwnerChange.conversation_id == conversation_id, OwnerChange.epoch > after)
        .order_by(OwnerChange.epoch))
    return [{"at": change.created_at.isoformat(), "owner": change.owner, "epoch": change.epoch,
             "agent": {"id": change.agent_id, "name": name or email} if change.agent_id else None,
             "actor": change.actor, "reason": change.reason} for change, name, email in rows]


def _message(row: Message, files: dict[str, AttachmentView]) -> dict[str, Any]:
    payload = row.payload or {}
    named: Sequence[str] = payload.get("attachments") or ()
    shown = {
        "seq": row.seq, "author": row.author, "text": row.text,
        "buttons": [{"title": button["title"], "payload": button["payload"]}
                    for button in payload.get("buttons") or ()],
        "custom": payload.get("custom"),
        "attachments": [files[each].public() for each in named if each in files],
        "sent_at": row.created_at.isoformat(),
    }
    return {**shown, "name": payload["name"]} if payload.get("name") else shown


def _tickets(session: Session, conversation: Conversation) -> list[dict[str, Any]]:
    same = [Ticket.conversation_id.in_(_with_merged(conversation.id))]
    if conversation.order_id:
        same.append(Ticket.order_id == conversation.order_id)
    rows = session.scalars(sa.select(Ticket).where(sa.or_(*same), Ticket.merged_into.is_(None))
                           .order_by(Ticket.created_at.desc()).limit(_EARLIER)).all()
    return ticket_views(session, list(rows), entries=True)


def _with_merged(conversation_id: str) -> sa.sql.Select:
    """The ids of a conversation and of those that were merged into it."""
    return sa.select(Conversation.id).where(sa.or_(
        Conversation.id == conversation_id, Conversation.merged_into == conversation_id))


def _tracked(session: Session, conversation_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The assistant's slots, and how it understood the last message, from Rasa's events."""
    mine = TrackerEvent.conversation_id == conversation_id
    slots: dict[str, Any] = {}
    for data in session.scalars(sa.select(TrackerEvent.data).where(
            mine, TrackerEvent.type_name == "slot").order_by(TrackerEvent.seq)):
        event = json.loads(data)
        slots[event["name"]] = event.get("value")
    shown = {name: value for name, value in slots.items()
             if name not in _NOT_SHOWN and value not in (None, "", [], {})}
    last = session.scalar(sa.select(TrackerEvent.data).where(
        mine, TrackerEvent.type_name == "user").order_by(TrackerEvent.seq.desc()).limit(1))
    parsed = (json.loads(last).get("parse_data") or {}) if last else {}
    labels = parsed.get("labels") or {
        each["name"]: each["confidence"] for each in parsed.get("intent_ranking") or ()}
    best = sorted(labels.items(), key=lambda item: -float(item[1]))[:_LABELS]
    return shown, [{"label": name, "confidence": round(float(sure), 3)} for name, sure in best]


