"""The policy and the contract's decisions, sentence by sentence; test names are the sentences."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.policy import (
    CAUSES,
    RULES,
    Account,
    Decision,
    Fact,
    Purchase,
    Source,
    State,
    causes_to_read_back,
    decide,
    excluded_by_store,
    load_terms,
)

TERMS = load_terms()
TODAY = date(2026, 6, 1)
YES, NO, UNKNOWN = State.YES, State.NO, State.UNKNOWN
WORDS, CONFIRMATION = Source.WORDS, Source.CONFIRMATION
IN_TIME, LATE = date(2026, 3, 1), date(2025, 3, 1)
COVERED, EXCLUDED, REVIEW = "covered", "not_covered", "needs_review"


def order(**changes: Any) -> Purchase:
    line = {"order_number": "CG2026-004512", "item": "Head unit", "invoice_date": IN_TIME}
    return Purchase(**{"verified": True, "status": "delivered", **line, **changes})


def account(*facts: tuple[str, State, Source], **rest: Any) -> Account:
    return Account(**rest).with_facts(Fact(*fact, said_in="m1") for fact in facts)


def judge(purchase: Purchase, *facts: tuple[str, State, Source], **rest: Any) -> Decision:
    return decide(purchase, account(*facts, **rest), TODAY, TERMS)


def gives(decision: Decision, outcome: str, *reasons: str) -> bool:
    return (decision.outcome.value, decision.reasons) == (outcome, reasons)


def test_all_our_products_are_guaranteed_up_to_1_year_from_the_date_of_purchase_on_invoice() -> (
    None
):
    decision = judge(order())
    assert gives(decision, COVERED)
    assert decision.guarantee_ends == date(2027, 3, 1)
    assert decision.clauses == (TERMS[0].clauses["guarantee"],)


def test_gifts_are_excluded_by_the_order_line_only() -> None:
    assert gives(judge(order(is_gift=True)), EXCLUDED, "gift")


def test_a_product_found_defective_after_the_warranty_has_expired_is_not_covered() -> None:
    assert gives(judge(order(invoice_date=LATE)), EXCLUDED, "A")


def test_the_last_day_is_inclusive() -> None:
    assert gives(judge(order(invoice_date=date(2025, 6, 1))), COVERED)
    assert gives(judge(order(invoice_date=date(2025, 5, 31))), EXCLUDED, "A")


@pytest.mark.parametrize("day", [date(2025, 12, 1), date(2026, 3, 1)])
def test_a_fault_that_appeared_on_or_before_the_last_day_is_for_a_person(day: date) -> None:
    decision = judge(order(invoice_date=LATE), fault_date=day, fault_date_asked=True)
    assert gives(decision, REVIEW, "A", "unsettled")


def test_a_fault_that_appeared_after_the_last_day_leaves_a() -> None:
    assert gives(judge(order(invoice_date=LATE), fault_date=date(2026, 3, 2)), EXCLUDED, "A")


def test_a_customer_who_does_not_know_when_the_fault_appeared_leaves_a() -> None:
    decision = judge(order(invoice_date=LATE), fault_date_asked=True)
    assert gives(decision, EXCLUDED, "A")
    facts = [fact for result in decision.results if result.reason == "A" for fact in result.facts]
    assert facts[1] == Fact("fault_in_time", UNKNOWN, WORDS)


def test_an_old_fault_does_not_bring_a_gift_back_into_the_guarantee() -> None:
    decision = judge(order(invoice_date=LATE, is_gift=True), fault_date=date(2025, 4, 1))
    assert gives(decision, EXCLUDED, "A", "gift", "unsettled")


def test_misuse_abuse_or_unauthorized_repair_is_always_for_a_person() -> None:
    for source in Source:
        assert gives(judge(order(), ("B", YES, source)), REVIEW, "B")


def test_misuse_beside_a_sure_exclusion_is_not_covered_with_both_reasons() -> None:
    both = judge(order(), ("B", YES, WORDS), ("F", YES, CONFIRMATION))
    assert gives(both, EXCLUDED, "B", "F")
    assert gives(judge(order(invoice_date=LATE), ("B", YES, WORDS)), EXCLUDED, "A", "B")


def test_misuse_that_is_denied_or_unknown_in_words_is_no_reason() -> None:
    assert gives(judge(order(), ("B", NO, WORDS)), COVERED)
    assert gives(judge(order(), ("B", UNKNOWN, WORDS)), COVERED)


def test_misuse_asserted_and_denied_is_unsettled() -> None:
    words = judge(order(), ("B", YES, WORDS), contradictions=frozenset({"B"}))
    assert gives(words, REVIEW, "unsettled")
    settled = judge(order(), ("B", NO, CONFIRMATION), contradictions=frozenset({"B"}))
    assert gives(settled, COVERED)
    sure = judge(order(), ("B", YES, CONFIRMATION), contradictions=frozenset({"B"}))
    assert gives(sure, REVIEW, "B")


@pytest.mark.parametrize("cause", CAUSES)
class TestACause:
    def test_that_the_customer_confirmed_is_not_covered_by_its_clause(self, cause: str) -> None:
        for source in (CONFIRMATION, Source.STORE, Source.AGENT):
            decision = judge(order(), (cause, YES, source))
            assert gives(decision, EXCLUDED, cause)
            assert decision.clauses == (TERMS[0].clauses[cause],)

    def test_in_words_alone_excludes_nothing_and_waits_for_the_read_back(self, cause: str) -> None:
        said = account((cause, YES, WORDS))
        assert causes_to_read_back(order(), said, TODAY, TERMS) == (cause,)
        assert gives(decide(order(), said, TODAY, TERMS), REVIEW, "unsettled")

    def test_that_the_customer_denies_excludes_nothing(self, cause: str) -> None:
        assert gives(judge(order(), (cause, NO, WORDS)), COVERED)
        assert gives(judge(order(), (cause, NO, CONFIRMATION)), COVERED)

    def test_unknown_in_words_excludes_nothing(self, cause: str) -> None:
        assert gives(judge(order(), (cause, UNKNOWN, WORDS)), COVERED)

    def test_unknown_at_the_read_back_is_unsettled(self, cause: str) -> None:
        assert gives(judge(order(), (cause, UNKNOWN, CONFIRMATION)), REVIEW, "unsettled")

    def test_asserted_and_denied_is_unsettled_until_the_read_back(self, cause: str) -> None:
        both = frozenset({cause})
        for state in State:
            decision = judge(order(), (cause, state, WORDS), contradictions=both)
            assert gives(decision, REVIEW, "unsettled")
        assert gives(judge(order(), contradictions=both), REVIEW, "unsettled")
        denied = judge(order(), (cause, NO, CONFIRMATION), contradictions=both)
        assert gives(denied, COVERED)
        sure = judge(order(), (cause, YES, CONFIRMATION), contradictions=both)
        assert gives(sure, EXCLUDED, cause)

    def test_is_no_reason_where_the_store_excludes_the_claim(self, cause: str) -> None:
        both = frozenset({cause})
        for state in State:
            for source in Source:
                facts = (cause, state, source)
                late = judge(order(invoice_date=LATE), facts, contradictions=both)
                assert gives(late, EXCLUDED, "A")
                assert gives(judge(order(is_gift=True), facts), EXCLUDED, "gift")


def test_an_update_that_the_shop_supplied_is_no_reason_c() -> None:
    shop = ("shop_update", YES, WORDS)
    assert gives(judge(order(), ("C", YES, CONFIRMATION), shop), COVERED)
    assert gives(judge(order(), ("C", YES, WORDS), shop), COVERED)
    own = ("shop_update", NO, WORDS)
    assert gives(judge(order(), ("C", YES, CONFIRMATION), own), EXCLUDED, "C")


def test_nothing_known_of_the_incident_excludes_nothing() -> None:
    assert gives(judge(order(), *((cause, UNKNOWN, WORDS) for cause in CAUSES)), COVERED)


def test_a_customer_who_cannot_be_verified_is_unverified_and_nothing_is_disclosed() -> None:
    decision = judge(
        order(verified=False, invoice_date=LATE, is_gift=True), ("F", YES, CONFIRMATION)
    )
    assert gives(decision, "unverified", "G")
    assert decision == judge(Purchase(verified=False), ("F", YES, CONFIRMATION))
    shown = decision.public()
    hidden = ("order_number", "item", "invoice_date", "guarantee_ends")
    assert [shown[key] for key in hidden] == [None] * 4
    assert "CG2026" not in str(decision.record())
    states = {result.reason: result.state for result in decision.results}
    assert (states["A"], states["gift"], states["unsettled"]) == (UNKNOWN, UNKNOWN, NO)


@pytest.mark.parametrize("status", ["cancelled", "refunded", "unshipped", "", "lost"])
def test_an_order_that_was_not_handed_over_or_taken_back_is_unsettled(status: str) -> None:
    assert gives(judge(order(status=status)), REVIEW, "unsettled")


@pytest.mark.parametrize("invoiced", [None, date(2026, 6, 2), date.max])
def test_a_missing_or_future_invoice_date_is_unsettled(invoiced: date | None) -> None:
    assert gives(judge(order(invoice_date=invoiced)), REVIEW, "unsettled")


def test_an_invoice_of_today_is_covered() -> None:
    assert gives(judge(order(invoice_date=TODAY, status="shipped")), COVERED)


def test_no_liability_for_consequential_losses_changes_nothing_else() -> None:
    asked = ("consequential_loss", YES, WORDS)
    covered = judge(order(), asked)
    assert gives(covered, COVERED, "consequential_loss")
    clauses = TERMS[0].clauses
    assert covered.clauses == (clauses["guarantee"], clauses["consequential_loss"])
    late = judge(order(invoice_date=LATE), asked)
    assert gives(late, EXCLUDED, "A", "consequential_loss")
    doubtful = judge(order(), asked, ("F", UNKNOWN, CONFIRMATION))
    assert gives(doubtful, REVIEW, "consequential_loss", "unsettled")
    unverified = judge(Purchase(verified=False), asked)
    assert gives(unverified, "unverified", "G", "consequential_loss")


def test_all_reasons_that_hold_are_listed_and_a_shared_sentence_is_quoted_once() -> None:
    decision = judge(
        order(status="refunded"),
        ("accident", YES, CONFIRMATION),
        ("act_of_god", YES, CONFIRMATION),
        ("F", YES, CONFIRMATION),
        ("B", YES, WORDS),
    )
    assert gives(decision, EXCLUDED, "B", "F", "accident", "act_of_god", "unsettled")
    clauses = TERMS[0].clauses
    assert decision.clauses == (clauses["B"], clauses["F"], clauses["accident"])


def test_where_the_stores_facts_alone_exclude_the_claim_no_causes_are_asked_for() -> None:
    both = order(invoice_date=LATE, is_gift=True)
    assert excluded_by_store(both, TODAY, TERMS) == ("A", "gift")
    assert excluded_by_store(order(), TODAY, TERMS) == ()
    assert excluded_by_store(order(verified=False, is_gift=True), TODAY, TERMS) == ()
    said = account(("F", YES, WORDS))
    assert causes_to_read_back(both, said, TODAY, TERMS) == ()


def test_the_public_decision_has_exactly_the_contracts_fields() -> None:
    assert judge(order(invoice_date=LATE)).public() == {
        "outcome": "not_covered",
        "reasons": ["A"],
        "clauses": [TERMS[0].clauses["A"]],
        "order_number": "CG2026-004512",
        "item": "Head unit",
        "invoice_date": "2025-03-01",
        "guarantee_ends": "2026-03-01",
        "policy_version": "2026-01",
    }


def test_every_rule_answers_with_the_facts_it_used() -> None:
    results = {result.reason: result for result in judge(order(), ("F", YES, WORDS)).results}
    assert list(results) == [rule.reason for rule in RULES]
    said = (Fact("F", YES, WORDS, "m1"),)
    assert (results["F"].state, results["F"].facts) == (UNKNOWN, said)
    assert (results["unsettled"].state, results["unsettled"].facts) == (YES, said)
    assert results["D"].state is UNKNOWN and results["A"].state is NO


def test_each_rule_has_its_clause_word_for_word_in_its_docstring() -> None:
    for rule in RULES:
        if rule.reason != "unsettled":
            text = " ".join((rule.holds.__doc__ or "").split())
            assert text == TERMS[0].clauses[rule.reason], rule.reason


def test_facts_under_a_wrong_name_are_refused() -> None:
    fact = Fact("F", YES, WORDS)
    with pytest.raises(ValueError, match="'D'"):
        Account(causes={"D": fact})
    with pytest.raises(ValueError, match="'flood'"):
        Account().with_facts([Fact("flood", YES, WORDS)])
    with pytest.raises(ValueError, match="'B'"):
        Account(misuse=fact)
    with pytest.raises(ValueError, match="'gift'"):
        Account(contradictions=frozenset({"gift"}))
