"""The decision on a claim: every rule evaluated, then precedence applied once (contract)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.policy.case import Case
from bot.policy.facts import CAUSES, Account, State
from bot.policy.purchase import Purchase
from bot.policy.record import Decision, Outcome, Result
from bot.policy.rules import RULES, Effect, Rule
from bot.policy.terms import Terms, load_terms, terms_in_force


class ReplayError(ValueError):
    """A stored decision cannot be replayed, or comes out differently today."""


def decide(purchase: Purchase, account: Account, today: date, terms: Sequence[Terms]) -> Decision:
    """Judge a claim by the terms in force on its invoice date; `terms` is all of `load_terms`."""
    return _judge(_case(purchase, account, today, terms))


def excluded_by_store(purchase: Purchase, today: date, terms: Sequence[Terms]) -> tuple[str, ...]:
    """`A` and `gift` where the store's facts alone give them: then no causes are asked for."""
    return _case(purchase, Account(), today, terms).store_excludes


def causes_to_read_back(
    purchase: Purchase, account: Account, today: date, terms: Sequence[Terms]
) -> tuple[str, ...]:
    """Causes the customer only mentioned or contradicts themselves on; each needs a read-back."""
    return _case(purchase, account, today, terms).to_read_back


def replay(record: Mapping[str, Any], terms: Sequence[Terms] | None = None) -> Decision:
    """Decide a stored decision again, by the very terms it was decided by.

    Raises ReplayError if those terms are gone or were edited, or if the rules now say otherwise.
    """
    known = load_terms() if terms is None else terms
    wanted = (record["policy_version"], record["terms_hash"])
    found = [entry for entry in known if (entry.version, entry.hash) == wanted]
    if not found:
        raise ReplayError(f"the terms {wanted[0]} with hash {wanted[1]} are not on file")
    today = date.fromisoformat(record["today"])
    purchase, account = Purchase.from_json(record["purchase"]), Account.from_json(record["account"])
    decision = _judge(Case(purchase, account, today, found[0]))
    differ = [key for key, value in decision.record().items() if record.get(key) != value]
    if differ:
        raise ReplayError(f"decided differently today: {', '.join(differ)}")
    return decision


def _case(purchase: Purchase, account: Account, today: date, terms: Sequence[Terms]) -> Case:
    if not purchase.verified:
        # Neither the order nor the terms of its time may show through to somebody unverified.
        purchase = Purchase(verified=False)
    # Terms that are announced but not yet in force judge nothing, whatever the invoice says.
    judged_on = min(purchase.invoice_date or today, today)
    return Case(purchase, account, today, terms_in_force(terms, judged_on))


def _judge(case: Case) -> Decision:
    results = tuple(Result(rule.reason, rule.holds(case), rule.facts(case)) for rule in RULES)
    yes = {result.reason for result in results if result.state is State.YES}
    held = [rule for rule in RULES if rule.reason in yes and _enters(rule, case)]
    outcome = _outcome(held, case)
    quoted = ["guarantee"] if outcome is Outcome.COVERED else []
    quoted += [rule.reason for rule in held]
    # Several reasons share a sentence; the customer reads it once.
    texts = dict.fromkeys(case.terms.clauses[name] for name in quoted if name != "unsettled")
    return Decision(
        outcome=outcome,
        reasons=tuple(rule.reason for rule in held),
        clauses=tuple(texts),
        order_number=case.purchase.order_number,
        item=case.purchase.item,
        invoice_date=case.purchase.invoice_date,
        guarantee_ends=case.last_day,
        policy_version=case.terms.version,
        terms_hash=case.terms.hash,
        results=results,
        purchase=case.purchase,
        account=case.account,
        today=case.today,
    )


def _enters(rule: Rule, case: Case) -> bool:
    """Whether a rule that holds is listed among the reasons."""
    if not case.purchase.verified:
        # Nothing is judged for somebody unverified; what they ask for beside it is still answered.
        return rule.reason == "G" or rule.effect is Effect.BESIDE
    return not (rule.reason in CAUSES and case.store_excludes)


def _outcome(held: Sequence[Rule], case: Case) -> Outcome:
    effects = {rule.effect_on(case) for rule in held}
    if not case.purchase.verified:
        return Outcome.UNVERIFIED
    if Effect.EXCLUDES in effects:
        return Outcome.NOT_COVERED
    return Outcome.NEEDS_REVIEW if Effect.REVIEW in effects else Outcome.COVERED
