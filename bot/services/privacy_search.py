"""Finding everything that is held about the owner of an e-mail address."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import AftersaleError
from bot.store import tables as t
from bot.store.keys import email_key

#: Every column where somebody may have typed an address. JSON: all texts inside it.
FREE_TEXT: tuple[tuple[sa.Table, tuple[str, ...]], ...] = (
    (t.Message.__table__, ("text", "payload")),
    (t.Inbox.__table__, ("heard",)),
    (t.TrackerEvent.__table__, ("data",)),
    (t.Ticket.__table__, ("subject", "rating_comment")),
    (t.TicketEntry.__table__, ("body",)),
    (t.TicketChange.__table__, ("reason",)),
    (t.Claim.__table__, ("symptom", "incident", "remedy_note")),
    (t.ClaimTransition.__table__, ("reason",)),
    (t.Decision.__table__, ("record",)),
    (t.Job.__table__, ("payload", "last_error")),
    (t.Attachment.__table__, ("name",)),
    (t.Rating.__table__, ("comment",)),
    (t.Note.__table__, ("body",)),
    (t.AuditEntry.__table__, ("object_id",)),
    (t.MailIn.__table__, ("subject", "last_error")),
    (t.MailOut.__table__, ("subject", "body", "last_error")),
    (t.MailThread.__table__, ("subject", "draft")),
)
_CONVERSATION_TEXTS = FREE_TEXT[:3]
_IN_PLACE_OF_IT = "[erased]"
_MANY = 500


class Address:
    """An e-mail address as it is looked for in texts.

    Raises AftersaleError for a text that is none: an empty one would be found everywhere.
    """

    def __init__(self, email: str) -> None:
        self.key = email_key(email)
        if not re.fullmatch(r"[^\s@]+@[^\s@]+", self.key):
            raise AftersaleError(f"{email!r} is not an e-mail address")
        # Chinese, Japanese and Thai put no space before or after it, so `\w` says nothing.
        self._pattern = re.compile(
            r"(?<![a-z0-9_%+])(?<![a-z0-9][.-])" + re.escape(self.key)
            + r"(?![a-z0-9-]|\.[a-z0-9])", re.IGNORECASE)

    def is_in(self, value: Any) -> bool:
        """Whether a text, or a text inside a JSON value, has the address."""
        return any(self._pattern.search(_folded(text)) for text in texts(value))

    def removed_from(self, value: Any) -> Any:
        """The same text or JSON value without the address."""
        if isinstance(value, dict):
            return {k: self.removed_from(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.removed_from(v) for v in value]
        if not isinstance(value, str) or not self._pattern.search(_folded(value)):
            return value
        without = self._pattern.sub(_IN_PLACE_OF_IT, value)
        # Written in full-width letters or the like: then the whole text is folded first.
        return self._pattern.sub(_IN_PLACE_OF_IT, _folded(without)) if self.is_in(without) \
            else without


@dataclass(frozen=True)
class Traces:
    """What belongs to the address: row ids, and for orders their keys as well."""

    customers: frozenset[str]
    orders: frozenset[str]
    order_keys: frozenset[str]
    conversations: frozenset[str]
    claims: frozenset[str]
    tickets: frozenset[str]


def find(session: Session, address: Address) -> Traces:
    """Everything that belongs to the owner of `address`.

    A conversation does if it verified one of their orders, opened a claim or a ticket on one, was
    held while they were logged in at the shop, or has the address in it. One that only has the
    address in it and is about somebody else's order does not: it is that customer's, who mistyped
    or wrote for two.
    """
    customer, order = t.Customer, t.Order
    customers = _set(session, sa.select(customer.id).where(sa.or_(
        customer.key == address.key, sa.func.lower(customer.email) == address.key)))
    mine = [order.customer_id.in_(customers), sa.func.lower(order.email) == address.key]
    found = session.execute(sa.select(order.id, order.order_key).where(sa.or_(*mine))).all()
    orders, keys = frozenset(row[0] for row in found), frozenset(row[1] for row in found)
    attempt = t.VerificationAttempt
    conversations = (
        _where(session, t.Claim.conversation_id, t.Claim.order_id, orders)
        | _where(session, t.Ticket.conversation_id, t.Ticket.order_id, orders)
        | _where(session, attempt.conversation_id, attempt.order_key, keys, attempt.succeeded)
        | _where(session, t.Conversation.id, t.Conversation.order_id, orders)
        | _set(session, sa.select(t.Conversation.id).where(
            sa.func.lower(t.Conversation.customer_email) == address.key))
        # The shop itself says who was logged in there.
        | _set(session, sa.select(t.Visitor.conversation_id).where(
            sa.func.lower(t.Visitor.identity_email) == address.key))
        # Whoever is written to there, unless the order is somebody else's.
        | _set(session, sa.select(t.Conversation.id).where(
            t.Conversation.customer_email == address.key,
            _not_somebody_elses(t.Conversation.order_id, orders))))
    mentioned = {
        row.conversation_id for table, columns in _CONVERSATION_TEXTS
        for row in mentions(session, address, table, columns)} - conversations
    somebody_elses = (
        _where(session, t.Claim.conversation_id, t.Claim.conversation_id, mentioned,
               t.Claim.order_id.is_not(None))
        | _where(session, t.Ticket.conversation_id, t.Ticket.conversation_id, mentioned,
                 t.Ticket.order_id.is_not(None))
        | _where(session, attempt.conversation_id, attempt.conversation_id, mentioned,
                 attempt.succeeded))
    conversations |= mentioned - somebody_elses
    claims = (
        _where(session, t.Claim.id, t.Claim.order_id, orders)
        | _where(session, t.Claim.id, t.Claim.conversation_id, conversations,
                 t.Claim.order_id.is_(None)))
    tickets = (
        _where(session, t.Ticket.id, t.Ticket.order_id, orders)
        | _where(session, t.Ticket.id, t.Ticket.claim_id, claims)
        | _where(session, t.Ticket.id, t.Ticket.conversation_id, conversations,
                 t.Ticket.order_id.is_(None), t.Ticket.claim_id.is_(None))
        | _set(session, sa.select(t.Ticket.id).where(
            t.Ticket.customer_email == address.key,
            _not_somebody_elses(t.Ticket.order_id, orders))))
    return Traces(customers, orders, keys, conversations, claims, tickets)


def mentions(session: Session, address: Address, table: sa.Table,
             columns: tuple[str, ...]) -> list[sa.engine.Row]:
    """The rows of a table with the address in one of these columns."""
    # The database only sorts out what has no @ at all; how an address is spelled is decided here.
    at = [sa.cast(table.c[name], sa.Text).like(f"%{sign}%")
          for name in columns for sign in ("@", "\uff20")]
    rows = session.execute(sa.select(table).where(sa.or_(*at)).execution_options(yield_per=_MANY))
    return [row for row in rows
            if any(address.is_in(decoded(table, name, row._mapping[name])) for name in columns)]


def decoded(table: sa.Table, column: str, value: Any) -> Any:
    """A column's value; tracker events are JSON in a text column."""
    return json.loads(value) if table.name == t.TrackerEvent.__tablename__ and value else value


def encoder(table: sa.Table) -> Callable[[Any], Any]:
    """The inverse of `decoded`."""
    if table.name == t.TrackerEvent.__tablename__:
        return lambda value: json.dumps(value, ensure_ascii=False)
    return lambda value: value


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def in_pieces(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids in lists that fit into one statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _MANY):
        yield ordered[start:start + _MANY]


def _where(session: Session, wanted: Any, column: Any, ids: Collection[str],
           *conditions: Any) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for piece in in_pieces(ids):
        found |= _set(session, sa.select(wanted).where(
            column.in_(piece), wanted.is_not(None), *conditions))
    return found


def _not_somebody_elses(order: Any, mine: Collection[str]) -> Any:
    return sa.or_(order.is_(None), order.in_(list(mine)))


def _set(session: Session, query: sa.sql.Select) -> frozenset[str]:
    return frozenset(session.scalars(query))


def _folded(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
