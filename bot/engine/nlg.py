"""Rasa's responses in the customer's language."""

from __future__ import annotations

import copy
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain

from bot.wording.catalogue import SOURCE, translate


class CatalogueGenerator(TemplatedNaturalLanguageGenerator):
    """Chooses a response as Rasa does, and says it in the language of the slot `language`."""

    def __init__(self, endpoint_config: Any = None, domain: Domain | None = None) -> None:
        super().__init__(domain.responses if domain else {})

    def _random_response_for(self, utter_action: str, output_channel: str,
                             filled_slots: dict[str, Any]) -> dict[str, Any] | None:
        response = super()._random_response_for(utter_action, output_channel, filled_slots)
        language = filled_slots.get("language") or SOURCE
        if response is None or language == SOURCE:
            return response
        response = copy.deepcopy(response)
        if response.get("text"):
            response["text"] = translate(response["text"].strip(), language)
        for button in response.get("buttons") or ():
            button["title"] = translate(button["title"], language)
        return response
