"""Each topic and what the customer gets. Source: contract, "Topics"."""

from __future__ import annotations

import re

import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order
from tests.conversation.test_outcomes import FILE_IT, NOTHING, REPAIR, _long

PHONE = "00-86-755-36962403"


@pytest.mark.parametrize("message", ["My radio does not turn on any more.", "It is broken."])
def test_a_fault_begins_a_claim(customer: Customer, message: str) -> None:
    customer.says(message)
    assert (customer["topic"], customer.asked) == ("claim", "order_number")


@pytest.mark.parametrize("message", [
    "How do I update the firmware? The unit freezes all the time.",
    "I need a spare part for my head unit, a button broke off.",
])
def test_how_to_and_parts_for_a_product_that_misbehaves_are_a_claim(
        customer: Customer, message: str) -> None:
    customer.says(message)
    assert customer["topic"] == "claim"


def test_the_guarantee_is_told_after_verification(customer: Customer, order: Order) -> None:
    customer.says("Until when does my guarantee run?")
    assert (customer["topic"], customer.asked) == ("warranty_check", "order_number")
    customer.says(order.number, order.email)
    assert _long(order.guarantee_ends) in customer.text
    assert order.items[0] in customer.text
    assert customer["decision"] is None
    assert customer.asked is None


def test_the_guarantee_is_told_for_each_item(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("with a gift")
    customer.says("Until when does my guarantee run?", order.number, order.email)
    assert all(item in customer.text for item in order.items)
    assert "gift" in customer.text


def test_the_guarantee_is_not_told_without_the_proof(customer: Customer, order: Order) -> None:
    customer.says("Until when does my guarantee run?", order.number, "nobody@example.com")
    assert order.items[0] not in customer.text
    assert _long(order.guarantee_ends) not in customer.text


@pytest.mark.parametrize(("question", "clause"), [
    ("How long is the warranty?", "one year"),
    ("Is water damage covered?", "water invasion"),
    ("Do you pay for the repair?", "free of charge"),
    ("Is wear and tear covered by the warranty?", "depreciation"),
    ("What if a battery charger damages the unit?", "unstable voltage"),
])
def test_a_policy_question_is_answered_with_its_clause(
        customer: Customer, question: str, clause: str) -> None:
    customer.says(question)
    assert customer["topic"] == "policy"
    assert clause in customer.text


def test_the_status_of_the_ticket_of_this_conversation_needs_no_verification(
        customer: Customer) -> None:
    customer.says("I want to talk to a person.")
    ticket = customer["ticket_number"]
    customer.says("What is the status of my ticket?")
    assert customer["topic"] == "ticket_status"
    assert ticket in customer.text
    assert customer.asked is None


def test_the_status_of_a_ticket_of_another_conversation_needs_verification(
        shop: Shop, customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    customer.says(REPAIR, FILE_IT)
    later = shop.customer().says("What is the status of my ticket?")
    assert (later["topic"], later.asked) == ("ticket_status", "order_number")
    later.says(order.number, order.email)
    assert customer["ticket_number"] in later.text
    assert later.payload("ticket")["ticket_number"] == customer["ticket_number"]


@pytest.mark.parametrize(("kind", "words"), [
    ("unshipped", "not left"), ("shipped", "shipped"), ("new", "delivered"),
    ("cancelled", "cancelled"), ("refunded", "refunded"),
])
def test_the_order_status_is_told_after_verification(shop: Shop, kind: str, words: str) -> None:
    customer, order = shop.customer(), shop.order(kind)
    customer.says("Where is my order?")
    assert (customer["topic"], customer.asked) == ("order_status", "order_number")
    customer.says(order.number, order.email)
    assert words in customer.text
    assert customer["ticket_number"] is None, "a plain question opens no ticket"


def test_a_parcel_with_a_missing_item_goes_to_a_ticket(shop: Shop) -> None:
    customer, order = shop.customer(), shop.order("new")
    customer.says("An item is missing from my parcel.", order.number, order.email)
    ticket = customer["ticket_number"]
    assert ticket and ticket in customer.text


@pytest.mark.parametrize("message", [
    "I want to return it and get my money back.", "I would like to cancel my order."])
def test_a_return_or_refund_goes_to_a_person_and_rights_stay(
        customer: Customer, message: str) -> None:
    customer.says(message)
    assert customer["topic"] == "return_refund"
    assert customer["handoff"] == {"reason": "requested", "route": "ticket"}
    assert customer["ticket_number"]
    assert "rights" in customer.text


def test_contact_tells_all_ways_and_that_the_phone_is_closed(customer: Customer) -> None:
    customer.says("How can I contact you?")
    assert customer["topic"] == "contact"
    for way in ("support@example.com", PHONE, "icket", "hat"):
        assert way in customer.text
    assert re.search(r"closed|not answered", customer.text)


def test_contact_tells_that_the_phone_is_open(open_shop: Shop) -> None:
    customer = open_shop.customer().says("How can I contact you?")
    assert PHONE in customer.text
    assert "answered now" in customer.text


def test_a_question_before_buying_gets_the_sales_address(customer: Customer) -> None:
    customer.says("Which head unit fits my car? I want to buy one.")
    assert customer["topic"] == "presale"
    assert "sales@example.com" in customer.text


@pytest.mark.parametrize("message", [
    "Please delete all my personal data.", "I want a copy of the data you hold about me."])
def test_privacy_is_confirmed_by_e_mail_and_never_by_chat(
        customer: Customer, message: str) -> None:
    customer.says(message)
    assert customer["topic"] == "privacy"
    assert "e-mail" in customer.text
    assert customer["ticket_number"]


def test_who_asks_for_a_person_gets_a_ticket_outside_hours(customer: Customer) -> None:
    customer.says("I want to talk to a person.")
    assert customer["topic"] == "human"
    assert customer["handoff"] == {"reason": "requested", "route": "ticket"}
    assert customer["ticket_number"] in customer.text


def test_who_asks_for_a_person_gets_the_phone_in_working_hours(open_shop: Shop) -> None:
    customer = open_shop.customer().says("I want to talk to a person.")
    assert customer["handoff"] == {"reason": "requested", "route": "phone"}
    assert PHONE in customer.text
    assert customer["ticket_number"] is None


def test_a_greeting_is_small_talk(customer: Customer) -> None:
    customer.says("Hello")
    assert customer["topic"] == "smalltalk"
    assert "automated" in customer.text


def test_what_it_cannot_do_it_does_not_invent(customer: Customer) -> None:
    customer.says("Can you recommend a good pizza restaurant?")
    assert customer["topic"] == "out_of_scope"
    assert "outside what I can help with" in customer.text


def test_three_messages_that_are_not_understood_bring_a_person(customer: Customer) -> None:
    customer.says("42", "?", "17")
    assert customer["handoff"] == {"reason": "frustration", "route": "ticket"}


@pytest.mark.parametrize(("language", "message"), [
    ("en", "My radio does not turn on any more."),
    ("de", "Mein Radio lässt sich nicht mehr einschalten."),
    ("es", "Mi radio ya no se enciende."),
    ("zh", "我的车载导航主机打不开了。"),
])
def test_the_language_is_noticed(customer: Customer, language: str, message: str) -> None:
    customer.says(message)
    assert (customer["language"], customer["topic"]) == (language, "claim")
