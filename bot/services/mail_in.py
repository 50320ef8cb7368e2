"""Mails that came in: kept with their original before anything else, then handed out to be read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from bot.services.mail_reading import read_mail
from bot.services.mail_store import MailStore
from bot.services.mail_text import safe_html
from bot.store.database import Database
from bot.store.tables import MailCursor, MailIn, new_id, utcnow

#: For so long a mail belongs to the process that reads it.
_LEASE = dt.timedelta(minutes=3)
#: Times that reading is tried before a person gets the original.
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Arrived:
    """A mail that waits to be read. `last`: it cannot be tried again. `spent`: it was tried as
    often as that and nobody knows what came of it, so it must not be read once more."""

    id: str
    queue: str
    envelope_from: str | None
    stored_as: str
    last: bool
    spent: bool


class IncomingMails:
    """Takes mails in. What `keep` returned from is on the disk and in the database."""

    def __init__(self, database: Database, store: MailStore) -> None:
        self._database, self._store = database, store

    def keep(self, source: str, raw: bytes, *, mailbox: str, queue: str,
             envelope_from: str | None = None) -> bool:
        """Keeps a mail; False if this `source` was kept before.

        Raises MailTooLarge, StoreError.
        """
        if self._known(source):
            return False
        stored_as = self._store.keep(source, raw)
        try:
            with self._database.separate_unit_of_work() as session:
                session.add(MailIn(
                    id=new_id(), source=source, mailbox=mailbox, queue=queue,
                    envelope_from=envelope_from, stored_as=stored_as, size=len(raw), notes=[]))
        except sa.exc.IntegrityError:
            return False  # another process was quicker; the file is the same
        return True

    def cursor(self, mailbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and last UID of a mailbox; None before its first mail."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailCursor, mailbox)
            return (row.uid_validity, row.last_uid) if row else None

    def move_cursor(self, mailbox: str, uid_validity: int, last_uid: int) -> None:
        """Everything up to this UID was kept."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailCursor, mailbox)
            if row is None:
                session.add(MailCursor(mailbox=mailbox, uid_validity=uid_validity,
                                       last_uid=last_uid))
            elif row.uid_validity != uid_validity or row.last_uid < last_uid:
                row.uid_validity, row.last_uid = uid_validity, last_uid

    def take_next(self) -> Arrived | None:
        """The oldest mail that waits to be read; for a while nobody else is given it.

        It counts as an attempt before it begins: a mail may be what ends the process.
        """
        now = utcnow()
        free = sa.or_(MailIn.leased_until.is_(None), MailIn.leased_until < now)
        with self._database.separate_unit_of_work() as session:
            row = session.scalars(
                sa.select(MailIn).where(MailIn.state == "received", free)
                .order_by(MailIn.created_at).limit(1).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.leased_until, row.attempts = now + _LEASE, row.attempts + 1
            return Arrived(row.id, row.queue, row.envelope_from, row.stored_as,
                           row.attempts >= MAX_ATTEMPTS, row.attempts > MAX_ATTEMPTS)

    def release_all(self) -> None:
        """Ends all leases: for a process that knows that it is the only one and just started."""
        with self._database.unit_of_work() as session:
            session.execute(sa.update(MailIn).where(MailIn.state == "received")
                            .values(leased_until=None))

    def original(self, stored_as: str) -> bytes:
        """A mail's original. Raises StoreError."""
        return self._store.read(stored_as)

    def stumbled(self, mail_id: str, why: str) -> None:
        """Reading failed; it is tried again soon."""
        with self._database.separate_unit_of_work() as session:
            row = session.get(MailIn, mail_id)
            row.last_error = why[:1000]
            row.leased_until = utcnow() + dt.timedelta(seconds=5 * row.attempts)

    def html_of(self, mail_id: str) -> str | None:
        """A mail's HTML as it may be shown; None if there is no such mail. Raises StoreError."""
        with self._database.unit_of_work() as session:
            row = session.get(MailIn, mail_id)
        return None if row is None else safe_html(read_mail(self._store.read(row.stored_as)).html)

    def _known(self, source: str) -> bool:
        with self._database.separate_unit_of_work() as session:
            return session.scalar(
                sa.select(MailIn.id).where(MailIn.source == source)) is not None
