"""The states of a claim and the one table of allowed transitions."""

from __future__ import annotations

from bot.errors import NotAllowed

TRANSITIONS: dict[str | None, frozenset[str]] = {
    None: frozenset({"draft"}),
    "draft": frozenset({"verified", "cancelled"}),
    "verified": frozenset({"assessed", "cancelled"}),
    "assessed": frozenset({"in_review", "needs_evidence", "approved", "declined", "cancelled"}),
    "needs_evidence": frozenset({"in_review", "declined", "cancelled"}),
    "in_review": frozenset({"needs_evidence", "approved", "declined", "cancelled"}),
    # Whoever was approved may have been so by mistake, as long as nothing was sent.
    "approved": frozenset({"parts_shipped", "return_authorised", "in_review", "cancelled"}),
    # Whoever was declined may have it reviewed by a person.
    "declined": frozenset({"in_review", "closed"}),
    "parts_shipped": frozenset({"closed"}),
    "return_authorised": frozenset({"received", "cancelled"}),
    "received": frozenset({"diagnosed"}),
    "diagnosed": frozenset({"repaired", "replaced", "declined"}),
    "repaired": frozenset({"shipped"}),
    "replaced": frozenset({"shipped"}),
    "shipped": frozenset({"closed"}),
    "closed": frozenset(),
    "cancelled": frozenset(),
}


def check_transition(before: str | None, after: str) -> None:
    """Raises NotAllowed unless a claim may go from `before` (None: new) to `after`."""
    if after not in TRANSITIONS.get(before, frozenset()):
        raise NotAllowed(f"a claim cannot go from {before or 'nothing'} to {after}")
