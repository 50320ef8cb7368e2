"""Importing orders from the shop's CSV file. Source: contract, "Orders: CSV" and `bot orders
import`: all or nothing, every bad row named with its line and reason, importing again updates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TextIO

import sqlalchemy as sa

from bot.errors import StoreError
from bot.services.order_csv import BrokenRow, OrdersRefused, Problem, Row, read_rows
from bot.services.order_row import check, order_key
from bot.store.database import Database
from bot.store.order_staging import OrderStaging
from bot.store.tables import new_id, utcnow

__all__ = ["ImportResult", "OrdersRefused", "Problem", "import_orders"]

#: Bad rows that are named; the others are counted. The thousandth tells nobody anything new.
MAX_PROBLEMS = 1000
_BATCH = 1000


@dataclass(frozen=True)
class ImportResult:
    """What an import covered (changed or not), and the bad rows that it skipped: the first ones
    in `bad`, all of them in `bad_count`."""

    orders: int
    lines: int
    bad: list[Problem] = field(default_factory=list)
    bad_count: int = 0


def import_orders(database: Database, source: BinaryIO | TextIO, *, skip_bad: bool = False,
                  max_problems: int | None = MAX_PROBLEMS) -> ImportResult:
    """Imports an orders file: all of it, or, with any bad row, nothing.

    In: an open CSV file, which is read once and stays open. `skip_bad` imports the good rows of a
    file with bad ones. `max_problems` limits the bad rows that are named (None: all are).

    A line item is known by its order and its place among that order's rows, so a file imported
    twice changes nothing. One that its order no longer has is removed, unless a claim names it.
    Orders of customers who were erased keep being theirs, without name and contact data.

    Raises OrdersRefused (an ImportRefused) with the bad rows, also with `skip_bad` where the file
    as a whole is no orders file; StoreError when the database cannot be written.
    """
    problems = _Problems(max_problems)
    try:
        with database.engine.connect() as connection, OrderStaging(connection) as staging:
            for batch in _batches(read_rows(source), problems):
                staging.add(batch)
            staging.complete()
            _compare_rows(staging, problems)
            if problems.count and not skip_bad:
                raise OrdersRefused(problems.named(), problems.count)
            applied = staging.apply(utcnow())
    except sa.exc.DBAPIError as error:
        raise StoreError(f"the database could not be written: {error.orig}") from error
    return ImportResult(applied.orders, applied.lines, problems.named(), problems.count)


class _Problems:
    """Counts bad rows and keeps those with the lowest line numbers."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        # Each kind of check finds its bad rows in the order of lines, so that the first ones of
        # each kind are enough to name the first ones of all.
        self._kinds: dict[str, list[Problem]] = {}
        self.count = 0

    def add(self, kind: str, line: int, reason: str) -> None:
        self.count += 1
        kept = self._kinds.setdefault(kind, [])
        if self._limit is None or len(kept) < self._limit:
            kept.append(Problem(line, reason))

    def named(self) -> list[Problem]:
        every = sorted((p for kept in self._kinds.values() for p in kept), key=lambda p: p.line)
        return every[:self._limit]


def _batches(rows: Iterator[Row | BrokenRow],
             problems: _Problems) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        staged = _staged(row, problems)
        if staged is not None:
            batch.append(staged)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _staged(row: Row | BrokenRow, problems: _Problems) -> dict[str, Any] | None:
    """The row as it is staged; None for a bad row whose order is not known either."""
    if isinstance(row, BrokenRow):
        line, written = row.problem.line, row.order_number
        problems.add("row", line, row.problem.reason)
    else:
        values, reasons = check(row.values)
        if not reasons:
            return {"line": row.line, "id": new_id(), "good": True, **values}
        line, written = row.line, row.values[0]
        problems.add("row", line, "; ".join(reasons))
    key = order_key(written)
    return None if key is None else {"line": line, "good": False, "order_key": key}


def _compare_rows(staging: OrderStaging, problems: _Problems) -> None:
    """What only shows when a row is compared with the others of its order."""
    bad = []
    for line, first, differences in staging.disagreements():
        problems.add("disagrees", line, "; ".join(
            f"{column} {_said(here)} differs from {_said(there)} in line {first} of the same order"
            for column, here, there in differences))
        bad.append(line)
    staging.mark_bad(bad)
    bad = []
    for line, first in staging.duplicates():
        problems.add("repeated", line, f"the row repeats line {first}, with the same serial "
                                       "number; each item may stand in the file once")
        bad.append(line)
    staging.mark_bad(bad)


def _said(value: object) -> str:
    return "(empty)" if value in (None, "") else repr(str(value)[:40])
