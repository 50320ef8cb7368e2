"""An orders file as rows: encoding, header, quotation marks and ragged rows. Source: contract,
"Orders: CSV". What the values mean is checked in `bot.services.order_row`."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import BinaryIO, TextIO, cast

from bot.errors import ImportRefused

COLUMNS = ("order_number", "invoice_number", "invoice_date", "status", "customer_name", "email",
           "phone", "postal_code", "country", "sku", "product_name", "serial_number", "quantity",
           "unit_price", "currency", "is_gift")

#: Characters of one physical line; a longer one is no orders file and must not fill the memory.
MAX_LINE = 65_536
_SAVE_AS_UTF8 = "save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\")"
_ALLOWED = f"the header must name exactly these columns: {','.join(COLUMNS)}"


@dataclass(frozen=True)
class Problem:
    """A bad row: its line in the file, counted from 1, and one plain sentence for each reason."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True)
class Row:
    """One row as text, in the order of `COLUMNS`. `line` is where it begins."""

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class BrokenRow:
    """A row that has no columns to check. `order_number` is where it stands, if it does."""

    problem: Problem
    order_number: str = ""


class OrdersRefused(ImportRefused):
    """An orders file that was not imported. `bad` are its problems, in the order of lines;
    `count` is how many there are, also where the list was cut."""

    def __init__(self, bad: list[Problem], count: int | None = None) -> None:
        self.bad = bad
        self.count = len(bad) if count is None else count
        more = [f"and {self.count - len(bad)} more"] if self.count > len(bad) else []
        super().__init__([*map(str, bad), *more])
        self.args = (f"{self.count} bad row(s), nothing was imported",)


def refuse(line: int, reason: str) -> OrdersRefused:
    """The error for a file that is no orders file at all."""
    return OrdersRefused([Problem(line, reason)])


def read_rows(source: BinaryIO | TextIO) -> Iterator[Row | BrokenRow]:
    """The rows of an orders file, one at a time; `source` stays open.

    Raises OrdersRefused where the file as a whole cannot be read: empty, UTF-16, no text, a wrong
    header. Bytes that are not UTF-8 come through as lone surrogates, so that each is found in its
    row.
    """
    if isinstance(source.read(0), str):
        yield from _rows(cast(TextIO, source))
        return
    text = io.TextIOWrapper(cast(BinaryIO, source), encoding="utf-8-sig",
                            errors="surrogateescape", newline="")
    try:
        yield from _rows(text)
    finally:
        text.detach()  # or the wrapper would close what is not ours


def _rows(text: TextIO) -> Iterator[Row | BrokenRow]:
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True)
    order = _header(lines, reader)
    arranged = itemgetter(*order)
    number_at = order[0]
    while True:
        lines.taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BrokenRow(Problem(lines.start, _explain(error, len(lines.taken))))
            lines.give_back()
            continue
        if not row or (len(row) == 1 and not row[0].strip()):
            continue  # a blank line
        if len(row) == len(order):
            yield Row(lines.start, arranged(row))
            continue
        reason = f"the row has {len(row)} columns, the header has {len(order)}"
        if len(lines.taken) > 1:
            reason += "; a quotation mark may be missing"
        yield BrokenRow(Problem(lines.start, reason),
                        row[number_at] if number_at < len(row) else "")
        lines.give_back()


class _Lines:
    """The physical lines of a file. Those that a lost quotation mark swallowed can be given back,
    so that one bad row does not hide the next ones."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._given_back: deque[str] = deque()
        self._number = 0
        self.taken: list[str] = []

    @property
    def start(self) -> int:
        """The line at which the present row begins."""
        return self._number - max(len(self.taken), 1) + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Gives back all lines of the present row but its first."""
        self._given_back.extendleft(reversed(self.taken[1:]))
        self._number -= max(len(self.taken) - 1, 0)

    def _read(self) -> str:
        try:
            line = self._text.readline(MAX_LINE + 1)
        except UnicodeError:
            raise refuse(self._number + 1, f"the file is not UTF-8; {_SAVE_AS_UTF8}") from None
        if len(line) > MAX_LINE:
            raise refuse(self._number + 1, f"the line is longer than {MAX_LINE} characters; this "
                                           "is not an orders file")
        return line


def _header(lines: _Lines, reader: Iterator[list[str]]) -> list[int]:
    """The place of each of COLUMNS in a row."""
    try:
        names = next(reader)
    except StopIteration:
        raise refuse(1, f"the file is empty; {_ALLOWED}") from None
    except csv.Error:
        names = []
    first = lines.taken[0].removeprefix("\ufeff")
    if first.startswith(("\udcff\udcfe", "\udcfe\udcff")) or "\0" in first[:4]:
        raise refuse(1, f"the file is UTF-16, not UTF-8; {_SAVE_AS_UTF8}")
    if re.search(r"[\0-\x08\x0e-\x1f]", first):
        raise refuse(1, f"the file is not text (a spreadsheet or an archive?); {_SAVE_AS_UTF8}")
    names = [name.removeprefix("\ufeff").strip().strip('"').lower() for name in names]
    if not any(names):
        raise refuse(1, f"the first line is not a header; {_ALLOWED}")
    for separator, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and names[0].count(separator) >= len(COLUMNS) - 1:
            raise refuse(1, f"the columns are separated by {called}, not by commas")
    wrong = [f"the column {name!r} is {what}" for what, found in (
        ("missing", [c for c in COLUMNS if c not in names]),
        ("not known", [n for n in dict.fromkeys(names) if n not in COLUMNS]),
        ("there twice", [c for c in COLUMNS if names.count(c) > 1]),
    ) for name in (n[:40] for n in found)]
    if wrong:
        raise refuse(1, "; ".join([*wrong[:len(COLUMNS)], _ALLOWED]))
    return [names.index(column) for column in COLUMNS]


def _explain(error: csv.Error, lines: int) -> str:
    said = str(error)
    if "NUL" in said:
        return "the row has a NUL character, which is not text"
    if lines > 1 or "unexpected end" in said:
        return "a quotation mark is opened and not closed"
    return ("a quotation mark stands inside a value; put the whole value in quotation marks and "
            "double those inside it")
