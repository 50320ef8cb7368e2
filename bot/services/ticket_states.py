"""The states of a ticket, its priorities, and the one table of allowed transitions."""

from __future__ import annotations

from bot.errors import NotAllowed

OPEN, WAITING, SOLVED, CLOSED = "open", "waiting", "solved", "closed"
STATES = (OPEN, WAITING, SOLVED, CLOSED)
#: Where nobody has anything left to do.
DONE = frozenset({SOLVED, CLOSED})
TRANSITIONS: dict[str | None, frozenset[str]] = {
    None: frozenset({OPEN}),
    OPEN: frozenset({WAITING, SOLVED, CLOSED}),
    WAITING: frozenset({OPEN, SOLVED, CLOSED}),
    SOLVED: frozenset({OPEN, WAITING, CLOSED}),
    # Whoever closed a ticket may find out that it was too early.
    CLOSED: frozenset({OPEN}),
}
PRIORITIES = ("low", "normal", "high", "urgent")
QUEUES = ("support", "presale")


def check_transition(before: str | None, after: str) -> None:
    """Raises NotAllowed unless a ticket may go from `before` (None: new) to `after`."""
    if after not in TRANSITIONS.get(before, frozenset()):
        raise NotAllowed(f"a ticket cannot go from {before or 'nothing'} to {after}")


def check_alive(merged_into: str | None) -> None:
    """Raises NotAllowed for a ticket that was merged into another one."""
    if merged_into is not None:
        raise NotAllowed("a ticket that was merged into another stays closed")


def check_priority(priority: str) -> None:
    """Raises NotAllowed for a priority that does not exist."""
    if priority not in PRIORITIES:
        raise NotAllowed(f"the priority is one of {', '.join(PRIORITIES)}, not {priority!r}")


def check_queue(queue: str) -> None:
    """Raises NotAllowed for a queue that does not exist."""
    if queue not in QUEUES:
        raise NotAllowed(f"the queue is one of {', '.join(QUEUES)}, not {queue!r}")
