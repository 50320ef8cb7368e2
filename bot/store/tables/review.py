"""Messages to learn from."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column


class ReviewItem(Base):
    """A message that was not understood, without personal data, until somebody looked at it.

    `label` is the training label that it was given, if any.
    """

    __tablename__ = "review_items"
    id = id_column()
    kind = sa.Column(sa.String(16), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    language = sa.Column(sa.String(8), nullable=False)
    asked = sa.Column(sa.String(32))
    guess = sa.Column(sa.String(64))
    label = sa.Column(sa.String(64))
    settled_at = sa.Column(UtcDateTime)
    created_at = made_column()
    __table_args__ = (sa.Index("ix_review_items_waiting", "settled_at", "created_at"),)
