"""What is known of a conversation as a whole."""

from __future__ import annotations

from bot.store.database import Database
from bot.store.tables import Conversation


class Conversations:
    """Keeps what a conversation is spoken in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def speak(self, conversation_id: str, language: str) -> None:
        """Keeps the conversation's language (ISO 639-1), for what is said outside its turns."""
        with self._database.unit_of_work() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is not None:
                conversation.language = language
