from __future__ import annotations

import pytest

from bot.services import patterns
from bot.understanding.calm import calm
from bot.understanding.clauses import clauses
from bot.understanding.openings import act_at_start, after_acknowledging, split_opening


@pytest.mark.parametrize(("text", "act"), [
    ("Yes, it was the rain", "affirm"), ("nope", "deny"), ("no idea, sorry", "dont_know"),
    ("sí", "affirm"), ("si", "affirm"), ("si, claro", "affirm"), ("si lo apago vuelve", None),
    ("he, aynen", "affirm"), ("he vuelto a probar y nada", None), ("はい、そうです", "affirm"),
    ("Oh wow, yes! It goes up again", "affirm"), ("oh my god yes, that did it", "affirm"),
    ("yeah nah", "deny"), ("yes no problem", "affirm"),
    ("não foi isso", "deny"), ("не знаю", "dont_know"), ("nothing helped", None),
])
def test_an_answer_is_known_by_its_first_words(text: str, act: str | None) -> None:
    assert act_at_start(text) == act


@pytest.mark.parametrize(("text", "phone"), [
    ("手机13800138000,前面加86", "13800138000"), ("โทร0812345678ครับ", "0812345678"),
    ("call +44 20 7946 0991 please", "+44 20 7946 0991"),
])
def test_numbers_are_found_where_no_spaces_stand_between_words(text: str, phone: str) -> None:
    assert phone in patterns.find(text).phones


def test_an_address_ends_where_another_script_begins() -> None:
    assert patterns.find("邮箱是li.wei@example.com谢谢").emails == ("li.wei@example.com",)
    assert patterns.find("mein müller@example.de hier").emails == ("müller@example.de",)


def test_a_code_before_a_short_word_is_found_alone_too() -> None:
    assert "4870" in patterns.find("4870 is the postcode").postal_codes
    assert patterns.find("1013 GZ").postal_codes == ("1013 GZ",)


def test_thai_phrases_are_clauses() -> None:
    assert len(clauses("ผมทำกาแฟเย็นหกใส่เครื่อง ตอนนี้กดอะไรไม่ติดเลย")) == 2


@pytest.mark.parametrize(("text", "rest"), [
    ("Yes, that's right, it was the rain", "it was the rain"), ("ja.", ""),
    ("係呀，跌落樓梯", "跌落樓梯"), ("the rain", "the rain"),
])
def test_what_follows_an_opening_is_kept(text: str, rest: str) -> None:
    assert split_opening(text)[1] == rest


@pytest.mark.parametrize(("text", "calmly"), [
    ("MY RADIO IS DEAD!!!! 😡😡", "My radio is dead!"), ("CG-2026", "CG-2026"),
    ("soooo annoying???!!", "soo annoying!"), ("The USB port of my DVD", "The USB port of my DVD"),
    ("画面が！！！消えた", "画面が！消えた"),
])
def test_shouting_is_read_as_if_said_calmly(text: str, calmly: str) -> None:
    assert calm(text) == calmly


@pytest.mark.parametrize(("text", "rest"), [
    ("ok, no need", "no need"), ("It is okay, leave it", "leave it"), ("好的，算了吧", "算了吧"),
    ("fine", ""), ("yes please", None), ("no thanks", None), ("okra is a vegetable", None),
])
def test_what_follows_an_ok(text: str, rest: str | None) -> None:
    assert after_acknowledging(text) == rest
