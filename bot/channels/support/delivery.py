"""The outbox channel `ticket`: what is said on a ticket goes to its customer by mail."""

from __future__ import annotations

import sqlalchemy as sa

from bot.channels.support.letters import Letters
from bot.engine.outbox import Deliver, OutgoingMessage
from bot.services.tickets import lead
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Ticket


def by_mail(database: Database, letters: Letters) -> Deliver:
    """Delivers by writing the mail down: from then on it is tried until the server takes it."""

    async def deliver(outgoing: OutgoingMessage) -> bool:
        with database.unit_of_work() as session:
            conversation = session.get(Conversation, outgoing.conversation_id)
            ticket = session.scalars(sa.select(Ticket).where(
                Ticket.conversation_id == outgoing.conversation_id)
                .order_by(Ticket.created_at.desc())).first()
            if ticket is None:
                # Its customer was forgotten: nobody is left to be written to.
                return True
            ticket = lead(session, ticket)
            email = ticket.customer_email or conversation.customer_email
            payload = session.scalar(sa.select(Message.payload).where(
                Message.conversation_id == outgoing.conversation_id,
                Message.seq == outgoing.seq)) or {}
            if email:
                letters.answered(
                    outgoing.key, email, ticket.language or conversation.language or "en",
                    outgoing.text, payload.get("name"), conversation_id=conversation.id,
                    ticket_id=ticket.id, number=ticket.number,
                    automatic=outgoing.author != "agent",
                    files=[str(file) for file in payload.get("attachments") or ()])
            return True

    return deliver
