"""Verification: how numbers and proofs may be spelled, and what guessing gets."""

from __future__ import annotations

import csv
import io

import pytest

from bot.services.order_csv import COLUMNS
from bot.services.order_import import import_orders
from bot.services.orders import FAILURES_PER_ORDER, Orders
from bot.store.database import Database

EMAIL = "ann.bell@example.com"
ORDER = ["CG2026-004512", "INV-77/8", "2026-03-01", "delivered", "Ann Bell", EMAIL,
         "030 23125 144", "D-10 115", "DE", "HU-1", "Head unit", "SN-1", "1", "129.90", "EUR", "0"]
WRONG = "nobody@example.com"


@pytest.fixture
def orders(database: Database) -> Orders:
    load(database, ORDER)
    return Orders(database)


def load(database: Database, *rows: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    import_orders(database, io.StringIO(out.getvalue()))


def like(**changes: str) -> list[str]:
    return [changes.get(column, value) for column, value in zip(COLUMNS, ORDER, strict=True)]


@pytest.mark.parametrize("number", [
    "CG2026-004512", "cg2026-004512", "CG 2026 004512", "#CG2026004512", "  cg2026 - 004512 ",
    "ＣＧ２０２６－００４５１２", "CG2026–004512", "cg2026-٠٠٤٥١٢",
    "INV-77/8", "inv 77/8", "#INV77/8"])
def test_spellings_of_a_number(orders: Orders, number: str) -> None:
    order = orders.verify("c", number, [EMAIL])
    assert order is not None and order.order_number == "CG2026-004512"
    assert orders.known([number, "CG2026-999999"]) == [number]


@pytest.mark.parametrize("proof", [
    EMAIL, "Ann.Bell@EXAMPLE.com", " <ann.bell@example.com>. ",
    "ａｎｎ．ｂｅｌｌ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    "030 23125 144", "+49 30 23125144", "0049 (30) 23125-144", "０３０２３１２５１４４",
    "D-10 115", "d10115", "D-10-115"])
def test_spellings_of_a_proof(orders: Orders, proof: str) -> None:
    assert orders.verify("c", "CG2026-004512", [proof]) is not None


@pytest.mark.parametrize("proof", [
    "", " ", "-", WRONG, "125144", "+1 30 23125144", "10115", "Ann Bell", "ann.bell", "@", "+49",
    "0"])
def test_wrong_proofs(orders: Orders, proof: str) -> None:
    assert orders.verify("c", "CG2026-004512", [proof]) is None


def test_one_right_proof_among_several_is_enough(orders: Orders) -> None:
    assert orders.verify("c", "CG2026-004512", [WRONG, "D-10115"]) is not None


@pytest.mark.parametrize("number", ["", "#", "CG2026-00451", "9" * 500, "%", "CG2026_004512"])
def test_unknown_and_wrong_get_the_same_answer(orders: Orders, number: str) -> None:
    assert orders.verify("c1", number, [EMAIL]) is None
    assert orders.verify("c2", "CG2026-004512", [WRONG]) is None


def test_three_attempts_in_a_conversation(orders: Orders) -> None:
    for number in ("CG2026-004512", "unknown", "CG2026-004512"):
        assert orders.verify("guesser", number, [WRONG]) is None
    assert orders.verify("guesser", "CG2026-004512", [EMAIL]) is None
    assert orders.verify("somebody else", "CG2026-004512", [EMAIL]) is not None


def test_a_list_of_guesses_is_one_small_attempt(orders: Orders) -> None:
    guesses = [EMAIL, *(f"{n:05}" for n in range(20))]
    assert orders.verify("guesser", "CG2026-004512", guesses) is None
    assert orders.verify("customer", "CG2026-004512", [*guesses, EMAIL]) is not None


def test_the_third_attempt_still_counts(orders: Orders) -> None:
    for _ in range(2):
        orders.verify("c", "CG2026-004512", [WRONG])
    assert orders.verify("c", "CG2026-004512", [EMAIL]) is not None


def test_an_order_is_closed_to_guessing_from_many_conversations(orders: Orders) -> None:
    for n in range(FAILURES_PER_ORDER):
        orders.verify(f"guesser {n}", "CG2026-004512", [WRONG])
    assert orders.verify("honest", "cg2026 004512", [EMAIL]) is None


def test_an_invoice_of_two_orders_names_neither(database: Database) -> None:
    load(database, ORDER, like(order_number="2", serial_number="SN-2"))
    assert Orders(database).verify("c", "INV-77/8", [EMAIL]) is None
    assert Orders(database).verify("c", "2", [EMAIL]) is not None


@pytest.mark.parametrize("proof", ["", "-", "none", "\0"])
def test_an_order_without_e_mail_or_phone_is_not_open_to_empty_proofs(
        proof: str, sqlite_database: Database) -> None:
    load(sqlite_database, like(email="", phone=""))
    assert Orders(sqlite_database).verify("c", "CG2026-004512", [proof]) is None


def test_a_phone_without_its_country_where_the_order_has_none(sqlite_database: Database) -> None:
    load(sqlite_database, like(country="", phone="+49 30 23125 144"))
    assert Orders(sqlite_database).verify("c", "CG2026-004512", ["030 23125144"]) is not None


def test_what_a_verified_customer_gets(orders: Orders) -> None:
    order = orders.verify("c", "CG2026-004512", [EMAIL])
    assert order is not None and orders.verified(order.order_id) == order
    assert (order.customer_name, order.status) == ("Ann Bell", "delivered")
    item, = order.items
    assert (item.name, item.serial_number, item.quantity, item.is_gift) == (
        "Head unit", "SN-1", 1, False)
