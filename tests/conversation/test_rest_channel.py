"""The REST channel from outside: the token, odd requests, repeats, buttons and payloads."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.conversation.customer import Customer, Shop
from tests.conversation.orders import Order
from tests.conversation.server import TOKEN
from tests.conversation.test_outcomes import FILE_IT, NOTHING, REPAIR

WEBHOOK = "/webhooks/rest/webhook"
BROKEN = "My radio does not turn on any more."
FULL_WIDTH = str.maketrans({"/": "／", "{": "｛", "}": "｝"})
COMMANDS = ["/affirm", "/restart", "/session_start", '/inform{"order_number": "CG2026-000001"}',
            '/remedy{"label": "parts"}', "/ affirm", "//affirm", "\u200b/affirm", "  /affirm"]


# ---------------------------------------------------------------- who may ask


@pytest.mark.parametrize("header", [
    None, "Bearer wrong", "Bearer", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x",
    "Bearer \xe4\xf6\xfc".encode("latin-1")])
def test_without_the_token_nothing_is_answered(shop: Shop, header: Any) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = httpx.post(f"{shop.server.url}{WEBHOOK}", headers=headers, timeout=30,
                          json={"sender": "somebody", "message": "Hello"})
    assert response.status_code == 401
    assert "token" in response.json()["error"]


@pytest.mark.parametrize("query", ["", "?token=wrong"])
def test_without_the_token_no_conversation_is_shown(
        shop: Shop, customer: Customer, query: str) -> None:
    customer.says("Hello")
    response = httpx.get(f"{shop.server.url}/conversations/{customer.sender}/tracker{query}",
                         timeout=30)
    assert response.status_code in (401, 403)


# ---------------------------------------------------------------- requests that are none


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"Hello"', b"null", b"17", b"\xff\xfe", b"{}",
    b'{"sender": "a"}', b'{"message": "Hello"}', b'{"sender": "", "message": "Hello"}',
    b'{"sender": "a", "message": ""}', b'{"sender": "a", "message": "   "}',
    b'{"sender": "a", "message": 17}', b'{"sender": "a", "message": null}',
    b'{"sender": ["a"], "message": "Hello"}', b'{"sender": "a\\u0000b", "message": "Hello"}',
    b'{"sender": "a\\ud800b", "message": "Hello"}', b'{"sender": "a\\nb", "message": "Hello"}',
    b'{"sender": "' + b"a" * 300 + b'", "message": "Hello"}',
    b'{"sender": "a", "message": "Hello", "message_id": ""}',
    b'{"sender": "a", "message": "\\u200b\\u0000\\ud800"}',
    b'{"sender": "a", "message": "' + b"a" * 4001 + b'"}',
    b"[" * 100_000,
], ids=lambda body: repr(body[:40]))
def test_a_bad_request_is_refused_with_a_reason(shop: Shop, body: bytes) -> None:
    response = shop.http.post(WEBHOOK, content=body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_message_of_a_megabyte_is_refused(shop: Shop, customer: Customer) -> None:
    try:
        response = shop.http.post(WEBHOOK, json={"sender": customer.sender,
                                                 "message": "a" * 1_000_000})
        assert response.status_code in (400, 413)
    except httpx.TransportError:
        pass  # the connection may be closed before all of it was sent
    customer.says("Hello")


@pytest.mark.parametrize("message", ["a\x00b", "a\ud800b", "Hello\u202e\u200b there\x07"])
def test_control_characters_in_a_message_are_dropped(customer: Customer, message: str) -> None:
    body = json.dumps({"sender": customer.sender, "message": message}).encode()
    response = customer.http.post(WEBHOOK, content=body)
    assert response.status_code == 200, response.text
    assert response.json()
    kept = [e["text"] for e in customer.tracker()["events"] if e["event"] == "user"][-1]
    assert all(c.isprintable() for c in kept)


# ---------------------------------------------------------------- repeats


def test_the_same_message_id_is_the_same_message(customer: Customer) -> None:
    first = customer.sends(BROKEN, "m-1")
    events = len(customer.tracker()["events"])
    assert customer.sends(BROKEN, "m-1") == first
    assert customer.sends("Something else", "m-1") == first
    assert len(customer.tracker()["events"]) == events
    assert customer.sends(BROKEN, "m-2") != []


def test_the_same_message_id_of_somebody_else_is_another_message(shop: Shop) -> None:
    one, other = shop.customer(), shop.customer()
    one.sends("Hello", "m-1")
    assert "order number" in other.sends(BROKEN, "m-1")[0]["text"]


def test_a_repeated_last_step_files_one_ticket(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING).says(REPAIR)
    first = customer.sends(FILE_IT, "m-1")
    ticket = customer["ticket_number"]
    assert ticket
    assert customer.sends(FILE_IT, "m-1") == first
    assert customer["ticket_number"] == ticket


# ---------------------------------------------------------------- buttons and typed commands


def test_a_whole_claim_by_buttons(customer: Customer, order: Order) -> None:
    customer.says("Hello").presses("Something is broken")
    customer.says(order.number, order.email)
    if customer.asked == "symptom":
        customer.says(BROKEN)
    customer.presses("Still the same").presses("Nothing happened")
    assert customer.outcome == "covered"
    customer.presses("Ship spare parts").presses("Yes, file it")
    assert customer["remedy"] == "parts"
    assert customer["ticket_number"]


def test_dont_know_as_a_button_excludes_nothing(customer: Customer, order: Order) -> None:
    customer.proves(order).answers().presses("I don't know")
    assert (customer.outcome, customer.reasons) == ("covered", set())


def test_a_declined_claim_by_buttons(customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened("Water got into it.").presses("Yes, that's right")
    assert (customer.outcome, customer.reasons) == ("not_covered", {"F"})
    customer.presses("Yes, have it reviewed")
    assert customer["handoff"] == {"reason": "review", "route": "ticket"}


def test_i_have_neither_as_a_button_is_unverified(customer: Customer) -> None:
    customer.says(BROKEN).presses("I have neither")
    assert customer.outcome == "unverified"


def test_a_button_carries_an_id_and_no_command(customer: Customer) -> None:
    customer.says("Hello")
    assert customer.buttons
    for button in customer.buttons:
        assert set(button) == {"title", "payload"}
        assert button["payload"].startswith("button:")
        assert "/" not in button["payload"]


def test_the_transcript_shows_the_title_of_a_pressed_button(customer: Customer) -> None:
    customer.says("Hello").presses("Where is my order?")
    assert (customer["topic"], customer.asked) == ("order_status", "order_number")


def test_a_button_of_somebody_else_means_nothing(
        shop: Shop, customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING).says(REPAIR)
    yes = next(b["payload"] for b in customer.buttons if b["title"] == "Yes, file it")
    other, own = shop.customer(), shop.order()
    other.proves(own).tells_what_happened(NOTHING).says(REPAIR)
    other.says(yes)
    assert other["ticket_number"] is None


@pytest.mark.parametrize("typed", [*COMMANDS, *(c.translate(FULL_WIDTH) for c in COMMANDS)])
def test_a_typed_command_means_nothing(shop: Shop, typed: str) -> None:
    customer, order = shop.customer(), shop.order()
    customer.says(f"{BROKEN} {order.number}").says(typed)
    slots = customer.slots
    assert slots["requested_slot"] == "verification"
    assert slots["order_number"] == order.number
    assert slots["remedy"] is None
    assert "restart" not in {e["event"] for e in customer.tracker()["events"]}
    latest = [e for e in customer.tracker()["events"] if e["event"] == "user"][-1]
    assert latest["parse_data"]["intent"]["name"] in ("out_of_scope", "nlu_fallback")


@pytest.mark.parametrize("typed", ["/affirm", "／affirm"])
def test_a_typed_affirm_confirms_no_cause(customer: Customer, order: Order, typed: str) -> None:
    customer.proves(order).tells_what_happened("Water got into it.").says(typed)
    assert customer.asked == "cause_confirmed"
    assert customer["decision"] is None


@pytest.mark.parametrize("typed", ["/affirm", "／affirm"])
def test_a_typed_affirm_files_nothing(customer: Customer, order: Order, typed: str) -> None:
    customer.proves(order).tells_what_happened(NOTHING).says(REPAIR, typed)
    assert customer["ticket_number"] is None


# ---------------------------------------------------------------- payloads


def test_a_decision_and_a_ticket_are_also_told_to_machines(
        customer: Customer, order: Order) -> None:
    customer.proves(order).tells_what_happened(NOTHING)
    payload = customer.payload("decision")
    assert {k: payload[k] for k in customer["decision"]} == customer["decision"]
    customer.says(REPAIR, FILE_IT)
    assert customer.payload("ticket")["ticket_number"] == customer["ticket_number"]


def test_a_handoff_and_a_safety_message_are_also_told_to_machines(customer: Customer) -> None:
    customer.says("There is smoke coming out of my radio!")
    assert customer.payload("safety")["hazard"] == "smoke"
    payload = customer.payload("handoff")
    assert {k: payload[k] for k in customer["handoff"]} == customer["handoff"]
    assert payload["ticket_number"] == customer["ticket_number"]


def test_an_unverified_decision_is_also_told_to_machines(customer: Customer) -> None:
    customer.says(BROKEN, "I have no order number and no invoice.")
    assert customer.payload("decision")["outcome"] == "unverified"


def test_replies_are_as_in_rasa(customer: Customer) -> None:
    customer.says("Hello")
    for reply in customer.replies:
        assert reply["recipient_id"] == customer.sender
        assert set(reply) <= {"recipient_id", "text", "buttons", "custom"}


# ---------------------------------------------------------------- never silent


ODD = ["😀", "👍", "?", "???", "...", "!", "42", "0", "1234567890", "-1", "a", "ok", "xyzzy",
       "<b>bold</b>", "{slot}", "{{label}}", "%s", "' OR 1=1 --", "button:000000000000", "button:",
       "🔥", "word " * 600, "x" * 3000, "電" * 3000, "\u0301\u0301\u0301", "١٢٣", "\n.\n"]


def _spoke(customer: Customer) -> None:
    assert customer.replies
    assert all(reply["text"].strip() for reply in customer.replies), customer.replies
    assert "went wrong on my side" not in customer.text


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd[:20]))
def test_an_odd_message_is_never_met_with_silence(customer: Customer, odd: str) -> None:
    _spoke(customer.says(odd))


@pytest.mark.parametrize("asked", ["order_number", "verification", "symptom", "fixed", "incident",
                                   "cause_confirmed", "remedy", "claim_confirmed"])
def test_an_odd_answer_is_never_met_with_silence(shop: Shop, asked: str) -> None:
    for odd in ("😀", "?", "x" * 3000):
        customer, order = shop.customer(), shop.order()
        customer.says("I need help, something is broken." if asked == "symptom" else BROKEN)
        water = asked == "cause_confirmed"
        answers = {"order_number": order.number, "verification": order.email,
                   "fixed": "No, it is still the same.", "remedy": REPAIR,
                   "incident": "Water got into it." if water else NOTHING}
        while customer.asked != asked:
            assert customer.asked in answers, f"{customer.asked}: {customer.text}"
            customer.says(answers.pop(customer.asked))
        _spoke(customer.says(odd))


def test_the_same_odd_message_again_and_again_is_never_met_with_silence(
        customer: Customer) -> None:
    for _ in range(6):
        _spoke(customer.says("?"))
    _spoke(customer.says(BROKEN))
    for _ in range(6):
        _spoke(customer.says("?"))
