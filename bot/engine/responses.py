"""The assistant's words, for those who say them outside a turn: steps to try, safety messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.wording.catalogue import translate


class Responses:
    """Rasa's responses by name, each with its variations (`Domain.responses`)."""

    def __init__(self, responses: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._responses = responses

    def said(self, name: str, language: str) -> str | None:
        """A response's text in a language, with its {placeholders}; None if there is none."""
        for variation in self._responses.get(name) or ():
            if variation.get("text"):
                return translate(str(variation["text"]).strip(), language)
        return None
