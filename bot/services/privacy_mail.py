"""Mails among what is held about a customer: theirs, those to them, and the originals' files."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.mail_store import MailStore
from bot.services.privacy_search import Address, Traces, in_pieces
from bot.store import tables as t


def mails_of(session: Session, address: Address, traces: Traces
             ) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the mails in and out that belong to the owner of an address."""
    return (_ids(session, t.MailIn, t.MailIn.sender, address, traces),
            _ids(session, t.MailOut, t.MailOut.recipient, address, traces))


def originals(session: Session, ids: frozenset[str]) -> list[str]:
    """The names of the stored originals of these mails."""
    return [name for piece in in_pieces(ids) for name in session.scalars(
        sa.select(t.MailIn.stored_as).where(t.MailIn.id.in_(piece)))]


def shown_in(row: dict[str, Any], store: MailStore | None) -> dict[str, Any]:
    """A mail that came in, with where its original is, so that it can be handed out."""
    return row if store is None else {**row, "file": str(store.path_of(row["stored_as"]))}


def shown_out(row: dict[str, Any]) -> dict[str, Any]:
    """A mail of ours without the link in it: it still opens the tickets."""
    return {**row, "body": {name: part for name, part in row["body"].items() if name != "link"}}


def _ids(session: Session, model: Any, other: Any, address: Address, traces: Traces
         ) -> frozenset[str]:
    found = set(session.scalars(sa.select(model.id).where(sa.func.lower(other) == address.key)))
    for column, ids in ((model.conversation_id, traces.conversations),
                        (model.ticket_id, traces.tickets)):
        for piece in in_pieces(ids):
            found.update(session.scalars(sa.select(model.id).where(column.in_(piece))))
    return frozenset(found)
