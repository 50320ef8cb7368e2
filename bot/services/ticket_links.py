"""Signed links to tickets: whoever holds one sees the tickets that it is for, and nothing else.

A link is a random token that was sent to the address on file. Only its hash is kept here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.errors import NotAllowed
from bot.services.orders import order_email
from bot.services.tickets import lead
from bot.store.database import Database
from bot.store.keys import email_key
from bot.store.tables import Ticket, TicketLink, utcnow

KEPT = dt.timedelta(days=30)
#: Links that one address is sent within an hour when somebody asks for them.
PER_HOUR = 3
#: Tickets without a proof within an hour about which an address is written to.
UNPROVED_PER_HOUR = 5
ONE, ALL = "ticket", "tickets"
#: Characters of a token; ours have 43. Longer ones are not even looked up.
_LONGEST_TOKEN = 100


@dataclass(frozen=True)
class Link:
    """What a link is for: one ticket, or all tickets of an address."""

    purpose: str
    ticket_id: str | None
    email: str | None


class TicketLinks:
    """Issues links, opens them, and checks every ticket that is asked for by one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_ticket(self, ticket_id: str, token: str | None = None) -> str:
        """A new link's token for one ticket; `token` is one that its holder made up at random."""
        return self._issue(token or secrets.token_urlsafe(32), ONE, ticket_id, None)

    def for_address(self, email: str) -> str:
        """A new link's token for all tickets of an address."""
        return self._issue(secrets.token_urlsafe(32), ALL, None, email_key(email))

    def open(self, token: str) -> Link | None:
        """What a token is for; None if there is no such link or it has expired."""
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        with self._database.unit_of_work() as session:
            row = session.get(TicketLink, token_hash(token))
            if row is None or row.expires_at <= utcnow():
                return None
            return Link(row.purpose, row.ticket_id, row.email)

    def numbers(self, link: Link) -> list[str]:
        """The tickets that a link shows, newest first; merged ones are where they were merged."""
        with self._database.unit_of_work() as session:
            found = session.scalars(sa.select(Ticket).where(_seen_by(link))
                                    .order_by(Ticket.created_at.desc()))
            return list(dict.fromkeys(lead(session, ticket).number for ticket in found))

    def check(self, link: Link, number: str) -> str:
        """The number itself, if the link shows that ticket. Raises NotAllowed for any other."""
        if number not in self.numbers(link):
            raise NotAllowed("this link is not for that ticket")
        return number

    def address_for(self, number: str, email: str) -> str | None:
        """The address on file to send a link to, if `number` is a ticket or order of `email`.

        None if it is not, if there is no ticket to show, or if it was sent often enough lately.
        """
        address = email_key(email)
        with self._database.unit_of_work() as session:
            ticket = session.scalar(sa.select(Ticket).where(
                Ticket.number == number.strip().upper()))
            on_order = order_email(session, number)
            # Both are looked up in any case: the time taken tells nothing.
            matches = [ticket is not None and ticket.customer_email == address,
                       on_order is not None and email_key(on_order) == address]
            recent = session.scalar(sa.select(sa.func.count()).where(
                TicketLink.email == address,
                TicketLink.created_at > utcnow() - dt.timedelta(hours=1))) or 0
            shown = session.scalar(sa.select(Ticket.id).where(
                _seen_by(Link(ALL, None, address))).limit(1))
            return address if any(matches) and recent < PER_HOUR and shown else None

    def is_flooded(self, email: str) -> bool:
        """Whether more tickets were written lately in the name of this address, without a proof,
        than anybody writes: then it gets no further mail about them."""
        with self._database.unit_of_work() as session:
            recent = session.scalar(sa.select(sa.func.count()).where(
                Ticket.customer_email == email_key(email), Ticket.order_id.is_(None),
                Ticket.created_at > utcnow() - dt.timedelta(hours=1))) or 0
            return recent > UNPROVED_PER_HOUR

    def forget_expired(self) -> int:
        """Deletes links that nobody can use any more; returns how many."""
        with self._database.separate_unit_of_work() as session:
            gone = session.execute(sa.delete(TicketLink).where(TicketLink.expires_at <= utcnow()))
            return int(gone.rowcount)

    def _issue(self, token: str, purpose: str, ticket_id: str | None, email: str | None) -> str:
        with self._database.unit_of_work() as session:
            if session.get(TicketLink, token_hash(token)) is None:
                ticket = _pending(session, ticket_id) if ticket_id else None
                session.add(TicketLink(token_hash=token_hash(token), purpose=purpose,
                                       ticket=ticket, email=email, expires_at=utcnow() + KEPT))
        return token


def token_hash(token: str) -> str:
    """What is kept of a token."""
    # Of 256 random bits: nothing to be guessed, so no salt and no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _seen_by(link: Link) -> sa.sql.ColumnElement[bool]:
    if link.purpose == ONE:
        return Ticket.id == link.ticket_id
    return sa.and_(Ticket.customer_email == link.email, Ticket.customer_email.is_not(None))


def _pending(session: Session, ticket_id: str) -> Ticket | None:
    for row in session.new:
        if isinstance(row, Ticket) and row.id == ticket_id:
            return row
    stored: Ticket | None = session.get(Ticket, ticket_id)
    return stored
