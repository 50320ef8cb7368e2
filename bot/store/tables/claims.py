"""Warranty claims with their facts and decisions."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot.store.tables.base import Base, id_column, made_column
from bot.store.tables.orders import Order, OrderLine


class Claim(Base):
    """A warranty claim. Its state changes only by `bot.services.claims`; every change is logged."""

    __tablename__ = "claims"
    id = id_column()
    number = sa.Column(sa.String(16), nullable=False, unique=True)
    conversation_id = sa.Column(sa.String(255), index=True)
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), index=True)
    order_line_id = sa.Column(sa.String(32), sa.ForeignKey("order_lines.id"))
    state = sa.Column(sa.String(24), nullable=False)
    symptom = sa.Column(sa.Text, nullable=False, default="")
    incident = sa.Column(sa.Text, nullable=False, default="")
    remedy = sa.Column(sa.String(16))
    remedy_note = sa.Column(sa.Text, nullable=False, default="")
    created_at = made_column()
    order = relationship(Order)
    order_line = relationship(OrderLine)


class ClaimTransition(Base):
    """One change of a claim's state: from, to, who, why."""

    __tablename__ = "claim_transitions"
    id = id_column()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    ordinal = sa.Column(sa.Integer, nullable=False)
    from_state = sa.Column(sa.String(24))
    to_state = sa.Column(sa.String(24), nullable=False)
    actor = sa.Column(sa.String(320), nullable=False)
    reason = sa.Column(sa.Text, nullable=False, default="")
    created_at = made_column()


class Decision(Base):
    """A decision on a claim, append-only. `record` replays it: every rule with its facts."""

    __tablename__ = "decisions"
    id = id_column()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    outcome = sa.Column(sa.String(16), nullable=False)
    record = sa.Column(sa.JSON, nullable=False)
    terms_version = sa.Column(sa.String(32), nullable=False)
    terms_hash = sa.Column(sa.String(64), nullable=False)
    decided_by = sa.Column(sa.String(320), nullable=False)
    supersedes = sa.Column(sa.String(32), sa.ForeignKey("decisions.id"))
    created_at = made_column()


class ClaimFact(Base):
    """A fact of a claim: yes, no or unknown, where it comes from and the message that said it."""

    __tablename__ = "facts"
    id = id_column()
    claim_id = sa.Column(sa.String(32), sa.ForeignKey("claims.id"), nullable=False, index=True)
    name = sa.Column(sa.String(32), nullable=False)
    state = sa.Column(sa.String(8), nullable=False)
    source = sa.Column(sa.String(16), nullable=False)
    said_in = sa.Column(sa.String(64))
    created_at = made_column()
