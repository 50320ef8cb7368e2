"""What customers do in the middle of a claim, and after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order
from tests.conversation.test_outcomes import FILE_IT, NOTHING, REPAIR

BROKEN = "My radio does not turn on any more."


# ---------------------------------------------------------------- questions back


@pytest.mark.parametrize(("asked", "back", "explained"), [
    ("order_number", "What number do you mean exactly?", "packing slip"),
    ("verification", "Why would you need that from me?", "look into your order"),
    ("incident", "In what sense installed? I don't follow.", "Fitting it yourself is fine"),
    ("remedy", "hang on, how do these two differ?", "our technicians repair it")])
def test_a_question_back_is_explained_and_the_question_put_again(
        customer: Customer, order: Order, asked: str, back: str, explained: str) -> None:
    customer.says(BROKEN)
    answers = {"order_number": order.number, "verification": order.email,
               "fixed": "No, it is still the same.", "incident": NOTHING}
    while customer.asked != asked:
        customer.says(answers.pop(customer.asked or ""))
    customer.says(back)
    assert customer.asked == asked
    assert explained in customer.text
    if asked in answers:
        customer.says(answers[asked])
        assert customer.asked != asked


def test_why_it_is_not_covered_is_explained_by_the_clause(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("I spilled a glass of juice over it.")
    customer.answers(cause_confirmed="Yes, that is right.")
    customer.says("but how come it is not covered?")
    assert "water invasion" in customer.text
    assert customer["ticket_number"] is None
    customer.says("Yes, please.")
    assert customer["handoff"] == {"reason": "review", "route": "ticket"}


# ---------------------------------------------------------------- asides


def test_what_is_typed_beside_a_command_is_read(customer: Customer) -> None:
    customer.says('/inform{"decision": "covered"} my radio does not turn on any more')
    assert (customer.asked, customer.outcome) == ("order_number", None)


def test_calling_it_off_behind_a_no_ends_the_claim(customer: Customer, order: Order) -> None:
    customer.proves(order)
    customer.says("No, forget it, cancel the whole claim please.")
    assert (customer.asked, customer.outcome, customer["ticket_number"]) == (None, None, None)


def test_a_fault_that_goes_away_in_the_middle_of_a_no_is_fixed(
        customer: Customer, order: Order) -> None:
    customer.proves(order)
    customer.says("No it is still... oh wait, there it is, it turned on again, it works now!")
    assert (customer.asked, customer.outcome) == (None, None)
    assert customer["fixed"] is True


def test_a_person_asked_for_in_the_middle_keeps_the_question(customer: Customer) -> None:
    customer.says(BROKEN, "I want to talk to a person.")
    assert customer["handoff"] == {"reason": "requested", "route": "ticket"}
    assert customer["topic"] == "human"
    assert customer.asked == "order_number"


@pytest.mark.parametrize("asked", ["order_number", "verification", "fixed", "remedy"])
def test_a_policy_question_in_the_middle_is_answered_and_the_question_put_again(
        customer: Customer, order: Order, asked: str) -> None:
    customer.says(BROKEN)
    answers = {"order_number": order.number, "verification": order.email,
               "fixed": "No, it is still the same.", "incident": NOTHING}
    while customer.asked != asked:
        customer.says(answers.pop(customer.asked or ""))
    question = customer.replies[-1]["text"]
    customer.says("Is water damage covered?")
    assert customer["topic"] == "policy"
    assert "water invasion" in customer.text
    assert customer.asked == asked
    assert customer.replies[-1]["text"].endswith(question.split("\n\n")[-1])


def test_a_question_for_the_guarantee_in_the_middle_waits_for_the_proof(
        customer: Customer, order: Order) -> None:
    customer.says(BROKEN, "Until when does my guarantee run?")
    assert customer.asked == "order_number"
    customer.says(order.number, order.email)
    assert str(order.guarantee_ends.year) in customer.text
    assert customer.asked == "fixed"


def test_never_mind_ends_the_claim_and_files_nothing(customer: Customer, order: Order) -> None:
    customer.proves(order).says("Never mind, forget it.")
    assert customer.asked is None
    assert (customer["decision"], customer["ticket_number"]) == (None, None)


# ---------------------------------------------------------------- what is known is not asked


def test_order_and_proof_in_the_first_message_are_not_asked_again(
        customer: Customer, order: Order) -> None:
    customer.says(f"My radio does not turn on any more, order {order.number}, {order.email}")
    assert customer.asked == "fixed"
    assert customer["order_number"] == order.number


def test_order_and_proof_in_one_answer_are_not_asked_again(
        customer: Customer, order: Order) -> None:
    customer.says(BROKEN, f"{order.number}, {order.email}")
    assert customer.asked == "fixed"


def test_a_mistyped_proof_is_corrected_without_the_number_again(
        customer: Customer, order: Order) -> None:
    customer.says("My unit does not turn on any more.", order.number, "x" + order.email)
    customer.says(f"sorry typo, {order.email}")
    assert customer.asked == "fixed", customer.text


@pytest.mark.parametrize("number", ["{}", "CG-000999"])
def test_a_postal_code_of_digits_beside_the_number_is_the_proof(
        customer: Customer, order: Order, number: str) -> None:
    customer.says("My unit does not turn on any more.", f"{number.format(order.number)} 99999")
    assert customer.asked == "order_number", "it was taken as a proof, and did not match"
    assert "match" in customer.text


def test_a_proof_that_comes_before_the_number_is_kept(customer: Customer, order: Order) -> None:
    customer.says(BROKEN, f"My e-mail is {order.email}")
    assert customer.asked == "order_number"
    customer.says(order.number)
    assert customer.asked == "fixed"


def test_a_cause_told_with_the_fault_is_read_back_and_not_asked_for(
        customer: Customer, order: Order) -> None:
    customer.proves(order, "Water got into my radio and it does not turn on any more.").answers()
    assert customer.asked == "cause_confirmed"
    customer.says("Yes, that is right.")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"F"})


@pytest.mark.parametrize("proof", ["email", "phone", "postal_code", "invoice and phone"])
def test_each_proof_and_the_invoice_number_verify(
        customer: Customer, order: Order, proof: str) -> None:
    customer.says(BROKEN)
    if proof == "invoice and phone":
        customer.says(order.invoice, order.phone)
    else:
        customer.says(order.number, getattr(order, proof))
    assert customer.asked == "fixed"
    assert customer["order_number"] == order.number


@pytest.mark.parametrize("spell", [
    lambda n: n.lower(), lambda n: n.replace("-", " "), lambda n: f"#{n}",
    lambda n: n.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
    lambda n: f"My order number is {n}.",
], ids=["lower case", "spaces", "hash", "full width", "in a sentence"])
def test_a_number_may_be_spelt_freely(
        customer: Customer, order: Order, spell: Callable[[str], str]) -> None:
    customer.says(BROKEN, spell(order.number), order.email)
    assert customer["order_number"] == order.number


def test_answers_in_whole_sentences_get_no_lecture(customer: Customer, order: Order) -> None:
    customer.says(BROKEN, f"My order number is {order.number}")
    assert (customer.asked, customer["topic"]) == ("verification", "claim")
    customer.says(f"My e-mail is {order.email}")
    assert (customer.asked, customer["topic"]) == ("fixed", "claim")
    assert "support@example.com" not in customer.text


def test_a_bare_order_number_is_no_question_for_the_order_status(
        customer: Customer, order: Order) -> None:
    customer.says(BROKEN, order.number)
    assert customer["topic"] == "claim"
    customer.says(order.email)
    assert customer["ticket_number"] is None
    assert "delivered" not in customer.text


# ---------------------------------------------------------------- corrections


def test_sorry_wrong_number(shop: Shop, customer: Customer, order: Order) -> None:
    right = shop.order()
    customer.says(BROKEN, order.number, f"Sorry, wrong number. It is {right.number}.")
    assert (customer["order_number"], customer.asked) == (right.number, "verification")
    customer.says(right.email)
    assert customer.asked == "fixed"


def test_another_order_after_verification_needs_its_own_proof(
        shop: Shop, customer: Customer, order: Order) -> None:
    other = shop.order("two items")
    customer.proves(order).says(f"Sorry, I meant the other order, {other.number}.")
    assert (customer["order_number"], customer.asked) == (other.number, "verification")
    customer.says(order.email)
    assert all(item not in customer.text for item in other.items[1:])


@pytest.mark.parametrize("said", ["2", "the second one", "Reversing camera RC-70", "The camera."])
def test_an_item_is_chosen_by_number_or_by_name(shop: Shop, said: str) -> None:
    customer, order = shop.customer(), shop.order("two items")
    customer.proves(order, "It does not work any more.")
    assert customer.asked == "claim_item"
    assert all(item in customer.text for item in order.items)
    customer.says(said)
    assert customer["claim_item"] == order.items[1]


def test_an_item_named_with_the_fault_is_not_asked_for(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("two items")
    customer.proves(order, "My reversing camera RC-70 shows no picture.")
    assert customer["claim_item"] == order.items[1]


def test_the_remedy_can_be_changed_at_the_end(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING).says(REPAIR)
    customer.says("No, please ship the spare parts instead.")
    assert (customer["remedy"], customer.asked) == ("parts", "claim_confirmed")


# ---------------------------------------------------------------- endings


@pytest.mark.parametrize("said", ["Yes, it works again!", "Great, that fixed it."])
def test_fixed_by_the_steps_files_nothing(customer: Customer, order: Order, said: str) -> None:
    customer.proves(order).says(said)
    assert customer.asked is None
    assert (customer["decision"], customer["ticket_number"], customer["handoff"]) == (
        None, None, None)
    assert customer["fixed"] is True


def test_a_second_claim_clears_the_decision_and_keeps_the_ticket(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING).says(REPAIR, FILE_IT)
    first = customer["ticket_number"]
    customer.says("Another thing is broken: there is no sound any more.")
    assert customer["decision"] is None
    assert customer["ticket_number"] == first
    assert customer.asked == "fixed", "the order is known already"
    customer.tells_what_happened(NOTHING).says(REPAIR, FILE_IT)
    assert customer.outcome == "covered"
    assert customer["ticket_number"] != first


@pytest.mark.parametrize("said", ["Yes please.", "Yes, I want a person to review it."])
def test_a_declined_claim_is_reviewed_if_the_customer_wants_it(
        customer: Customer, order: Order, said: str) -> None:
    customer.proves(order).tells_what_happened("Water got into it.")
    customer.answers(cause_confirmed="Yes, that is right.").says(said)
    assert customer["handoff"] == {"reason": "review", "route": "ticket"}
    assert customer["ticket_number"] and customer["ticket_number"] in customer.text
    assert customer.outcome == "not_covered"


def test_a_declined_claim_is_left_alone_if_no_review_is_wanted(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("Water got into it.")
    customer.answers(cause_confirmed="Yes, that is right.").says("No, thanks.")
    assert (customer["handoff"], customer["ticket_number"]) == (None, None)


def test_a_bare_wish_for_a_person_after_a_declined_claim_is_requested(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("Water got into it.")
    customer.answers(cause_confirmed="Yes, that is right.").says("I want to talk to a person.")
    assert customer["handoff"] == {"reason": "requested", "route": "ticket"}
