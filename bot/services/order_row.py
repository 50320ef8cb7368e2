"""One row of an orders file checked value by value. Source of the rules: contract, "Orders: CSV",
and the columns of `bot.store.tables`."""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from babel import Locale
from babel.core import get_global

from bot.services.order_csv import COLUMNS
from bot.store.keys import email_key, number_key
from bot.store.tables import Customer, Order, OrderLine

STATUSES = ("unshipped", "shipped", "delivered", "cancelled", "refunded")
MAX_QUANTITY = 100_000

_LENGTHS = {
    **{name: Order.__table__.c[name].type.length
       for name in ("order_number", "invoice_number", "email", "phone", "postal_code")},
    **{name: OrderLine.__table__.c[name].type.length
       for name in ("sku", "product_name", "serial_number")},
    "customer_name": Customer.__table__.c.name.type.length,
}
_NEEDED = {"order_number", "status", "sku", "product_name", "quantity", "unit_price", "currency",
           "is_gift"}
#: Texts for people: a line break in them is only a space.
_PROSE = ("customer_name", "product_name")
#: Written by spreadsheets and web pages, never by a customer (the chat drops them too).
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"._-][^\s@<>()\[\],;:\\\"_]*"
                    r"\.[^\s@<>()\[\],;:\\\"._]{2,}")
_PHONE = re.compile(r"\+?[\d ().\-/‐-―]+( ?(x|ext\.?) ?\d{1,6})?", re.IGNORECASE)
_POSTAL = re.compile(r"[\w .\-〒]+")
_QUANTITY = re.compile(r"[0-9]{1,6}")
_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
#: In Babel's list, but no country's code in ISO 3166-1. Kosovo's XK stays: it is in common use.
_NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA",
                         "XB", "ZZ"})


#: The rows of an order mostly follow each other.
_key = functools.lru_cache(maxsize=4096)(number_key)


class _Bad(Exception):
    """A value that is not allowed; the text says what is."""


def check(values: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """A row's values as the store keeps them, and what is wrong with them, a sentence each.

    In: the texts in the order of COLUMNS. The values are complete only if nothing is wrong.
    """
    unusable = _UNUSABLE.search("".join(values))
    row: dict[str, Any] = {}
    reasons: list[str] = []
    for column, written, rule in zip(COLUMNS, values, _RULES, strict=False):
        value = written.strip()
        try:
            if unusable:
                value = _usable(column, value)
            if not value:
                if column in _NEEDED:
                    raise _Bad("is empty; it must be given")
                row[column] = "" if column == "customer_name" else None
                continue
            longest = _LENGTHS.get(column)
            if longest and len(value) > longest:
                raise _Bad(f"has {len(value)} characters; at most {longest} are allowed")
            row[column] = rule(value)
        except _Bad as bad:
            reasons.append(f"{column} {_shown(value)} {bad}" if value else f"{column} {bad}")
    if not reasons:
        if not (row["email"] or row["phone"] or row["postal_code"]):
            reasons.append("email, phone and postal_code are all empty; at least one must be "
                           "given, or nobody could be verified")
        row["order_key"] = _key(row["order_number"])
        row["invoice_key"] = _key(row["invoice_number"]) if row["invoice_number"] else None
        row["customer_key"] = email_key(row["email"]) if row["email"] else row["order_key"]
    return row, reasons


def order_key(written: str) -> str | None:
    """The key of a row's order, also of a bad row; None if it has no usable number."""
    try:
        return _key(_number(_usable("order_number", written.strip())))
    except _Bad:
        return None


def _usable(column: str, value: str) -> str:
    if column in _PROSE:
        value = re.sub(r"[\t\r\n\u2028\u2029]+", " ", value)
    found = _UNUSABLE.search(value)
    if found is None:
        return value
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how `surrogateescape` carries a byte
        raise _Bad(f"has the byte 0x{code - 0xDC00:02X}, which is not UTF-8; save the file as "
                   "UTF-8")
    raise _Bad(f"has the character U+{code:04X}; only text is allowed")


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:39]}…")


def _plain(value: str) -> str:
    """Without what cannot be seen; full-width forms as plain ones."""
    return value if value.isascii() else _INVISIBLE.sub("", value).strip()


def _folded(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFKC", _plain(value)).strip()


def _text(value: str) -> str:
    return value


def _number(value: str) -> str:
    value = _plain(value)
    key = _key(value)
    if not key:
        raise _Bad("has no letter or digit; an order or invoice number needs one")
    if len(key) > _LENGTHS["order_number"]:
        raise _Bad(f"is too long; at most {_LENGTHS['order_number']} characters are allowed")
    return value


@functools.lru_cache(maxsize=4096)
def _date(value: str) -> dt.date:
    try:
        if _DATE.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        raise _Bad("is not in the calendar; give a date such as 2026-03-01, or nothing") from None
    raise _Bad("is not a date; write it as 2026-03-01, or leave it empty")


def _status(value: str) -> str:
    if value not in STATUSES:
        raise _Bad(f"is not allowed; use one of {', '.join(STATUSES)}")
    return value


def _email(value: str) -> str:
    value = _folded(value)
    if not _EMAIL.fullmatch(value) or ".." in value or value.startswith(".") or ".@" in value:
        raise _Bad("is not an e-mail address; write it as name@example.com, or leave it empty")
    if len(email_key(value)) > _LENGTHS["email"]:
        raise _Bad(f"is too long; at most {_LENGTHS['email']} characters are allowed")
    return value


def _phone(value: str) -> str:
    value = _folded(value)
    if not _PHONE.fullmatch(value) or not 6 <= sum(map(str.isdigit, value)) <= 22:
        raise _Bad("is not a phone number; use digits, spaces, + - ( ) . / and at least 6 digits, "
                   "or leave it empty")
    return value


def _postal_code(value: str) -> str:
    value = _folded(value)
    # Each of the world's postal codes has a digit. "-" or "n/a" would verify anybody who types it.
    if not _POSTAL.fullmatch(value) or not any(map(str.isdigit, value)):
        raise _Bad("is not a postal code; use letters, digits, spaces and dashes with at least "
                   "one digit, or leave it empty")
    if len(value) > _LENGTHS["postal_code"]:
        raise _Bad(f"is too long; at most {_LENGTHS['postal_code']} characters are allowed")
    return value


@functools.lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    names = [str(name) for name in Locale("en").territories]
    return frozenset(n for n in names if len(n) == 2 and n.isalpha()) - _NO_COUNTRY


@functools.lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    """Legal tender at some time since 2000, as old orders are in old money."""
    return frozenset(
        currency for used in get_global("territory_currencies").values()
        for currency, _, end, tender in used if tender and (end is None or end[0] >= 2000))


def _country(value: str) -> str:
    if value.upper() not in _countries():
        raise _Bad("is not a country; use two letters of ISO 3166 such as DE, or leave it empty")
    return value.upper()


def _quantity(value: str) -> int:
    if not _QUANTITY.fullmatch(value) or not 1 <= int(value) <= MAX_QUANTITY:
        raise _Bad(f"is not allowed; use a whole number from 1 to {MAX_QUANTITY}")
    return int(value)


def _unit_price(value: str) -> str:
    if not _PRICE.fullmatch(value):
        raise _Bad("is not a price; use a number from 0 with a point and at most 2 decimals, "
                   "such as 129.90")
    whole, _, cents = value.partition(".")
    return f"{int(whole)}.{cents:0<2}"


def _currency(value: str) -> str:
    if value.upper() not in _currencies():
        raise _Bad("is not a currency; use three letters of ISO 4217 such as EUR")
    return value.upper()


def _is_gift(value: str) -> bool:
    if value not in ("0", "1"):
        raise _Bad("is not allowed; use 0 or 1")
    return value == "1"


_BY_COLUMN: dict[str, Callable[[str], Any]] = {
    "order_number": _number, "invoice_number": _number, "invoice_date": _date, "status": _status,
    "email": _email, "phone": _phone, "postal_code": _postal_code, "country": _country,
    "quantity": _quantity, "unit_price": _unit_price, "currency": _currency, "is_gift": _is_gift,
}
_RULES = tuple(_BY_COLUMN.get(column, _text) for column in COLUMNS)
