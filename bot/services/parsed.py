"""From Rasa's parse of a message, as plain data, to what the services read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.services.heard import Heard
from bot.services.patterns import likely_order_number


def heard_of(parse: Mapping[str, Any]) -> Heard:
    """A parse as the services read it. What is missing in it was not understood."""
    entities: list[dict[str, Any]] = parse.get("entities") or []
    metadata = parse.get("metadata") or {}
    intents = {i["name"]: i["confidence"] for i in parse.get("intent_ranking") or []}
    intent = parse.get("intent") or {}
    if not intents and intent.get("name"):
        intents = {intent["name"]: 1.0}
    numbers = _values(entities, "order_number")
    labels = dict(parse.get("labels") or {})
    for entity in entities:
        # A button says exactly what it means: /remedy{"label": "parts"}.
        if entity["entity"] == "label":
            labels = {f"{intent.get('name')}/{entity['value']}": 1.0}
    return Heard(
        text=parse.get("text") or "",
        message_id=parse.get("message_id") or metadata.get("message_id"),
        intents=intents,
        labels=labels,
        opening=parse.get("opening"),
        acknowledges=bool(parse.get("acknowledges")),
        after_opening=parse.get("after_opening") or {},
        clauses=tuple(parse.get("clauses") or ()),
        stories=tuple(parse.get("stories") or ()),
        order_numbers=numbers,
        likely_numbers=tuple(n for n in numbers if likely_order_number(n)),
        emails=_values(entities, "email"),
        phones=_values(entities, "phone"),
        postal_codes=_values(entities, "postal_code"),
        dates=_values(entities, "date"),
        hazard=float(parse.get("hazard") or (intent.get("name") == "emergency")),
        language=(parse.get("language") or {}).get("code") or "en",
    )


def _values(entities: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(e["value"] for e in entities if e["entity"] == name)
