"""What must hold of every claim, whatever was bought, said and asked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.policy import (
    CAUSES,
    RULES,
    Account,
    Fact,
    Outcome,
    Purchase,
    ReplayError,
    Source,
    State,
    decide,
    excluded_by_store,
    load_terms,
    replay,
)
from bot.policy.dates import guarantee_ends, guarantee_has_ended

TERMS = load_terms()
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
# Most days near each other, so that the edges of the guarantee are met often.
NEAR = st.dates(date(2024, 2, 20), date(2026, 3, 10)) | DAYS
NAMES = (*CAUSES, "B", "consequential_loss", "shop_update")
ORDER = {reason: n for n, reason in enumerate(rule.reason for rule in RULES)}

purchases = st.builds(
    Purchase,
    verified=st.sampled_from([True, True, True, False]),
    order_number=st.text(max_size=5) | st.none(),
    item=st.text(max_size=5) | st.none(),
    invoice_date=NEAR | st.dates() | st.none(),
    status=st.sampled_from(["delivered", "shipped", "cancelled", "refunded", "unshipped", "?"]),
    is_gift=st.sampled_from([False, False, False, True]),
)
facts = st.builds(
    Fact,
    st.sampled_from(NAMES),
    st.sampled_from(State),
    st.sampled_from(Source),
    st.none() | st.text(max_size=5),
)
fact_lists = st.lists(facts, max_size=6, unique_by=lambda fact: fact.name)
accounts = st.builds(
    lambda rest, said: rest.with_facts(said),
    st.builds(
        Account,
        fault_date=st.none() | NEAR,
        fault_date_asked=st.booleans(),
        fault_date_said_in=st.none() | st.text(max_size=5),
        contradictions=st.frozensets(st.sampled_from([*CAUSES, "B"]), max_size=2),
    ),
    fact_lists,
)


@given(st.dates(max_value=date(9998, 12, 31)))
def test_the_last_day_is_the_same_day_a_year_later_and_still_in_the_guarantee(day: date) -> None:
    last = guarantee_ends(day)
    assert last.year == day.year + 1 and last.month == day.month
    assert last.day == day.day or (day.month, day.day, last.day) == (2, 29, 28)
    assert not guarantee_has_ended(day, last)
    assert guarantee_has_ended(day, last + timedelta(days=1))


@given(st.dates(), st.dates(), st.integers(1, 10))
def test_a_later_invoice_never_ends_earlier(one: date, other: date, years: int) -> None:
    first, second = sorted((one, other))
    assert guarantee_ends(first, years) <= guarantee_ends(second, years)


@pytest.mark.parametrize(
    ("invoiced", "years", "last"),
    [
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 28), 1, date(2025, 2, 28)),
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2023, 3, 1), 1, date(2024, 3, 1)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2025, 12, 31), 1, date(2026, 12, 31)),
        (date.max, 1, date.max),
        (date(9999, 1, 1), 1, date.max),
    ],
)
def test_29_february_ends_on_28_february(invoiced: date, years: int, last: date) -> None:
    assert guarantee_ends(invoiced, years) == last


@given(purchases, accounts, NEAR)
def test_precedence_and_order_of_reasons(purchase: Purchase, account: Account, today: date) -> None:
    decision = decide(purchase, account, today, TERMS)
    held = set(decision.reasons) - {"consequential_loss"}
    if not purchase.verified:
        expected, allowed = Outcome.UNVERIFIED, {"G"}
    elif held - {"A", "B", "unsettled"} or held == {"A"} or held == {"A", "B"}:
        expected, allowed = Outcome.NOT_COVERED, set(ORDER)
    elif held:
        expected, allowed = decision.outcome, set(ORDER)
        assert expected in (Outcome.NEEDS_REVIEW, Outcome.NOT_COVERED)
        assert expected is Outcome.NEEDS_REVIEW or "A" in held
    else:
        expected, allowed = Outcome.COVERED, set()
    assert decision.outcome is expected and held <= allowed
    assert list(decision.reasons) == sorted(decision.reasons, key=ORDER.__getitem__)


@given(purchases, accounts, NEAR, st.sampled_from(CAUSES))
def test_adding_a_confirmed_cause_never_makes_a_claim_covered(
    purchase: Purchase, account: Account, today: date, cause: str
) -> None:
    before = decide(purchase, account, today, TERMS)
    confirmed = account.with_facts([Fact(cause, State.YES, Source.CONFIRMATION)])
    after = decide(purchase, confirmed, today, TERMS)
    from_shop = cause == "C" and account.shop_update and account.shop_update.state is State.YES
    if from_shop:
        return
    if purchase.verified:
        assert after.outcome is not Outcome.COVERED
        excluded = excluded_by_store(purchase, today, TERMS)
        assert excluded or (after.outcome is Outcome.NOT_COVERED and cause in after.reasons)
    if before.outcome in (Outcome.NOT_COVERED, Outcome.UNVERIFIED):
        assert after.outcome is before.outcome


@given(purchases, accounts, NEAR, st.sampled_from(NAMES), st.sampled_from(Source))
def test_unknown_never_excludes(
    purchase: Purchase, account: Account, today: date, name: str, source: Source
) -> None:
    before = decide(purchase, account, today, TERMS)
    unknown = account.with_facts([Fact(name, State.UNKNOWN, source)])
    after = decide(purchase, unknown, today, TERMS)
    assert name not in after.reasons
    # Not knowing whether an update was the shop's takes back what the shop's update excused.
    if before.outcome is not Outcome.NOT_COVERED and name != "shop_update":
        assert after.outcome is not Outcome.NOT_COVERED


@given(purchases, NEAR, st.lists(facts, max_size=6))
def test_words_alone_never_exclude(purchase: Purchase, today: date, said: list[Fact]) -> None:
    words = Account().with_facts(replace(fact, source=Source.WORDS) for fact in said)
    decision = decide(purchase, words, today, TERMS)
    assert not set(decision.reasons) & set(CAUSES)
    if decision.outcome is Outcome.NOT_COVERED:
        assert excluded_by_store(purchase, today, TERMS)


@given(purchases, fact_lists, NEAR, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_were_said_does_not_matter(
    purchase: Purchase, said: list[Fact], today: date, chance: object
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one = decide(purchase, Account().with_facts(said), today, TERMS)
    other = decide(purchase, Account().with_facts(shuffled), today, TERMS)
    assert one == other
    assert json.dumps(one.record()) == json.dumps(other.record())


@given(purchases, accounts, NEAR)
def test_consequential_loss_changes_nothing_else(
    purchase: Purchase, account: Account, today: date
) -> None:
    without = decide(purchase, replace(account, consequential_loss=None), today, TERMS)
    asked = account.with_facts([Fact("consequential_loss", State.YES, Source.WORDS)])
    beside = decide(purchase, asked, today, TERMS)
    assert beside.outcome is without.outcome
    assert set(beside.reasons) == {*without.reasons, "consequential_loss"}


@given(purchases, accounts, NEAR)
def test_a_stored_decision_replays_to_the_same(
    purchase: Purchase, account: Account, today: date
) -> None:
    decision = decide(purchase, account, today, TERMS)
    stored = json.loads(json.dumps(decision.record()))
    assert replay(stored) == decision
    assert replay({**stored, "decided_by": "bot"}) == decision


@given(purchases, accounts, NEAR)
def test_somebody_unverified_learns_nothing(
    purchase: Purchase, account: Account, today: date
) -> None:
    hidden = replace(purchase, verified=False)
    blank = Purchase(verified=False)
    assert decide(hidden, account, today, TERMS) == decide(blank, account, today, TERMS)


@given(purchases, accounts, NEAR)
def test_a_stored_decision_that_was_altered_does_not_replay(
    purchase: Purchase, account: Account, today: date
) -> None:
    record = decide(purchase, account, today, TERMS).record()
    assume(record["outcome"] != "covered")
    with pytest.raises(ReplayError, match="outcome"):
        replay({**record, "outcome": "covered"})
    with pytest.raises(ReplayError, match="not on file"):
        replay({**record, "terms_hash": "0" * 64})
