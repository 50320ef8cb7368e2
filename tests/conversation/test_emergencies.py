"""Emergencies come before everything else. Source: contract, "Emergencies"."""

from __future__ import annotations

import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order

DANGERS = {
    "smoke": "There is smoke coming out of my radio!",
    "fire": "My head unit is on fire!",
    "burning smell": "There is a burning smell from the unit.",
    "sparks": "Sparks are flying out of the radio.",
    "melting": "The cable behind the radio is melting.",
    "too hot": "The unit gets so hot that I cannot touch it.",
    "swollen battery": "The battery of the jump starter is swollen.",
    "leaking battery": "The battery is leaking some liquid.",
    "fuse": "The fuse blows again every time I replace it.",
    "shock": "I got an electric shock from the radio.",
    "injury": "I burned my hand on the unit.",
    "screen while driving": "The screen went black while I was driving.",
    "camera while driving": "The camera fails while I am driving.",
}
HARMLESS = {
    "explained": "A fuse blew once last year, it was replaced and everything has been fine since.",
    "negated": "There is no smoke and no burning smell, it just does not turn on.",
    "metaphor": "Your new radio is fire, I love it.",
    "flat battery": "The car battery is flat in the morning.",
    "a product": "Does the unit work with my Fire TV stick?",
    "a crash long ago": "Somebody crashed into me last month and the camera is cracked since.",
    "a spilt coffee": "I spilled hot coffee over the radio while driving to work.",
    "a parked car": "The reversing camera stays black when I park in the garage.",
    "burning discs": "It does not play the CDs that I burn at home.",
    "a hot summer": "The radio lost its settings in the hot summer.",
    "a question": "Does the guarantee cover damage by fire?",
    "a shock of another kind": "I was shocked by the price of the shipping.",
}
#: The alarm prefers a needless sentence to a missed fire, so a few of these may set it off.
FALSE_ALARMS = 2


@pytest.mark.parametrize("danger", DANGERS)
def test_outside_hours_it_is_an_urgent_ticket(customer: Customer, danger: str) -> None:
    customer.says(DANGERS[danger])
    assert customer["topic"] == "emergency"
    assert customer["handoff"] == {"reason": "emergency", "route": "ticket"}
    assert customer.replies[0]["custom"]["type"] == "safety", "the safety message comes first"
    handoff = customer.payload("handoff")
    assert (handoff["reason"], handoff["route"]) == ("emergency", "ticket")
    assert customer["ticket_number"] and customer["ticket_number"] in customer.text
    assert "00-86-755-36962403" in customer.text, "the number for later"
    assert "order number" not in customer.text
    assert customer.asked is None


@pytest.mark.parametrize("danger", DANGERS)
def test_in_working_hours_it_is_the_phone(open_shop: Shop, danger: str) -> None:
    customer = open_shop.customer().says(DANGERS[danger])
    assert customer["handoff"] == {"reason": "emergency", "route": "phone"}
    assert customer.replies[0]["custom"]["type"] == "safety"
    assert "00-86-755-36962403" in customer.text
    assert customer["ticket_number"] is None
    assert customer.asked is None


def test_what_only_sounds_like_one_is_none(shop: Shop) -> None:
    alarmed = []
    for name, message in HARMLESS.items():
        customer = shop.customer().says(message)
        if customer.has_payload("safety"):
            alarmed.append(name)
        else:
            assert (customer["handoff"] or {}).get("reason") != "emergency"
    assert len(alarmed) <= FALSE_ALARMS, alarmed


@pytest.mark.parametrize("asked", ["order_number", "verification", "fixed", "incident", "remedy"])
def test_in_the_middle_of_a_claim_the_question_stays_open(
        customer: Customer, order: Order, asked: str) -> None:
    answers = {"order_number": order.number, "verification": order.email,
               "fixed": "No, it is still the same.", "incident": "No, nothing happened to it."}
    customer.says("My radio does not turn on any more.")
    while customer.asked != asked:
        customer.says(answers.pop(customer.asked or ""))
    customer.says("Now there is smoke coming out of it!")
    assert customer.replies[0]["custom"]["type"] == "safety", "before any other question"
    assert not customer.replies[0].get("buttons")
    assert customer["handoff"] == {"reason": "emergency", "route": "ticket"}
    assert customer.asked == asked


def test_in_the_middle_of_a_look_up_the_question_stays_open(customer: Customer) -> None:
    customer.says("Until when does my guarantee run?")
    assert customer.asked == "order_number"
    customer.says("Now there is smoke coming out of the radio!")
    assert customer["handoff"] == {"reason": "emergency", "route": "ticket"}
    assert customer.asked == "order_number"


def test_after_an_emergency_the_claim_goes_on(customer: Customer, order: Order) -> None:
    customer.proves(order).says("Now there is smoke coming out of it!")
    customer.says("No, it is still the same.")
    assert customer.asked == "incident"
    customer.says("No, nothing happened to it.")
    assert customer.outcome == "covered"
