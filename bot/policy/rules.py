"""The clauses of the warranty, one function each, and the registry of all of them.

Each function takes a case and answers yes, no or unknown; its docstring is the clause. Which answer
leads to which outcome is not decided here but once, in decision.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bot.policy import scope
from bot.policy.case import Case, yes_no
from bot.policy.facts import LOSS, MISUSE, Fact, Source, State


class Effect(str, Enum):
    """What a clause that holds does: ends the claim, calls a person, or only stands beside."""

    EXCLUDES = "excludes"
    REVIEW = "review"
    BESIDE = "beside"


def found_defective_after_expiry(case: Case) -> State:
    """A. The product has been found to be defective after the warranty period has expired."""
    return case.guarantee_ended


def gift(case: Case) -> State:
    """All our products (gifts excluded) are guaranteed up to 1 year from the date of original
    purchase on invoice."""
    return yes_no(case.purchase.is_gift) if case.purchase.verified else State.UNKNOWN


def misused_or_repaired_without_authority(case: Case) -> State:
    """B. The product has been subjected to misuse, abuse, or unauthorized repair, whether by
    accident or other cause. Such conditions will be determined by at its sole and unfettered
    discretion."""
    # Words are enough: a person determines it anyway. Words that contradict each other are not.
    fact = case.fact(MISUSE)
    disputed = MISUSE in case.account.contradictions and not fact.sure
    return State.UNKNOWN if disputed else fact.state


def updated_or_reworked(case: Case) -> State:
    """C. The product has been updated, reworked, or improperly tested by the customer, or by a
    third party at the request of the customer."""
    # An update that the shop itself supplied does not count (contract).
    update = case.account.shop_update
    from_shop = update is not None and update.state is State.YES
    return State.NO if from_shop else case.confirmed("C")


def unstable_voltage(case: Case) -> State:
    """D. The product is damaged due to the unstable voltage caused by battery charger."""
    return case.confirmed("D")


def improper_battery(case: Case) -> State:
    """E. Any damage caused by improper usage of battery, such as mixed use of wasted, poor-quality
    battery and new battery. (Battery leakage might erode the circuit board)"""
    return case.confirmed("E")


def water(case: Case) -> State:
    """F. The product is damaged due to water invasion or because it is improperly placed in moist
    location."""
    return case.confirmed("F")


def not_verified(case: Case) -> State:
    """G. The customer is not able to present order number or purchase verification and we could not
    verify the customer information."""
    return yes_no(not case.purchase.verified)


def unsettled(case: Case) -> State:
    """No sentence of the policy: facts that only a person can settle (contract, Decisions)."""
    return yes_no(bool(case.unsettled_facts))


@dataclass(frozen=True)
class Rule:
    """A reason of the contract, the clause that decides it, and what it does when it holds."""

    reason: str
    holds: Callable[[Case], State]
    effect: Effect

    def effect_on(self, case: Case) -> Effect:
        """The effect here: a fault older than the guarantee's end makes A a person's decision."""
        return Effect.REVIEW if self.reason == "A" and case.reported_late else self.effect

    def facts(self, case: Case) -> tuple[Fact, ...]:
        """The facts that the rule used."""
        state = self.holds(case)
        if self.reason == "A":
            return (Fact("guarantee_ended", state, Source.STORE), *case.fault_facts)
        if self.reason == "gift":
            return (Fact("is_gift", state, Source.STORE),)
        if self.reason == "G":
            return (Fact("verified", yes_no(case.purchase.verified), Source.STORE),)
        if self.reason == "unsettled":
            return case.unsettled_facts
        account = case.account
        own = {**account.causes, MISUSE: account.misuse, LOSS: account.consequential_loss}
        used = (own.get(self.reason), account.shop_update if self.reason == "C" else None)
        return tuple(fact for fact in used if fact is not None)


RULES: tuple[Rule, ...] = (
    Rule("A", found_defective_after_expiry, Effect.EXCLUDES),
    Rule("gift", gift, Effect.EXCLUDES),
    Rule("B", misused_or_repaired_without_authority, Effect.REVIEW),
    Rule("C", updated_or_reworked, Effect.EXCLUDES),
    Rule("D", unstable_voltage, Effect.EXCLUDES),
    Rule("E", improper_battery, Effect.EXCLUDES),
    Rule("F", water, Effect.EXCLUDES),
    Rule("G", not_verified, Effect.EXCLUDES),
    Rule("wear", scope.wear, Effect.EXCLUDES),
    Rule("outer_covering", scope.outer_covering, Effect.EXCLUDES),
    Rule("battery_exhaustion", scope.battery_exhaustion, Effect.EXCLUDES),
    Rule("accident", scope.accident, Effect.EXCLUDES),
    Rule("act_of_god", scope.act_of_god, Effect.EXCLUDES),
    Rule("negligence", scope.negligence, Effect.EXCLUDES),
    Rule("misapplication", scope.misapplication, Effect.EXCLUDES),
    Rule("faulty_installation", scope.faulty_installation, Effect.EXCLUDES),
    Rule("against_manual", scope.against_manual, Effect.EXCLUDES),
    Rule("consequential_loss", scope.consequential_loss, Effect.BESIDE),
    Rule("unsettled", unsettled, Effect.REVIEW),
)
"""Every reason, in the contract's order."""
