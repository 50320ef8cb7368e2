"""From Rasa's parse of the latest message to plain data."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker

from bot.services.heard import Heard
from bot.services.patterns import likely_order_number


def heard_in(tracker: Tracker) -> Heard:
    """The latest message as the services read it."""
    parse = tracker.latest_message or {}
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
        clauses=tuple(parse.get("clauses") or ()),
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
