"""What is held about a customer: handing it out and erasing it (contract, `bot privacy`)."""

from __future__ import annotations

import datetime as dt
import decimal
from collections import Counter
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import StoreError
from bot.services.attachments import Attachments
from bot.services.privacy_search import (
    FREE_TEXT,
    Address,
    Traces,
    decoded,
    encoder,
    find,
    in_pieces,
    mentions,
    texts,
)
from bot.store import tables as t
from bot.store.database import Database
from bot.store.order_staging import ERASED

#: What stays of a decision: outcome, terms and the yes and no of each clause, so that it can
#: still be replayed. What an agent wrote beside it goes.
_DECISION_KEPT = {
    "outcome", "reasons", "clauses", "order_number", "item", "invoice_date", "guarantee_ends",
    "policy_version", "terms_hash", "results", "purchase", "account", "today"}
_NOT_STAFF = ("assistant", "customer")


class Privacy:
    """Export and erasure of all that belongs to an e-mail address."""

    def __init__(self, database: Database, attachments: Attachments | None = None) -> None:
        self._database, self._attachments = database, attachments

    def export(self, email: str) -> dict[str, Any]:
        """Everything held about the owner of `email`, ready for JSON.

        Raises AftersaleError if `email` is no e-mail address. Other people's texts that have the
        address in them are counted and not shown: they are theirs.
        """
        address = Address(email)
        with self._database.separate_unit_of_work() as session:
            traces = find(session, address)
            return _Export(session, traces, self._attachments).everything(address)

    def erase(self, email: str) -> dict[str, int]:
        """Removes the owner of `email` everywhere; returns how many rows of each table changed.

        Gone: name, e-mail, phone and postal code; conversations with messages, inbox, outbox,
        tracker events, visitors, ratings and attachments with their files; tickets; facts,
        symptoms and stories of claims; attempts to verify; jobs about any of these; and the
        address itself wherever else it was typed.

        Kept: order and invoice number, invoice date, status, country, line items and prices, as
        commercial and tax law keeps invoices (six to ten years in the EU; in the GDPR Art. 17
        (3) b). The country decides the tax and names nobody. The name is on the invoice itself,
        in the shop's books, which the invoice number finds; here it serves nothing any more.
        Claims keep number, state and item, and decisions their outcome, terms and facts, so that
        an item is not replaced twice; both without a word of the customer's.

        Nobody can be verified for an erased order afterwards, and importing it again does not
        bring the customer back. A second erasure finds nothing. On PostgreSQL the old rows leave
        the files with its next vacuum; on SQLite they are overwritten.

        Raises AftersaleError if `email` is no e-mail address, StoreError if the database cannot
        be written or a conversation went on at this very moment; then nothing was erased.
        """
        address = Address(email)
        try:
            with self._database.separate_unit_of_work() as session:
                if self._database.is_sqlite:
                    session.execute(sa.text("PRAGMA secure_delete = ON"))
                    session.execute(sa.text("BEGIN IMMEDIATE"))
                erasure = _Erasure(session, find(session, address))
                counts = erasure.run(address)
        except sa.exc.IntegrityError as error:
            raise StoreError("the customer's conversation went on meanwhile, so nothing was "
                             "erased; try again") from error
        if self._attachments is not None:
            # After the commit: what a crash here leaves behind, the sweep finds within a day.
            self._attachments.remove_files(erasure.files)
        if self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                # The write-ahead log has the old pages until then.
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return counts


class _Export:
    def __init__(self, session: Session, traces: Traces, attachments: Attachments | None) -> None:
        self._session, self._traces, self._attachments = session, traces, attachments

    def everything(self, address: Address) -> dict[str, Any]:
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
                entries=(t.TicketEntry, t.TicketEntry.ticket_id, t.TicketEntry.created_at)),
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
                visitors=(t.Visitor, t.Visitor.conversation_id, t.Visitor.created_at))),
            "verification_attempts": sorted(tried.values(), key=lambda row: row["created_at"]),
            "mentioned_elsewhere": self._elsewhere(address),
        }

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
    if name in ("actor", "decided_by") and value not in _NOT_STAFF:
        return "agent"
    return value


class _Erasure:
    def __init__(self, session: Session, traces: Traces) -> None:
        self._session, self._traces = session, traces
        #: Stored files that go with their rows.
        self.files: list[str] = []
        self._counts: Counter[str] = Counter(
            {table.name: 0 for table in t.metadata.sorted_tables if table.name != "staff"})

    def run(self, address: Address) -> dict[str, int]:
        found = self._traces
        self._jobs(address)  # first, while the ids that they name are still known
        self._files()
        self._delete(t.TicketEntry, t.TicketEntry.ticket_id, found.tickets)
        self._delete(t.Ticket, t.Ticket.id, found.tickets)
        self._claims()
        for model in (t.Outbox, t.Inbox, t.Message, t.TrackerEvent, t.VerificationAttempt,
                      t.Rating, t.Visitor):
            self._delete(model, model.conversation_id, found.conversations)
        self._delete(t.VerificationAttempt, t.VerificationAttempt.order_key, found.order_keys)
        # Other customers' claims keep nothing of a conversation that is gone.
        for model in (t.Claim, t.Ticket):
            self._update(model, model.conversation_id, found.conversations, conversation_id=None)
        self._delete(t.Conversation, t.Conversation.id, found.conversations)
        self._update(t.Order, t.Order.id, found.orders, email=None, phone=None, postal_code=None)
        self._update(t.Customer, t.Customer.id, found.customers, key=ERASED + t.Customer.id,
                     name="", email=None, phone=None)
        for table, columns in FREE_TEXT:
            self._remove_address(address, table, columns)
        return dict(self._counts)

    def _files(self) -> None:
        """Before the messages and tickets that they belong to."""
        found = self._traces
        for piece in in_pieces(found.conversations):
            self.files += self._session.scalars(sa.select(t.Attachment.stored_as).where(
                t.Attachment.conversation_id.in_(piece)))
        self._delete(t.Attachment, t.Attachment.conversation_id, found.conversations)
        self._update(t.Attachment, t.Attachment.ticket_id, found.tickets, ticket_id=None)

    def _claims(self) -> None:
        claims = self._traces.claims
        self._delete(t.ClaimFact, t.ClaimFact.claim_id, claims)
        self._update(t.Claim, t.Claim.id, claims, symptom="", incident="", remedy_note="",
                     conversation_id=None)
        # The assistant's reasons are clauses, an agent's are free text.
        self._update(t.ClaimTransition, t.ClaimTransition.claim_id, claims,
                     t.ClaimTransition.actor != "assistant", t.ClaimTransition.reason != "",
                     reason="")
        for piece in in_pieces(claims):
            for decision in self._session.execute(
                    sa.select(t.Decision.id, t.Decision.record)
                    .where(t.Decision.claim_id.in_(piece))).all():
                kept = {k: _unsaid(v) for k, v in decision.record.items() if k in _DECISION_KEPT}
                self._update(t.Decision, t.Decision.id, [decision.id], record=kept)

    def _jobs(self, address: Address) -> None:
        found = self._traces
        numbers = {n for piece in in_pieces(found.tickets) for n in self._session.scalars(
            sa.select(t.Ticket.number).where(t.Ticket.id.in_(piece)))}
        named = found.conversations | found.tickets | found.claims | numbers
        rows = self._session.execute(sa.select(t.Job.id, t.Job.payload)).all()
        self._delete(t.Job, t.Job.id, [
            row.id for row in rows
            if address.is_in(row.payload) or not named.isdisjoint(texts(row.payload))])

    def _remove_address(self, address: Address, table: sa.Table, columns: tuple[str, ...]) -> None:
        encode = encoder(table)
        for row in mentions(self._session, address, table, columns):
            same_row = [column == row._mapping[column.name] for column in table.primary_key]
            self._session.execute(table.update().where(*same_row).values({
                name: encode(address.removed_from(decoded(table, name, row._mapping[name])))
                for name in columns}))
            self._counts[table.name] += 1

    def _delete(self, model: Any, column: Any, ids: Collection[str]) -> None:
        for piece in in_pieces(ids):
            self._count(model, self._session.execute(
                model.__table__.delete().where(column.in_(piece))))

    def _update(self, model: Any, column: Any, ids: Collection[str], *conditions: Any,
                **values: Any) -> None:
        for piece in in_pieces(ids):
            self._count(model, self._session.execute(
                model.__table__.update().where(column.in_(piece), *conditions).values(**values)))

    def _count(self, model: Any, result: Any) -> None:
        self._counts[model.__tablename__] += result.rowcount


def _unsaid(value: Any) -> Any:
    """A part of a decision without the messages that it points to."""
    if isinstance(value, dict):
        return {k: None if k.endswith("said_in") else _unsaid(v) for k, v in value.items()}
    return [_unsaid(v) for v in value] if isinstance(value, list) else value
