"""Whether a fault was told before: in the chat, on a ticket's page or by mail.

It is the same one if it is about the same item of the same order and its ticket is still going on,
or ended a short while ago; in the chat, where a fault is told in a sentence of its own, if it also
means much the same. Then what is told now belongs to that ticket, and is no second claim.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.services.ticket_states import DONE
from bot.store.tables import Claim, Ticket, utcnow

#: For this long after its end a ticket is taken up again; later there is a new one.
REOPENED_WITHIN = dt.timedelta(days=30)
_KINDS = ("claim", "review", "question")
#: From this similarity of their sentences on two faults are one. "The screen stays black" and "the
#: display is dark" have 0.51, "the screen stays black" and "there is no sound" 0.17.
_ALIKE = 0.5
#: How alike a sentence is to each of others, up to 1.
Similarity = Callable[[str, Sequence[str]], Sequence[float]]


def by_letters(text: str, others: Sequence[str]) -> Sequence[float]:
    """Only the very same words are alike: where there is no understanding of sentences."""
    return [float(text.strip().casefold() == other.strip().casefold()) for other in others]


def same_fault(session: Session, order_id: str, line_id: str, told: str | None,
               similarity: Similarity, besides: Claim | None = None) -> Ticket | None:
    """The newest ticket that goes on about a fault of this item, if any is `told` about that one.

    `besides` is a claim to leave out, with all of its conversation: whoever makes another claim
    in the same conversation means another fault.
    """
    about = sa.or_(Claim.order_line_id == line_id,
                   sa.and_(Ticket.claim_id.is_(None), Ticket.order_line_id == line_id))
    other = sa.or_(Ticket.conversation_id.is_(None),
                   Ticket.conversation_id != (besides.conversation_id if besides else ""))
    found = session.execute(
        sa.select(Ticket, Claim.symptom).outerjoin(Claim, Claim.id == Ticket.claim_id)
        .where(Ticket.order_id == order_id, Ticket.kind.in_(_KINDS), about,
               Ticket.merged_into.is_(None), other)
        .order_by(Ticket.created_at.desc()))
    for ticket, symptom in found:
        before = symptom or ticket.subject
        if goes_on(ticket) and (told is None or similarity(told, [before])[0] >= _ALIKE):
            return ticket  # type: ignore[no-any-return]
    return None


def goes_on(ticket: Ticket) -> bool:
    """Whether what the customer writes now belongs to this ticket and needs no new one."""
    if ticket.state not in DONE:
        return True
    return ticket.closed_at is None or ticket.closed_at > utcnow() - REOPENED_WITHIN
