"""The last stored result, and what changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The figures that a change is judged by: where they stand in a result, and which way is better.
_WATCHED: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("topics, English", ("messages", "topic_accuracy", "en"), 1),
    ("topics, other languages", ("messages", "topic_accuracy", "others"), 1),
    ("emergencies found", ("messages", "emergency_recall"), 1),
    ("false alarms", ("messages", "emergency_false_alarms"), -1),
    ("calibration error", ("messages", "calibration", "error"), -1),
    ("claims right, English", ("claims", "right", "en"), 1),
    ("claims right, other languages", ("claims", "right", "others"), 1),
    ("refused wrongly", ("claims", "refused_wrongly"), -1),
    ("refused unconfirmed", ("claims", "refused_on_an_unconfirmed_cause"), -1),
)


def load(path: Path) -> dict[str, Any] | None:
    """The stored result; None where there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def store(path: Path, result: Mapping[str, Any]) -> None:
    """Keeps a result. Times are left out: they say more of the machine than of the assistant."""
    kept = json.loads(json.dumps(result))
    kept["messages"].pop("median_ms", None)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
                    encoding="utf-8")


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """One line for each figure, message and claim that is not as it was."""
    if before is None:
        return ["no stored result to compare with"]
    if before.get("data") != now.get("data"):
        return ["the stored result is of other data, so nothing is compared"]
    lines = []
    for name, place, better in _WATCHED:
        old, new = _at(before, place), _at(now, place)
        if old is not None and new is not None and old != new:
            verdict = "better" if (new - old) * better > 0 else "worse"
            lines.append(f"{name}: {old:.3f} → {new:.3f} ({verdict})")
    for part in ("messages", "claims"):
        was, is_now = set(before[part].get("missed", ())), set(now[part].get("missed", ()))
        if is_now - was:
            lines.append(f"{part} now wrong: {', '.join(sorted(is_now - was))}")
        if was - is_now:
            lines.append(f"{part} now right: {', '.join(sorted(was - is_now))}")
    return lines or ["nothing changed"]


def _at(result: Mapping[str, Any], place: tuple[str, ...]) -> float | None:
    value: Any = result
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, (int, float)) else None
