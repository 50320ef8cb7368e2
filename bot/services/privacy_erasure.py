"""Removing what is held about a customer, and what stays of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.privacy_mail import mails_of, originals
from bot.services.privacy_search import (
    FREE_TEXT,
    Address,
    Traces,
    decoded,
    encoder,
    in_pieces,
    mentions,
    texts,
)
from bot.store import tables as t
from bot.store.order_staging import ERASED

#: What stays of a decision: outcome, terms and the yes and no of each clause, so that it can
#: still be replayed. What an agent wrote beside it goes.
_DECISION_KEPT = {
    "outcome", "reasons", "clauses", "order_number", "item", "invoice_date", "guarantee_ends",
    "policy_version", "terms_hash", "results", "purchase", "account", "today"}


class Erasure:
    """Removes what the traces of a customer lead to, in the session's transaction.

    `files` and `originals` are the stored files and mails that are to go after its commit.
    """

    def __init__(self, session: Session, traces: Traces) -> None:
        self._session, self._traces = session, traces
        self.files: list[str] = []
        self.originals: list[str] = []
        self._counts: Counter[str] = Counter(
            {table.name: 0 for table in t.metadata.sorted_tables if table.name != "staff"})

    def run(self, address: Address) -> dict[str, int]:
        """Removes it, with the address wherever else it was typed; returns how many rows of each
        table changed."""
        found = self._traces
        self._jobs(address)  # first, while the ids that they name are still known
        self._files()
        self._apart()
        self._mails(address)
        for model in (t.TicketEntry, t.TicketChange, t.TicketLink):
            self._delete(model, model.ticket_id, found.tickets)
        self._delete(t.TicketLink, t.TicketLink.email, [address.key])
        # Tickets lead to each other when one was merged into another, or follows it.
        self._update(t.Ticket, t.Ticket.merged_into, found.tickets, merged_into=None)
        self._update(t.Ticket, t.Ticket.follows_id, found.tickets, follows_id=None)
        self._delete(t.Ticket, t.Ticket.id, found.tickets)
        self._claims()
        for model in (t.Outbox, t.Inbox, t.Message, t.TrackerEvent, t.VerificationAttempt,
                      t.Rating, t.Visitor, t.Note, t.ConversationTag, t.OwnerChange,
                      t.OutsideConversation):
            self._delete(model, model.conversation_id, found.conversations)
        self._delete(t.VerificationAttempt, t.VerificationAttempt.order_key, found.order_keys)
        self._delete(t.ReplyClock, t.ReplyClock.subject, {
            *(f"conversation:{id_}" for id_ in found.conversations),
            *(f"ticket:{id_}" for id_ in found.tickets)})
        # Other customers' claims keep nothing of a conversation that is gone.
        for model in (t.Claim, t.Ticket):
            self._update(model, model.conversation_id, found.conversations, conversation_id=None)
        self._update(t.WebhookDelivery, t.WebhookDelivery.object_id, found.conversations,
                     object_id="")
        self._delete(t.Conversation, t.Conversation.id, found.conversations)
        self._update(t.Order, t.Order.id, found.orders, email=None, phone=None, postal_code=None)
        self._update(t.Customer, t.Customer.id, found.customers, key=ERASED + t.Customer.id,
                     name="", email=None, phone=None)
        for table, columns in FREE_TEXT:
            self._remove_address(address, table, columns)
        return dict(self._counts)

    def _apart(self) -> None:
        """What is kept points to nothing that goes."""
        found = self._traces
        for piece in in_pieces(found.conversations):
            said = set(self._session.scalars(sa.select(t.Message.id).where(
                t.Message.conversation_id.in_(piece))))
            self._update(t.TicketEntry, t.TicketEntry.message_id, said, message_id=None)
        for model, ids in ((t.Conversation, found.conversations), (t.Ticket, found.tickets)):
            self._update(model, model.merged_into, ids, merged_into=None)

    def _files(self) -> None:
        """Before the messages and tickets that they belong to."""
        found = self._traces
        for piece in in_pieces(found.conversations):
            self.files += self._session.scalars(sa.select(t.Attachment.stored_as).where(
                t.Attachment.conversation_id.in_(piece)))
        self._delete(t.Attachment, t.Attachment.conversation_id, found.conversations)
        self._update(t.Attachment, t.Attachment.ticket_id, found.tickets, ticket_id=None)

    def _mails(self, address: Address) -> None:
        came, went = mails_of(self._session, address, self._traces)
        self.originals += originals(self._session, came)
        self._delete(t.MailIn, t.MailIn.id, came)
        self._delete(t.MailOut, t.MailOut.id, went)
        self._delete(t.MailThread, t.MailThread.conversation_id, self._traces.conversations)

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
