"""Hazards that have a safety message of their own."""

from __future__ import annotations

HAZARDS = ("smoke", "fire", "burning_smell", "sparks", "melting", "hot", "battery", "fuse", "shock",
           "driving")


def safety_response(hazard: str | None) -> str:
    """The name of the response that says what to do first; `hazard` is a label or unknown."""
    return f"utter_safety_{hazard if hazard in HAZARDS else 'general'}"
