"""Whole claims: decided right, facts found, nobody refused unheard."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bot.evaluation.messages import share
from bot.evaluation.play import Played, is_right

Claim = Mapping[str, Any]


def score(claims: Sequence[Claim], played: Sequence[Played]) -> dict[str, Any]:
    """Shares between 0 and 1, and the wrong ones with what was expected."""
    by_language: dict[str, list[bool]] = defaultdict(list)
    by_outcome: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for claim, how in zip(claims, played, strict=True):
        ok = is_right(claim, how)
        by_language[claim["language"]].append(ok)
        by_outcome[str(claim["expect"]["outcome"])].append(ok)
        if not ok:
            wrong.append({"id": claim["id"], "expected": claim["expect"], "got": {
                "outcome": how.outcome, "reasons": how.reasons, "ticket": how.ticket,
                "handoff": how.handoff}})
    others = [ok for language, oks in by_language.items() if language != "en" for ok in oks]
    return {
        "count": len(claims),
        "right": {"en": share(by_language["en"]), "others": share(others),
                  **{k: share(v) for k, v in sorted(by_language.items()) if k != "en"}},
        "right_by_outcome": {k: share(v) for k, v in sorted(by_outcome.items())},
        "facts": facts(claims, played),
        "refused_on_an_unconfirmed_cause": sum(
            how.outcome == "not_covered" and bool(how.unconfirmed) for how in played),
        "refused_wrongly": sum(
            how.outcome == "not_covered" and claim["expect"]["outcome"] != "not_covered"
            for claim, how in zip(claims, played, strict=True)),
        "messages_a_claim": round(sum(how.messages for how in played) / max(len(played), 1), 1),
        "wrong": wrong,
    }


def facts(claims: Sequence[Claim], played: Sequence[Played]) -> dict[str, dict[str, Any]]:
    """Precision and recall of each reason, and of verification, over all claims.

    Only claims that came to a decision count for the reasons: one that was lost on the way is
    counted as wrong elsewhere and says nothing of what was heard.
    """
    hit: Counter[str] = Counter()
    named: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for claim, how in zip(claims, played, strict=True):
        if how.outcome is None or claim["expect"]["outcome"] in (None, "none"):
            continue
        expected = set(claim["expect"].get("reasons") or ())
        got = set(how.reasons)
        hit.update(expected & got)
        named.update(got)
        wanted.update(expected)
        verified = claim["expect"]["outcome"] != "unverified"
        wanted["(verified)"] += verified
        named["(verified)"] += how.outcome != "unverified"
        hit["(verified)"] += verified and how.outcome != "unverified"
    return {name: {"precision": round(hit[name] / named[name], 3) if named[name] else None,
                   "recall": round(hit[name] / wanted[name], 3) if wanted[name] else None,
                   "expected": wanted[name], "found": named[name]}
            for name in sorted(wanted | named)}
