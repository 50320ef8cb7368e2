"""Whole claims, from the fault to what comes of it. Source: contract, "Decisions"."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order, today

NOTHING = "No, nothing happened to it."
REPAIR = "I want to send it in for repair."
PARTS = "Please ship the spare parts to a maintenance centre near me."
FILE_IT = "Yes, please file it."


def _long(day: dt.date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


# ---------------------------------------------------------------- covered


@pytest.mark.parametrize(("said", "remedy"), [(REPAIR, "repair"), (PARTS, "parts")])
def test_a_covered_claim_is_filed_with_the_remedy_that_was_chosen(
        customer: Customer, order: Order, said: str, remedy: str) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    assert (customer.outcome, customer.reasons) == ("covered", set())
    assert _long(order.guarantee_ends) in customer.text
    assert customer["ticket_number"] is None, "nothing is filed before the customer says so"
    customer.says(said)
    assert customer.asked == "claim_confirmed"
    assert customer["remedy"] == remedy
    assert order.items[0] in customer.text
    customer.says(FILE_IT)
    ticket = customer["ticket_number"]
    assert ticket and ticket in customer.text
    assert customer.asked is None
    assert customer["claim_confirmed"] is True
    assert customer["handoff"] is None


def test_the_decision_names_order_item_dates_and_policy(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    decision = customer["decision"]
    assert set(decision) == {"outcome", "reasons", "clauses", "order_number", "item",
                             "invoice_date", "guarantee_ends", "policy_version"}
    assert decision["order_number"] == order.number
    assert decision["item"] == order.items[0]
    assert order.invoiced is not None
    assert decision["invoice_date"] == order.invoiced.isoformat()
    assert decision["guarantee_ends"] == order.guarantee_ends.isoformat()
    assert decision["policy_version"]


def test_not_knowing_what_happened_excludes_nothing(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("I don't know.")
    assert (customer.outcome, customer.reasons) == ("covered", set())


def test_a_cause_that_is_denied_at_the_read_back_excludes_nothing(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("Maybe some water got into it.")
    customer.answers(cause_confirmed="No, that is wrong.")
    assert (customer.outcome, customer.reasons) == ("covered", set())


def test_no_water_said_plainly_is_not_read_back(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("No water got into it, nothing happened.")
    assert (customer.outcome, customer.reasons) == ("covered", set())


def test_installing_it_oneself_is_no_faulty_installation(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("I installed it myself and nothing happened.")
    assert (customer.outcome, customer.reasons) == ("covered", set())


# ---------------------------------------------------------------- not covered


@pytest.mark.parametrize(("reason", "incident"), [
    ("C", "I flashed a custom firmware onto it before that."),
    ("D", "I charged the car battery with a battery charger and after that it was dead."),
    ("E", "I mixed old and new batteries in it."),
    ("F", "Water got into it."),
    ("wear", "It is just normal wear and tear after months of use."),
    ("outer_covering", "It works, only the casing is scratched."),
    ("battery_exhaustion", "The battery is exhausted and does not hold its charge any more."),
    ("accident", "I dropped it and it fell on the floor."),
    ("act_of_god", "Lightning struck the car."),
    ("negligence", "I did not look after it and left it in the blazing sun for weeks."),
    ("misapplication", "I used it in my boat."),
    ("faulty_installation", "The installer connected the wires the wrong way round."),
    ("against_manual", "I ignored the warning in the manual."),
])
def test_a_cause_that_the_customer_confirms_excludes_the_claim(
        customer: Customer, order: Order, reason: str, incident: str) -> None:
    customer.proves(order).tells_what_happened(incident)
    assert customer.asked == "cause_confirmed", customer.text
    assert customer["decision"] is None, "nothing is decided before the read-back"
    customer.answers(cause_confirmed="Yes, that is right.")
    assert customer.outcome == "not_covered"
    assert reason in customer.reasons
    assert customer.slots["decision"]["clauses"][0][:60] in customer.text
    assert "review" in customer.text
    assert customer["ticket_number"] is None, "no ticket unless the review is wanted"


@pytest.mark.parametrize("declined", [
    "ok, no need for that", "No please, I will go back to the seller.",
    "Fair enough, leave it then.", "no, I'd rather call my insurance"])
def test_a_review_that_is_turned_down_in_passing_opens_no_ticket(
        customer: Customer, order: Order, declined: str) -> None:
    customer.proves(order).tells_what_happened("I spilled a glass of juice over it.")
    customer.answers(cause_confirmed="Yes, that is right.")
    assert customer.outcome == "not_covered"
    customer.says(declined)
    assert (customer["ticket_number"], customer["handoff"]) == (None, None), customer.text


def test_a_cause_told_after_the_decision_is_read_back_and_judged(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    assert (customer.outcome, customer.asked) == ("covered", "remedy")
    customer.says("Oh wait, I forgot, my daughter spilled a whole cup of coffee over it before.")
    assert customer.asked == "cause_confirmed", customer.text
    assert customer.outcome == "covered", "nothing changes before the read-back"
    customer.says("Yes, that is right.")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"F"})


def test_a_cause_told_after_the_decision_and_denied_changes_nothing(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    customer.says("Oh wait, I forgot, my daughter spilled a whole cup of coffee over it before.")
    customer.says("No, that is wrong.")
    assert (customer.outcome, customer.asked) == ("covered", "remedy")
    customer.says(REPAIR, FILE_IT)
    assert customer["ticket_number"]


def test_two_causes_told_in_parts_of_their_own_are_both_read_back(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(
        "Two things. In May I flashed a custom ROM from a forum on it. And last week the roof "
        "leaked, it was soaked with rain water.")
    customer.says("Yes, that is right.")
    assert customer.asked == "cause_confirmed", customer.text
    customer.says("Yes, that is right.")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"C", "F"})


def test_a_gift_of_the_shop_is_not_covered_and_no_cause_is_asked_for(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("with a gift")
    customer.proves(order, "It does not work any more.")
    customer.answers(claim_item="The phone holder")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"gift"})
    assert customer["incident"] is None


def test_a_present_from_somebody_excludes_nothing(customer: Customer, order: Order) -> None:
    customer.proves(order, "My radio does not turn on. It was a present from my wife.")
    customer.tells_what_happened(NOTHING)
    assert (customer.outcome, customer.reasons) == ("covered", set())


def test_a_fault_after_the_guarantee_is_not_covered_and_no_cause_is_asked_for(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("old")
    customer.proves(order).answers()
    assert customer.asked == "fault_date"
    customer.says("It first appeared yesterday.")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"A"})
    assert customer["incident"] is None


def test_not_knowing_when_the_fault_appeared_leaves_a(shop: Shop) -> None:
    customer = shop.customer().proves(shop.order("old")).answers(fault_date="I don't know.")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"A"})


# ---------------------------------------------------------------- a person decides


def _is_with_a_person(customer: Customer) -> None:
    assert customer.outcome == "needs_review"
    assert customer["handoff"] == {"reason": "review", "route": "ticket"}
    assert customer["ticket_number"] and customer["ticket_number"] in customer.text


def test_a_repair_by_somebody_unauthorised_goes_to_a_person(
        customer: Customer, order: Order) -> None:
    customer.proves(order)
    customer.tells_what_happened("My neighbour opened it and tried to repair it.")
    customer.answers(cause_confirmed="Yes, that is right.")
    _is_with_a_person(customer)
    assert customer.reasons == {"B"}


def test_a_fault_before_the_end_that_is_reported_later_goes_to_a_person(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("just ended")
    before = order.guarantee_ends - dt.timedelta(days=20)
    customer.proves(order).answers(fault_date=f"It first appeared on {_long(before)}.")
    _is_with_a_person(customer)
    assert customer.reasons == {"A", "unsettled"}


def test_a_fault_on_the_last_day_goes_to_a_person(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("just ended")
    customer.proves(order).answers(fault_date=order.guarantee_ends.isoformat())
    _is_with_a_person(customer)
    assert customer.reasons == {"A", "unsettled"}


def test_a_fault_on_the_day_after_the_last_is_not_covered(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("just ended")
    after = order.guarantee_ends + dt.timedelta(days=1)
    assert after < today()
    customer.proves(order).answers(fault_date=after.isoformat())
    assert (customer.outcome, customer.reasons) == ("not_covered", {"A"})


def test_not_knowing_whether_the_cause_is_right_goes_to_a_person(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("Water got into it.")
    customer.answers(cause_confirmed="I don't know.")
    _is_with_a_person(customer)
    assert customer.reasons == {"unsettled"}


@pytest.mark.parametrize("kind", ["cancelled", "refunded", "unshipped", "undated"])
def test_an_order_with_odd_data_goes_to_a_person(shop: Shop, kind: str) -> None:
    customer = shop.customer().proves(shop.order(kind)).answers(incident=NOTHING)
    _is_with_a_person(customer)
    assert customer.reasons == {"unsettled"}


# ---------------------------------------------------------------- not verified


def test_somebody_without_an_order_number_is_unverified(customer: Customer) -> None:
    customer.says("My radio does not turn on any more.", "I have no order number and no invoice.")
    assert (customer.outcome, customer.reasons) == ("unverified", {"G"})
    decision = customer["decision"]
    assert (decision["order_number"], decision["item"], decision["invoice_date"]) == (
        None, None, None)
    assert customer["ticket_number"] is None
    customer.says("Yes, please.")
    assert customer["handoff"] == {"reason": "requested", "route": "ticket"}
    assert customer["ticket_number"]


def test_a_number_that_comes_late_goes_on_with_the_claim(
        customer: Customer, order: Order) -> None:
    customer.says("My radio does not turn on any more.", "I have no order number and no invoice.")
    assert customer.outcome == "unverified"
    customer.says(f"ok its {order.number} i think")
    assert customer["handoff"] is None, "a number is no wish for a person"
    assert customer.asked == "verification", customer.text
    customer.says(order.email).answers(incident=NOTHING)
    assert customer.outcome == "covered"


def test_three_wrong_proofs_are_unverified_and_disclose_nothing(
        customer: Customer, order: Order) -> None:
    customer.says("My radio does not turn on any more.")
    said = []
    for attempt in range(3):
        assert customer.outcome is None, f"decided after {attempt} attempts"
        customer.says(f"Order {order.number}, e-mail somebody{attempt}@example.com")
        said.append(customer.text)
    assert (customer.outcome, customer.reasons) == ("unverified", {"G"})
    assert customer["ticket_number"] is None
    everything = "\n".join(said) + str(customer["decision"])
    for secret in (order.items[0], order.email, order.phone, order.postal_code):
        assert secret not in everything


def test_a_fourth_attempt_is_not_possible(customer: Customer, order: Order) -> None:
    customer.says("My radio does not turn on any more.")
    for attempt in range(3):
        customer.says(f"Order {order.number}, e-mail somebody{attempt}@example.com")
    customer.says(f"Order {order.number}, e-mail {order.email}")
    customer.says("My radio does not turn on any more.", order.number, order.email)
    assert customer["verification"] is None
    assert order.items[0] not in customer.text


def test_an_unknown_order_and_a_wrong_proof_get_the_same_words(shop: Shop, order: Order) -> None:
    heard = []
    for number in (order.number, "CG2026-999999"):
        customer = shop.customer()
        customer.says("My radio does not turn on any more.", number)
        asking = customer.text
        customer.says("nobody@example.com")
        heard.append((asking, customer.text, customer.asked, customer.buttons == []))
    assert heard[0] == heard[1]


# ---------------------------------------------------------------- beside the decision


def test_costs_beyond_the_product_are_listed_beside_a_covered_claim(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(
        "Nothing happened to it, but I want you to pay for my rental car and my lost earnings.")
    customer.answers(cause_confirmed="Yes, that is right.")
    assert customer.outcome == "covered"
    assert customer.reasons == {"consequential_loss"}
    assert "can't promise" in customer.text
    customer.says(REPAIR, FILE_IT)
    assert customer["ticket_number"]
