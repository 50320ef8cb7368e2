"""Questions on the policy in a letter: which of its answers a customer asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.services.heard import ASKED_ABOUT, Heard

#: A part of a letter asks about the policy from this mass on, and this plainly about one thing.
_ASKS, _ABOUT_ONE = 0.7, 0.35
#: "Water got in" tells what happened, and asks nothing.
_TOLD = 0.1
#: More than that is no question any more.
_MOST = 3
_PREFIX = "policy/"


def policy_questions(heard: Heard) -> tuple[str, ...]:
    """The answers that are asked for, in the order of the text, by the names of their labels."""
    found = (_asked(labels) for labels in heard.clauses or (heard.labels,))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST]


def _asked(labels: Mapping[str, float]) -> str | None:
    mine = {label: p for label, p in labels.items() if label.startswith(_PREFIX)}
    best = max(mine, key=lambda label: mine[label], default=None)
    if best is None or sum(mine.values()) < _ASKS or mine[best] < _ABOUT_ONE:
        return None
    if labels.get(f"incident/{ASKED_ABOUT.get(best)}_yes", 0.0) >= _TOLD:
        return None
    return best.removeprefix(_PREFIX)
