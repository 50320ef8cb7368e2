"""Order numbers, e-mails, phones, postal codes and dates in a text: candidates by their shape.

Whether a number is an order of the shop is not decided here but looked up.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

#: A letter or digit of a script that puts spaces between words. Others touch what is no part of
#: them: "手机13800138000".
_W = r"[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_EMAIL = re.compile(rf"(?:{_W}|[.+\-'])+@(?:{_W}|-)+(?:\.(?:{_W}|-)+)+")
_EMAIL_SPOKEN = re.compile(
    r"([\w.+\-]+)\s*(?:\(at\)|\[at\]|\s+at\s+)\s*([\w\-]+(?:\s*(?:\.|\(dot\)|\s+dot\s+)\s*[\w\-]+)+)",
    re.IGNORECASE)
_SPOKEN_DOT = re.compile(r"\s*(?:[(]dot[)]|dot|[.])\s*", re.IGNORECASE)
_PHONE = re.compile(rf"(?<!{_W})(?<!-)(?:\+|00)?\(?\d[\d\s().\-/]{{5,18}}\d(?!{_W})")
#: Dates, which stand by themselves: "99-TH-4130-77-05" holds none.
_ISO_DATE = re.compile(rf"(?<!{_W})(?<![-/.])(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})"
                       rf"(?!{_W}|[-/])")
_DAY_DATE = re.compile(rf"(?<!{_W})(?<![-/.])(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}})"
                       rf"(?!{_W}|[-/])")
#: Japanese keyboards put the mark of a long vowel where others have a dash: "CG2026ー704531".
_LONG_MARK = re.compile(r"(?<=[A-Za-z0-9])ー(?=[A-Za-z0-9])")
_TOKEN = re.compile(rf"#?{_W}(?:{_W}|-)*")
_TOKEN_IN_PARTS = re.compile(rf"#?{_W}(?:(?:{_W}|[-/._])*{_W})?")
_PIECE = rf"(?:(?!_){_W}|-)+"
#: A number in parts: "INV/26/03391", "2026.0044-7"; with three digits at least, unlike "1/2".
_IN_PARTS = re.compile(r"(?<![\w/.])#?(?=[^\s]*\d[^\s]*\d[^\s]*\d)"
                       rf"{_PIECE}(?:(?:/{_PIECE})+|(?:\.{_PIECE})+|(?:_{_PIECE})+)")
#: Known shapes of post codes with letters or a gap: GB, NL, CA, IE, SE, IN, PL, JP, PT ...
_POSTAL = re.compile(
    rf"(?<!{_W})(?<!-)(?:"
    r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\d{4}\s?[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d"
    r"|[AC-FHKNPRTVWY]\d[\dW]\s?[\dAC-FHKNPRTVWXY]{4}"
    r"|\d{2}-\d{3}|\d{3}\s?\d{2}|\d{3}\s\d{3}|\d{3}-\d{4}|\d{4}-\d{3}|\d{5}-\d{3}|\d{4,6})"
    rf"(?!{_W})(?!-)",
    re.IGNORECASE)


#: Order numbers and the like: a # or letters with three digits, or five digits and more.
_CODES = re.compile(rf"#\s?(?:{_W}|-)+"
                    rf"|(?<!{_W})(?=(?:{_W}|[\-/])*\d{{3}})[A-Za-z]{{1,6}}[\-/ ]?\d(?:{_W}|[\-/])*"
                    r"|\+?\d[\d\-/ ]{4,}\d")


_PART = re.compile(r"((?<=\D)[,.;!?](?=\s|$)|[，、。！？；،؟\n]|\s-\s)")
#: Words; for scripts without spaces a pair of characters counts as one.
_LETTERS = re.compile(r"[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
                      r"|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{2,4}")
_NAMES_A_NUMBER = 4
#: Letters of a word that may be a part of an order number: "promo 55210", "mx mty 0091 44527".
_LONGEST_WORD = 6
#: Of one behind the digits: "15 80063 k".
_LONGEST_END = 3
#: A number may be written in so many pieces: that many before one with digits, and in all.
_PIECES_BEFORE, _PIECES = 3, 6
#: Candidates of one text; a pasted log has thousands.
_MOST_CANDIDATES = 300


@dataclass(frozen=True)
class Found:
    """Candidates in the order in which they stand in the text."""

    order_numbers: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    postal_codes: tuple[str, ...]
    dates: tuple[str, ...]


def find(text: str) -> Found:
    """All candidates in a text."""
    text = _LONG_MARK.sub("-", _plain_digits(unicodedata.normalize("NFKC", text)))
    emails = tuple(dict.fromkeys(m.group().strip(".'") for m in _EMAIL.finditer(text)))
    if not emails:
        emails = tuple(m[1] + "@" + _SPOKEN_DOT.sub(".", m[2])
                       for m in _EMAIL_SPOKEN.finditer(text))
    rest = _EMAIL.sub(" ", text)
    dates = tuple(dict.fromkeys([*_dates(rest)]))
    rest = _DAY_DATE.sub(" ", _ISO_DATE.sub(" ", rest))
    phones = tuple(dict.fromkeys(
        m.group().strip() for m in _PHONE.finditer(rest)
        if 7 <= sum(c.isdigit() for c in m.group()) <= 15))
    postal = tuple(dict.fromkeys(
        code for m in _POSTAL.finditer(rest)
        # "1013 GZ" is one code, "4870 is the postcode" begins with one.
        for code in (m.group().strip(), *re.findall(r"^(\d{4}) [a-z]{2}$", m.group().strip()))))
    return Found(tuple(_order_numbers(rest)), emails, phones, postal, dates)


def without_codes(text: str) -> str:
    """The text without numbers, codes and addresses: what is left is what it says.

    A short part that only names a number ("order CG2026-004512,") goes with it: it says nothing
    of what the message is about.
    """
    said = _plain_digits(unicodedata.normalize("NFKC", text))
    parts, telling = [], []
    for part in _PART.split(said):
        plain = _CODES.sub(" ", _EMAIL.sub(" ", part))
        parts.append(plain)
        names_a_number = plain != part and len(_LETTERS.findall(plain)) <= _NAMES_A_NUMBER
        telling.append("" if names_a_number else plain)
    kept = telling if _LETTERS.search("".join(telling)) else parts
    return re.sub(r"\s{2,}", " ", " ".join(kept)).replace(" ,", ",").strip(" ,;:-#.")


def _plain_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c
                   for c in text)


def _order_numbers(text: str) -> list[str]:
    """Tokens with digits, and neighbours that may be one number written with spaces."""
    found = dict.fromkeys(m.group() for m in _IN_PARTS.finditer(text))
    plain, in_parts = ([m.group() for m in pattern.finditer(text)]
                       for pattern in (_TOKEN, _TOKEN_IN_PARTS))
    _join(plain, found)
    if in_parts != plain:
        _join(in_parts, found)  # "KF 2026/88317"
    return list(found)


def _join(tokens: list[str], found: dict[str, None]) -> None:
    """Adds each token with digits to `found`, by itself and together with its neighbours."""
    for i, token in enumerate(tokens):
        if not any(c.isdigit() for c in token) or len(found) >= _MOST_CANDIDATES:
            continue
        for start in _starts(tokens, i):
            for end in range(i + 1, min(start + _PIECES, len(tokens)) + 1):
                if end > i + 1 and not _a_piece(tokens[end - 1], _LONGEST_END):
                    break
                joined = " ".join(tokens[start:end])
                if 3 <= len(joined.replace(" ", "")) <= 40:
                    found.setdefault(joined)


def _starts(tokens: list[str], place: int) -> list[int]:
    """Where a number that has digits at that place may begin, the nearest word first."""
    starts = [place]
    while len(starts) <= _PIECES_BEFORE and starts[-1] and _a_piece(tokens[starts[-1] - 1]):
        starts.append(starts[-1] - 1)
    # One word in front, as in "CG 2026004512", is the commonest.
    return [*starts[1:2], starts[0], *starts[2:]]


def _a_piece(token: str, letters: int = _LONGEST_WORD) -> bool:
    return len(token) <= letters or any(c.isdigit() for c in token)


def likely_order_number(candidate: str) -> bool:
    """Whether a single token looks like an order number, for numbers that the store lacks."""
    if " " in candidate:
        return False
    digits = sum(c.isdigit() for c in candidate)
    if candidate.startswith("#"):
        return digits >= 3
    has_letters = any(c.isalpha() for c in candidate)
    in_parts = any(c in candidate for c in "-/._")
    return digits >= (3 if has_letters and in_parts else 4 if has_letters else 5)


def _dates(text: str) -> list[str]:
    found = []
    for match in _ISO_DATE.finditer(text):
        found += _iso(int(match[1]), int(match[2]), int(match[3]))
    for match in _DAY_DATE.finditer(text):
        found += _iso(int(match[3]), int(match[2]), int(match[1])) or _iso(
            int(match[3]), int(match[1]), int(match[2]))
    return found


def _iso(year: int, month: int, day: int) -> list[str]:
    try:
        return [dt.date(year, month, day).isoformat()]
    except ValueError:
        return []
