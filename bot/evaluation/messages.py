"""Single messages: topics, emergencies, calibration, language, speed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot.engine.assistant import Assistant
from bot.engine.door import take_in
from bot.services.heard import ALARM

#: Intents that all mean that somebody has a broken product.
OF_A_CLAIM = ("incident", "fixed", "remedy", "no_order_number")
_TOPIC_OF = {**dict.fromkeys(OF_A_CLAIM, "claim"), "explain": "policy"}
_BINS = 10


@dataclass(frozen=True)
class Labelled:
    """A held-back message with its right topic."""

    language: str
    topic: str
    text: str


@dataclass(frozen=True)
class Understood:
    """What the assistant made of it."""

    topic: str
    confidence: float
    hazard: float
    language: str | None
    milliseconds: float


def read_messages(path: Path) -> list[Labelled]:
    """Lines of language, topic and text, separated by tabs."""
    return [Labelled(*line.split("\t", 2)) for line in
            path.read_text(encoding="utf-8").splitlines() if line]


async def understand(assistant: Assistant, messages: Sequence[Labelled]) -> list[Understood]:
    """Parses each message as if it were the first of a conversation."""
    found = []
    for message in messages:
        begun = time.perf_counter()
        parse = await assistant.agent.processor.parse_message(
            UserMessage(take_in(message.text).heard))
        spent = (time.perf_counter() - begun) * 1000
        name = str(parse["intent"]["name"])
        found.append(Understood(
            _TOPIC_OF.get(name, name), float(parse["intent"]["confidence"]),
            float(parse.get("hazard") or 0), (parse.get("language") or {}).get("code"), spent))
    return found


def score(messages: Sequence[Labelled], found: Sequence[Understood]) -> dict[str, Any]:
    """Shares between 0 and 1; `median_ms` in milliseconds."""
    right: dict[str, list[bool]] = defaultdict(list)
    by_topic: dict[str, list[bool]] = defaultdict(list)
    alarms: dict[bool, list[bool]] = {True: [], False: []}
    spoken: list[bool] = []
    confused: Counter[tuple[str, str]] = Counter()
    for message, heard in zip(messages, found, strict=True):
        right[message.language].append(heard.topic == message.topic)
        by_topic[message.topic].append(heard.topic == message.topic)
        alarms[message.topic == "emergency"].append(heard.hazard >= ALARM)
        spoken.append(heard.language == message.language)
        if heard.topic != message.topic:
            confused[message.topic, heard.topic] += 1
    others = [ok for language, oks in right.items() if language != "en" for ok in oks]
    times = sorted(heard.milliseconds for heard in found)
    return {
        "count": len(messages),
        "topic_accuracy": {"en": share(right["en"]), "others": share(others),
                           **{k: share(v) for k, v in sorted(right.items()) if k != "en"}},
        "by_topic": {k: share(v) for k, v in sorted(by_topic.items())},
        "emergency_recall": share(alarms[True]),
        "emergency_false_alarms": share(alarms[False]),
        "language_right": share(spoken),
        "calibration": calibration(messages, found),
        "median_ms": round(times[len(times) // 2], 2),
        "worst_confusions": [{"topic": a, "taken_for": b, "times": n}
                             for (a, b), n in confused.most_common(12)],
    }


def calibration(messages: Sequence[Labelled], found: Sequence[Understood]) -> dict[str, Any]:
    """How often the assistant is right when it is so and so sure.

    `error` is the expected calibration error over ten bins of equal width (Guo et al. 2017):
    0 would mean that of all topics named with 70 % confidence 70 % are right.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for message, heard in zip(messages, found, strict=True):
        place = min(int(heard.confidence * _BINS), _BINS - 1)
        bins[place].append((heard.confidence, heard.topic == message.topic))
    filled = [b for b in bins if b]
    rows = [{"confidence": round(sum(c for c, _ in b) / len(b), 3),
             "right": share([ok for _, ok in b]), "count": len(b)} for b in filled]
    error = sum(r["count"] * abs(r["confidence"] - r["right"]) for r in rows) / len(messages)
    return {"error": round(error, 3), "bins": rows}


def share(values: Sequence[bool]) -> float:
    """The share of true values, 0 for none at all."""
    return round(sum(values) / len(values), 3) if values else 0.0
