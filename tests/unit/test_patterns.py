"""Numbers and codes in a text, by their shape."""

from __future__ import annotations

import pytest

from bot.services import patterns


@pytest.mark.parametrize("text, number", [
    ("the invoice says CGI/26/03391, is that it?", "CGI/26/03391"),
    ("FV.2026.00123.", "FV.2026.00123"),
    ("ref. 2026_77_105", "2026_77_105"),
])
def test_a_number_in_parts_is_one(text: str, number: str) -> None:
    assert patterns.find(text).order_numbers[0] == number


@pytest.mark.parametrize("text, number", [
    ("es el mx mty 0091 44527", "mx mty 0091 44527"), ("pl bia 15 80063 k", "pl bia 15 80063 k"),
    ("номер ЗК-2026/5508-331-9 вроде", "ЗК-2026/5508-331-9"),
    ("KF 2026/88317", "KF 2026/88317"), ("PL/2026/04 77215", "PL/2026/04 77215"),
    ("CG2026ー704531 て紙に書いてあります", "CG2026-704531"),
    ("it's 99-TH-4130-77-05", "99-TH-4130-77-05"), ("CG 2026 004512 please", "CG 2026 004512"),
])
def test_a_number_is_found_however_it_is_written(text: str, number: str) -> None:
    assert number in patterns.find(text).order_numbers


def test_a_long_text_does_not_have_thousands_of_candidates() -> None:
    log = " ".join(f"E{n} err {n * 7}" for n in range(5000))
    assert len(patterns.find(log).order_numbers) < 400


def test_a_date_stands_by_itself() -> None:
    assert patterns.find("bought on 2026-03-01.").dates == ("2026-03-01",)
    assert patterns.find("order 99-TH-4130-77-05").dates == ()


@pytest.mark.parametrize("text", ["black and/or red", "1/2 of them", "rated 10/10", "it broke."])
def test_other_parts_are_no_number(text: str) -> None:
    assert not [n for n in patterns.find(text).order_numbers if patterns.likely_order_number(n)]


@pytest.mark.parametrize("text, code", [
    ("postcode T12 XW71", "T12 XW71"), ("D02AF30", "D02AF30"), ("pin is 560 001", "560 001"),
    ("SW1A 1AA", "SW1A 1AA"), ("1012 AB", "1012 AB")])
def test_postal_codes(text: str, code: str) -> None:
    assert code in patterns.find(text).postal_codes
