"""Helpful words for what is being typed: safe steps to try, or what to do first in an emergency."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engine.reader import Reads
from bot.engine.responses import Responses
from bot.errors import BadMessage
from bot.services.hazards import safety_response
from bot.services.heard import Heard, is_emergency
from bot.services.symptoms import Symptoms

#: Shorter texts say too little to be helped with.
_SHORTEST = 12
_TELLS_LANGUAGE = 30


@dataclass(frozen=True)
class Help:
    """Words to show. `is_safety`: they come first, before any ticket."""

    text: str
    is_safety: bool


class Steps:
    """Finds them as the chat does: by the symptom, or by the hazard."""

    def __init__(self, reader: Reads, responses: Responses, symptoms: Symptoms) -> None:
        self._reader, self._responses, self._symptoms = reader, responses, symptoms

    async def to_try(self, details: str, language: str) -> Help | None:
        """Help with a text that is being written; None if nothing fits. `language`: the page's."""
        if len(details.strip()) < _SHORTEST:
            return None
        try:
            heard = await self._reader.read(details)
        except BadMessage:
            return None
        if len(details) >= _TELLS_LANGUAGE:
            language = heard.language
        safety = self.safety(heard, language)
        if safety is not None:
            return Help(safety, True)
        kind = self._symptoms.recognise(heard)
        said = self._responses.said(f"utter_steps_{kind}", language) if kind else None
        # The last line asks whether it helped; nobody answers here.
        return Help(said.rpartition("\n")[0], False) if said and "\n" in said else None

    def safety(self, heard: Heard, language: str) -> str | None:
        """What to say at once where a text tells of a hazard; None where it does not."""
        if not is_emergency(heard, None):
            return None
        return self._responses.said(safety_response(heard.best_label("emergency")), language)
