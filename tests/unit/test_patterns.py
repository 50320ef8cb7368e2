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


@pytest.mark.parametrize("text", ["black and/or red", "1/2 of them", "rated 10/10", "it broke."])
def test_other_parts_are_no_number(text: str) -> None:
    assert not [n for n in patterns.find(text).order_numbers if patterns.likely_order_number(n)]


@pytest.mark.parametrize("text, code", [
    ("postcode T12 XW71", "T12 XW71"), ("D02AF30", "D02AF30"), ("pin is 560 001", "560 001"),
    ("SW1A 1AA", "SW1A 1AA"), ("1012 AB", "1012 AB")])
def test_postal_codes(text: str, code: str) -> None:
    assert code in patterns.find(text).postal_codes
