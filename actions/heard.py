"""The latest message of a tracker, as the services read it."""

from __future__ import annotations

from rasa_sdk import Tracker

from bot.services.heard import Heard
from bot.services.parsed import heard_of


def heard_in(tracker: Tracker) -> Heard:
    """The latest message as the services read it."""
    return heard_of(tracker.latest_message or {})
