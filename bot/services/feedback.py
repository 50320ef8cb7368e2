"""What customers tell besides messages: how they liked it, and what they have read."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.changes import touched
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Rating, utcnow


class Feedback:
    """Stores ratings and read marks of conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(self, conversation_id: str, stars: int, comment: str = "") -> bool:
        """Stores a rating in place of an earlier one; False if there is nothing to rate."""
        if not 1 <= stars <= 5:
            raise ValueError(f"{stars} stars")
        with self._database.separate_unit_of_work() as session:
            if session.get(Conversation, conversation_id) is None:
                return False
            rating = session.scalar(sa.select(Rating).where(
                Rating.conversation_id == conversation_id))
            if rating is None:
                rating = Rating(conversation_id=conversation_id)
                session.add(rating)
            rating.stars, rating.comment, rating.created_at = stars, comment, utcnow()
            return True

    def read(self, conversation_id: str, seq: int) -> None:
        """Notes that everything up to `seq` was seen. Never goes back, nor beyond the last one."""
        last = (sa.select(sa.func.max(Message.seq))
                .where(Message.conversation_id == conversation_id).scalar_subquery())
        with self._database.separate_unit_of_work() as session:
            seen = session.execute(
                sa.update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.read_seq < seq,
                       last >= seq)
                .values(read_seq=seq).execution_options(synchronize_session=False))
            if seen.rowcount:
                touched(session, conversation_id)
