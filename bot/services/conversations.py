"""What is known of a conversation as a whole."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.tables import Conversation, Order, Visitor


class Conversations:
    """Keeps what a conversation is spoken in, what it is about, and whose it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def speak(self, conversation_id: str, language: str) -> None:
        """Keeps the conversation's language (ISO 639-1), for what is said outside its turns."""
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is not None:
                conversation.language = language

    def about(self, conversation_id: str, topic: str | None) -> None:
        """Keeps the topic of the customer's last message (contract, "Topics")."""
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return
            conversation.topic = topic
            if conversation.customer_email is None:
                conversation.customer_email = session.scalar(
                    sa.select(Visitor.identity_email).where(
                        Visitor.conversation_id == conversation_id,
                        Visitor.identity_email.is_not(None)).limit(1))

    def proved(self, conversation_id: str, order_id: str) -> None:
        """Keeps the order that the customer proved to be theirs, and the address on it."""
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            order = session.get(Order, order_id)
            if conversation is not None and order is not None:
                conversation.order_id = order_id
                conversation.customer_email = order.email or conversation.customer_email
