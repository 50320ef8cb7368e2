"""What is held about a customer, as it is handed out to them."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.attachments import Attachments
from bot.services.mail_store import MailStore
from bot.services.privacy_mail import mails_of, shown_in, shown_out
from bot.services.privacy_search import (
    FREE_TEXT,
    Address,
    Traces,
    decoded,
    in_pieces,
    mentions,
)
from bot.store import tables as t

_STAFF = ("actor", "decided_by", "staff_id", "agent_id", "assignee_id", "mentions")
_NOT_STAFF = ("assistant", "customer", "system")


class Export:
    """Everything that the traces of a customer lead to, ready for JSON."""

    def __init__(self, session: Session, traces: Traces, attachments: Attachments | None) -> None:
        self._session, self._traces, self._attachments = session, traces, attachments

    def everything(self, address: Address) -> dict[str, Any]:
        """All but the mails, by what it is."""
        found = self._traces
        attempts = t.VerificationAttempt
        tried = {row["id"]: row for row in (
            *self._rows(attempts, attempts.order_key, found.order_keys),
            *self._rows(attempts, attempts.conversation_id, found.conversations))}
        return {
            "email": address.key,
            "customers": self._rows(t.Customer, t.Customer.id, found.customers),
            "orders": self._with(
                self._rows(t.Order, t.Order.id, found.orders),
                lines=(t.OrderLine, t.OrderLine.order_id, t.OrderLine.line_number)),
            "claims": self._with(
                self._rows(t.Claim, t.Claim.id, found.claims),
                facts=(t.ClaimFact, t.ClaimFact.claim_id, t.ClaimFact.created_at),
                decisions=(t.Decision, t.Decision.claim_id, t.Decision.created_at),
                transitions=(t.ClaimTransition, t.ClaimTransition.claim_id,
                             t.ClaimTransition.ordinal)),
            "tickets": self._with(
                self._rows(t.Ticket, t.Ticket.id, found.tickets),
                entries=(t.TicketEntry, t.TicketEntry.ticket_id, t.TicketEntry.created_at),
                changes=(t.TicketChange, t.TicketChange.ticket_id, t.TicketChange.created_at)),
            "conversations": self._with_files(self._with(
                self._conversations(),
                messages=(t.Message, t.Message.conversation_id, t.Message.seq),
                inbox=(t.Inbox, t.Inbox.conversation_id, t.Inbox.created_at),
                outbox=(t.Outbox, t.Outbox.conversation_id, t.Outbox.created_at),
                tracker_events=(t.TrackerEvent, t.TrackerEvent.conversation_id,
                                t.TrackerEvent.seq),
                attachments=(t.Attachment, t.Attachment.conversation_id,
                             t.Attachment.created_at),
                ratings=(t.Rating, t.Rating.conversation_id, t.Rating.created_at),
                notes=(t.Note, t.Note.conversation_id, t.Note.created_at),
                tags=(t.ConversationTag, t.ConversationTag.conversation_id,
                      t.ConversationTag.tag),
                owners=(t.OwnerChange, t.OwnerChange.conversation_id, t.OwnerChange.epoch),
                visitors=(t.Visitor, t.Visitor.conversation_id, t.Visitor.created_at))),
            "verification_attempts": sorted(tried.values(), key=lambda row: row["created_at"]),
            "mentioned_elsewhere": self._elsewhere(address),
        }

    def mails(self, address: Address, store: MailStore | None) -> dict[str, Any]:
        """Mails of both directions."""
        came, went = mails_of(self._session, address, self._traces)
        return {
            "mails_in": [shown_in(row, store) for row in self._rows(t.MailIn, t.MailIn.id, came)],
            "mails_out": [shown_out(row) for row in self._rows(t.MailOut, t.MailOut.id, went)]}

    def _conversations(self) -> list[dict[str, Any]]:
        """Those of `rasa shell` have tracker events only, and no row of their own."""
        rows = self._rows(t.Conversation, t.Conversation.id, self._traces.conversations)
        rowless = self._traces.conversations - {row["id"] for row in rows}
        return rows + [{"id": conversation_id} for conversation_id in sorted(rowless)]

    def _with(self, rows: list[dict[str, Any]], **parts: tuple[Any, Any, Any]
              ) -> list[dict[str, Any]]:
        for row in rows:
            for name, (model, owner, order) in parts.items():
                row[name] = self._rows(model, owner, [row["id"]], order)
        return rows

    def _with_files(self, conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Says where the files are, so that they can be handed out with the rest."""
        for conversation in conversations:
            for row in conversation["attachments"]:
                if self._attachments is not None:
                    row["file"] = str(self._attachments.path_of(row["stored_as"]))
            for row in conversation["visitors"]:
                # Of a key that still opens the chat, not even the hash is handed out.
                del row["token_hash"]
        return conversations

    def _rows(self, model: Any, column: Any, ids: Collection[str],
              order: Any = None) -> list[dict[str, Any]]:
        table = model.__table__
        return [
            {name: _plain(name, decoded(table, name, value) if name == "data" else value)
             for name, value in row._mapping.items()}
            for piece in in_pieces(ids)
            for row in self._session.execute(
                sa.select(table).where(column.in_(piece)).order_by(
                    order if order is not None else column))]

    def _elsewhere(self, address: Address) -> dict[str, int]:
        mine = {"conversation_id": self._traces.conversations, "claim_id": self._traces.claims,
                "ticket_id": self._traces.tickets}
        ids = self._traces.claims | self._traces.tickets
        counts = {
            table.name: sum(
                row._mapping.get("id") not in ids
                and not any(row._mapping.get(name) in owned for name, owned in mine.items())
                for row in mentions(self._session, address, table, columns))
            for table, columns in FREE_TEXT}
        return {name: count for name, count in counts.items() if count}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    # Who of the staff decided is the staff's data, not the customer's.
    if name in _STAFF and value is not None and value not in _NOT_STAFF:
        return "agent"
    return value
