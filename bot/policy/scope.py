"""The clauses of the paragraph "Warranty Policy": wear, outside causes, consequential loss.

Each function takes a case and answers whether its clause holds; its docstring is the clause.
"""

from __future__ import annotations

from bot.policy.case import Case
from bot.policy.facts import State


def wear(case: Case) -> State:
    """The depreciation of products, outer covering, and battery exhaustion are not within the
    warranty scope."""
    return case.confirmed("wear")


def outer_covering(case: Case) -> State:
    """The depreciation of products, outer covering, and battery exhaustion are not within the
    warranty scope."""
    return case.confirmed("outer_covering")


def battery_exhaustion(case: Case) -> State:
    """The depreciation of products, outer covering, and battery exhaustion are not within the
    warranty scope."""
    return case.confirmed("battery_exhaustion")


def accident(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    return case.confirmed("accident")


def act_of_god(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    return case.confirmed("act_of_god")


def negligence(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    return case.confirmed("negligence")


def misapplication(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    return case.confirmed("misapplication")


def faulty_installation(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    # That the customer installed it themselves is no fact of this claim at all.
    return case.confirmed("faulty_installation")


def against_manual(case: Case) -> State:
    """This warranty does not cover damage caused by accident, abuse, Acts of God, negligence,
    mis-application, faulty installation, improper or unauthorized maintenance, installation or use
    in violation of product manuals, instructions, or warnings."""
    return case.confirmed("against_manual")


def consequential_loss(case: Case) -> State:
    """Under no circumstance shall be liable for any indirect, special, or consequential damages,
    losses, or expenses to include, but not limited to, loss of product, loss of profits, litigation
    fees, or the use, or inability to use, our product for any purpose whatsoever."""
    # To ask for it is the fact, so the customer's words are enough.
    asked_for = case.account.consequential_loss
    return State.UNKNOWN if asked_for is None else asked_for.state
