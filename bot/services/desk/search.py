"""Search over conversations, orders, tickets and claims.

PostgreSQL has an index of words on the messages (migration 0005); on SQLite, which one shop's
single process has, they are looked through.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from bot.services.desk.orders import GuaranteeEnds, order_view
from bot.services.desk.tickets import views as ticket_views
from bot.services.desk.views import Inbox
from bot.store.database import Database
from bot.store.keys import email_key, number_key
from bot.store.tables import Claim, Conversation, Customer, Message, Order, Ticket, TicketEntry

#: Characters of a search, and results of each kind.
LONGEST, MOST = 200, 20
_AROUND = 60


class Search:
    """Finds what agents look for."""

    def __init__(self, database: Database, inbox: Inbox, guarantee_ends: GuaranteeEnds,
                 today: Callable[[], dt.date]) -> None:
        self._database, self._inbox = database, inbox
        self._guarantee_ends, self._today = guarantee_ends, today

    def find(self, text: str, staff_id: str) -> dict[str, Any]:
        """`{conversations, orders, tickets, claims}` (docs/desk-protocol.md)."""
        wanted = " ".join(text.split())[:LONGEST]
        if len(wanted) < 2:
            return {"conversations": [], "orders": [], "tickets": [], "claims": []}
        with self._database.unit_of_work() as session:
            orders = self._orders(session, wanted)
            snippets = self._conversations(session, wanted, [order.id for order in orders])
            rows = self._inbox.seen(session, list(snippets), staff_id)
            return {
                "conversations": [{"row": row, "snippet": snippets[row["id"]]} for row in rows],
                "orders": [order_view(order, self._guarantee_ends, self._today())
                           for order in orders],
                "tickets": ticket_views(session, _tickets(session, wanted), entries=False),
                "claims": _claims(session, wanted),
            }

    def _orders(self, session: Session, wanted: str) -> list[Order]:
        key, address = number_key(wanted), email_key(wanted)
        same = [Order.order_key == key, Order.invoice_key == key,
                sa.func.lower(Order.email) == address,
                _like(Customer.name, wanted)]
        return list(session.scalars(
            sa.select(Order).join(Customer, Customer.id == Order.customer_id)
            .where(sa.or_(*same)).order_by(Order.invoice_date.desc()).limit(MOST)
            .options(selectinload(Order.lines), selectinload(Order.customer))))

    def _conversations(self, session: Session, wanted: str, orders: list[str]) -> dict[str, str]:
        """Ids, the latest first, with the place where it was found."""
        found: dict[str, str] = {}
        known = [sa.func.lower(Conversation.customer_email) == email_key(wanted),
                 Conversation.id == wanted]
        if orders:
            known.append(Conversation.order_id.in_(orders))
        for id_ in session.scalars(sa.select(Conversation.id).where(sa.or_(*known))
                                   .order_by(Conversation.created_at.desc()).limit(MOST)):
            found[id_] = ""
        said = sa.select(Message.conversation_id, Message.text).where(
            Message.author != "withdrawn", self._says(wanted))
        for row in session.execute(said.order_by(Message.created_at.desc()).limit(10 * MOST)):
            if len(found) >= MOST and row.conversation_id not in found:
                break
            found[row.conversation_id] = found.get(row.conversation_id) or _snippet(
                row.text, wanted)
        return found

    def _says(self, wanted: str) -> sa.sql.ColumnElement[bool]:
        if self._database.is_sqlite or not wanted.isascii():
            # Chinese, Japanese and Thai put no spaces between words, which an index would need.
            return _like(Message.text, wanted)
        return sa.func.to_tsvector(sa.literal_column("'simple'"), Message.text).op("@@")(
            sa.func.websearch_to_tsquery(sa.literal_column("'simple'"), wanted))


def _tickets(session: Session, wanted: str) -> list[Ticket]:
    same = [Ticket.number == wanted.upper(), _like(Ticket.subject, wanted),
            sa.func.lower(Ticket.customer_email) == email_key(wanted),
            Ticket.id.in_(sa.select(TicketEntry.ticket_id).where(_like(TicketEntry.body, wanted)))]
    return list(session.scalars(sa.select(Ticket).where(sa.or_(*same))
                                .order_by(Ticket.created_at.desc()).limit(MOST)))


def _claims(session: Session, wanted: str) -> list[dict[str, Any]]:
    rows = session.scalars(
        sa.select(Claim).where(sa.or_(Claim.number == wanted.upper(),
                                      _like(Claim.symptom, wanted), _like(Claim.incident, wanted)))
        .order_by(Claim.created_at.desc()).limit(MOST))
    return [{"number": claim.number, "state": claim.state, "symptom": claim.symptom,
             "conversation_id": claim.conversation_id} for claim in rows]


def _like(column: Any, wanted: str) -> sa.sql.ColumnElement[bool]:
    """Contains the text, whatever its case; `%` and `_` are letters like others."""
    found: sa.sql.ColumnElement[bool] = sa.func.lower(column).contains(
        wanted.lower(), autoescape=True)
    return found


def _snippet(text: str, wanted: str) -> str:
    place = max(0, text.lower().find(wanted.lower().split(" ")[0]))
    start = max(0, place - _AROUND)
    end = place + len(wanted) + _AROUND
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
