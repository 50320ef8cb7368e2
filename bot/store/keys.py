"""How numbers, e-mails, phones and postal codes are compared. One place for import and look-up."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

_NOT_IN_A_KEY = re.compile(r"[\s#\-‐-―−]+")


def number_key(written: str) -> str:
    """An order or invoice number as it is compared: no case, spaces, dashes or `#`.

    Full-width characters count as plain ones and any script's digits as 0-9.
    """
    folded = unicodedata.normalize("NFKC", written)
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in folded)
    return _NOT_IN_A_KEY.sub("", digits).upper()


def email_key(written: str) -> str:
    """An e-mail address as it is compared."""
    return unicodedata.normalize("NFKC", written).strip().strip("<>.,;").casefold()


def phone_key(written: str, country: str | None = None) -> str:
    """A phone number as E.164 where that is possible (`+8675536962403`), else its digits.

    `country` is the order's ISO 3166 code, for numbers written without a prefix.
    """
    folded = unicodedata.normalize("NFKC", written).strip()
    digits = "".join(str(unicodedata.digit(c)) for c in folded if c.isdigit())
    candidate = "+" + digits[2:] if digits.startswith("00") else folded
    try:
        parsed = phonenumbers.parse(candidate, country or None)
    except phonenumbers.NumberParseException:
        return digits
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def postal_key(written: str) -> str:
    """A postal code as it is compared: no case, spaces or dashes."""
    return re.sub(r"[\s\-]+", "", unicodedata.normalize("NFKC", written)).upper()
