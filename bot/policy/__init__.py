"""The warranty: facts and dated terms in, a decision with its clauses out. Pure; reads no clock."""

from bot.policy.decision import (
    ReplayError,
    causes_to_read_back,
    decide,
    excluded_by_store,
    replay,
)
from bot.policy.facts import CAUSES, Account, Fact, Source, State
from bot.policy.purchase import Purchase
from bot.policy.record import Decision, Outcome, Result
from bot.policy.rules import RULES, Effect
from bot.policy.terms import Terms, TermsError, load_terms, terms_in_force

__all__ = [
    "CAUSES",
    "RULES",
    "Account",
    "Decision",
    "Effect",
    "Fact",
    "Outcome",
    "Purchase",
    "ReplayError",
    "Result",
    "Source",
    "State",
    "Terms",
    "TermsError",
    "causes_to_read_back",
    "decide",
    "excluded_by_store",
    "load_terms",
    "replay",
    "terms_in_force",
]
