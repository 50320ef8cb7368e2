"""What is held about a customer: handing it out and erasing it (contract, `bot privacy`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.errors import StoreError
from bot.services.attachments import Attachments
from bot.services.mail_store import MailStore
from bot.services.privacy_erasure import Erasure
from bot.services.privacy_export import Export
from bot.services.privacy_search import Address, find
from bot.store.database import Database


class Privacy:
    """Export and erasure of all that belongs to an e-mail address."""

    def __init__(self, database: Database, attachments: Attachments | None = None,
                 mails: MailStore | None = None) -> None:
        self._database, self._attachments, self._mails = database, attachments, mails

    def export(self, email: str) -> dict[str, Any]:
        """Everything held about the owner of `email`, ready for JSON.

        Raises AftersaleError if `email` is no e-mail address. Other people's texts that have the
        address in them are counted and not shown: they are theirs.
        """
        address = Address(email)
        with self._database.separate_unit_of_work() as session:
            traces = find(session, address)
            export = Export(session, traces, self._attachments)
            return {**export.everything(address), **export.mails(address, self._mails)}

    def erase(self, email: str) -> dict[str, int]:
        """Removes the owner of `email` everywhere; returns how many rows of each table changed.

        Gone: name, e-mail, phone and postal code; conversations with messages, inbox, outbox,
        tracker events, visitors, ratings and attachments with their files; mails with their
        originals; tickets with their history and links; facts, symptoms and stories of claims;
        attempts to verify; jobs about any of these; and the address itself wherever else it was
        typed.

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
                erasure = Erasure(session, find(session, address))
                counts = erasure.run(address)
        except sa.exc.IntegrityError as error:
            raise StoreError("the customer's conversation went on meanwhile, so nothing was "
                             "erased; try again") from error
        if self._attachments is not None:
            # After the commit: what a crash here leaves behind, the sweep finds within a day.
            self._attachments.remove_files(erasure.files)
        if self._mails is not None:
            self._mails.remove(erasure.originals)
        if self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                # The write-ahead log has the old pages until then.
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return counts
