"""Mails on their way out: written down with what brings them about, sent until the server takes
them, and shown on the ticket when it does not."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.ticket_texts import SYSTEM, note
from bot.store.database import Database
from bot.store.keys import email_key
from bot.store.tables import MailOut, Ticket, TicketEntry, new_id, utcnow

#: For so long a mail belongs to the process that is about to send it.
_LEASE = dt.timedelta(minutes=3)
#: Pauses between attempts; after the last one it has failed.
_PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (
    1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 480, 480, 480))


@dataclass(frozen=True)
class Letter:
    """A mail to be written. `key` tells what it is about: the same one twice is one mail.

    `text` is plain: paragraphs with an empty line between them, lists with "• ". `automatic` is
    False for what a person of the shop wrote. `link` with its `link_title` is a button below the
    text. `unsubscribe` is an address for List-Unsubscribe, for mails that are no answer.
    """

    key: str
    to: str
    subject: str
    text: str
    language: str = "en"
    automatic: bool = True
    conversation_id: str | None = None
    ticket_id: str | None = None
    ticket_number: str | None = None
    author: str | None = None
    queue: str = "support"
    link: str | None = None
    link_title: str | None = None
    unsubscribe: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Waiting:
    """A mail that is due. `body` has what else a `Letter` says, by its names."""

    id: str
    header_id: str
    recipient: str
    subject: str
    language: str
    automatic: bool
    body: dict[str, Any]
    in_reply_to: str | None
    references: tuple[str, ...]
    created_at: dt.datetime
    leased_until: dt.datetime


class OutgoingMails:
    """Keeps mails until they are sent. `domain` is that of our Message-IDs."""

    def __init__(self, database: Database, domain: str) -> None:
        self._database, self._domain = database, domain

    def write(self, letter: Letter) -> str:
        """Writes a mail down; returns its Message-ID. Part of the unit of work around it."""
        with self._database.unit_of_work() as session:
            there = session.scalar(sa.select(MailOut.header_id).where(MailOut.key == letter.key))
            if there is not None:
                return str(there)
            # Nobody who did not get the mail can name it.
            header_id = f"{secrets.token_hex(16)}@{self._domain}"
            session.add(MailOut(
                id=new_id(), key=letter.key, header_id=header_id,
                conversation_id=letter.conversation_id, ticket_id=letter.ticket_id,
                recipient=email_key(letter.to), subject=letter.subject[:500],
                language=letter.language, in_reply_to=letter.in_reply_to,
                references=list(letter.references), automatic=letter.automatic,
                body={"text": letter.text, "number": letter.ticket_number,
                      "author": letter.author, "queue": letter.queue, "link": letter.link,
                      "link_title": letter.link_title, "unsubscribe": letter.unsubscribe,
                      "files": list(letter.files)}))
            return header_id

    def is_written(self, key: str) -> bool:
        """Whether there is a mail about this."""
        with self._database.unit_of_work() as session:
            return session.scalar(
                sa.select(MailOut.id).where(MailOut.key == key)) is not None

    def take_due(self, limit: int = 20) -> list[Waiting]:
        """Mails that are due, oldest first; for a while nobody else is given them."""
        now = utcnow()
        free = sa.or_(MailOut.leased_until.is_(None), MailOut.leased_until < now)
        with self._database.separate_unit_of_work() as session:
            rows = session.scalars(
                sa.select(MailOut).where(
                    MailOut.state == "waiting", MailOut.next_attempt_at <= now, free)
                .order_by(MailOut.created_at).limit(limit)
                .with_for_update(skip_locked=True)).all()
            for row in rows:
                row.leased_until = now + _LEASE
            return [Waiting(row.id, row.header_id, row.recipient, row.subject, row.language,
                            row.automatic, dict(row.body), row.in_reply_to,
                            tuple(row.references), row.created_at, now + _LEASE)
                    for row in rows]

    def hold(self, mail: Waiting) -> dt.datetime | None:
        """Keeps a mail that is about to be sent as long again as `take_due` gave it, and returns
        until when. None if its time was over, and another process may be sending it."""
        until = utcnow() + _LEASE
        with self._database.separate_unit_of_work() as session:
            held = session.execute(sa.update(MailOut).where(
                MailOut.id == mail.id, MailOut.state == "waiting",
                MailOut.leased_until == mail.leased_until).values(leased_until=until)
                .execution_options(synchronize_session=False))
            return until if held.rowcount else None

    def release_all(self) -> None:
        """Ends all leases: for a process that knows that it is the only one and just started."""
        with self._database.unit_of_work() as session:
            session.execute(sa.update(MailOut).where(MailOut.state == "waiting")
                            .values(leased_until=None))

    def give_back(self, leases: Mapping[str, dt.datetime]) -> None:
        """Mails that were taken and not tried, each with the end of its time."""
        with self._database.separate_unit_of_work() as session:
            for mail_id, until in leases.items():
                session.execute(sa.update(MailOut).where(
                    MailOut.id == mail_id, MailOut.state == "waiting",
                    MailOut.leased_until == until).values(leased_until=None)
                    .execution_options(synchronize_session=False))

    def sent(self, mail_id: str) -> None:
        """The server has taken it."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailOut, mail_id)
            row.state, row.sent_at, row.attempts = "sent", utcnow(), row.attempts + 1
            row.leased_until = row.last_error = None
            # It opens somebody's tickets, and from now on only their mailbox has it.
            row.body = {**row.body, "link": None}

    def try_later(self, mail_id: str, why: str) -> None:
        """The server did not take it now; after two days of this it has failed."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailOut, mail_id)
            if row.attempts >= len(_PAUSES):
                _lost(session, row, "failed", why)
                return
            row.next_attempt_at = utcnow() + _PAUSES[row.attempts]
            row.attempts, row.last_error, row.leased_until = row.attempts + 1, why[:500], None

    def failed(self, mail_id: str, why: str) -> None:
        """The server refuses it for good."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailOut, mail_id)
            row.attempts += 1
            _lost(session, row, "failed", why)

    def came_back(self, header_ids: Sequence[str], why: str) -> tuple[str, str | None] | None:
        """A mail of ours did not arrive: it is shown on its ticket, once.

        Returns its id and its ticket's; None if none of the ids is ours.
        """
        with self._database.unit_of_work() as session:
            row = session.scalar(sa.select(MailOut).where(
                MailOut.header_id.in_(list(header_ids)[:50])).limit(1))
            if row is None:
                return None
            if row.state != "bounced":
                _lost(session, row, "bounced", why)
            return row.id, row.ticket_id


def _lost(session: Session, row: MailOut, state: str, why: str) -> None:
    row.state, row.last_error, row.leased_until = state, why[:500], None
    ticket = session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is None and row.conversation_id:
        ticket = session.scalars(sa.select(Ticket).where(
            Ticket.conversation_id == row.conversation_id)
            .order_by(Ticket.created_at.desc())).first()
    if ticket is not None:
        row.ticket_id = ticket.id
        session.add(TicketEntry(
            id=new_id(), ticket_id=ticket.id, author=SYSTEM,
            body=note("mail_lost", subject=row.subject, recipient=row.recipient, why=why[:400])))
