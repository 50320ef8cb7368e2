"""Long texts: what their paragraphs say, joined to what is understood of the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.services.heard import Heard

#: Paragraphs that are read by themselves, and characters from which one says something.
_PARAGRAPHS, _SHORTEST = 8, 12
#: A text up to this length is read as a whole: it is what people type into a chat.
_AS_A_WHOLE = 220
_TELLS = ("claim", "incident", "fixed", "remedy", "emergency")


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a long text; none for a short one, or if there is only one."""
    parts = [part.strip() for part in re.split(r"\n\s*\n|\n(?=[-*•\d])", text)
             if len(part.strip()) >= _SHORTEST]
    return parts[:_PARAGRAPHS] if len(text) > _AS_A_WHOLE and len(parts) > 1 else []


def joined(whole: Heard, parts: Sequence[Heard]) -> Heard:
    """What a letter says, from what is understood of it and of its paragraphs.

    The paragraph that tells a fault most plainly gives the topic, and the most dangerous one the
    hazard: greetings and thanks around it say nothing about either.
    """
    plainest = max([whole, *parts], key=lambda part: sum(
        part.intents.get(name, 0.0) for name in _TELLS))
    return replace(
        whole, intents=plainest.intents, labels=plainest.labels,
        clauses=(whole.labels, *whole.clauses, *(part.labels for part in parts),
                 *(labels for part in parts for labels in part.clauses)),
        hazard=max(part.hazard for part in [whole, *parts]),
        order_numbers=_all("order_numbers", whole, parts),
        likely_numbers=_all("likely_numbers", whole, parts),
        emails=_all("emails", whole, parts), phones=_all("phones", whole, parts),
        postal_codes=_all("postal_codes", whole, parts), dates=_all("dates", whole, parts))


def _all(name: str, whole: Heard, parts: Sequence[Heard]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        value for part in [whole, *parts] for value in getattr(part, name)))
