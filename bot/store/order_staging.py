"""The rows of an orders file in a temporary table, and from there into the store in one go.

Filling and checking the table takes no lock of the store: SQLite has one writer, and customers are
being answered meanwhile. Only `apply` writes, in one short transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.store.dialect import insert
from bot.store.tables import Claim, Customer, Order, OrderLine

#: A customer with such a key was erased: see `bot.services.privacy`.
ERASED = "erased:"
#: The key of PostgreSQL's advisory lock: two imports at once would lock each other out.
_LOCK = 4_611_201_508

#: What all rows of an order must agree on; numbers and e-mails as they are compared.
ORDER_FIELDS = {
    "invoice_number": "invoice_key", "invoice_date": "invoice_date", "status": "status",
    "customer_name": "customer_name", "email": "customer_key", "phone": "phone",
    "postal_code": "postal_code", "country": "country",
}
_LINE_FIELDS = ("sku", "product_name", "serial_number", "quantity", "unit_price", "currency",
                "is_gift")
_BATCH = 500

_metadata = sa.MetaData()


def _like(column: sa.Column, name: str | None = None) -> sa.Column:
    return sa.Column(name or column.name, column.type)


_rows = sa.Table(
    "staged_order_rows", _metadata,
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(32)),
    sa.Column("good", sa.Boolean, nullable=False),
    *(_like(Order.__table__.c[name]) for name in (
        "order_key", "order_number", "invoice_number", "invoice_key", "invoice_date", "status",
        "email", "phone", "postal_code", "country")),
    _like(Customer.__table__.c.key, "customer_key"),
    _like(Customer.__table__.c.name, "customer_name"),
    *(_like(OrderLine.__table__.c[name]) for name in _LINE_FIELDS if name != "unit_price"),
    # As text: it is exact, and SQLite has no decimal numbers to bind.
    sa.Column("unit_price", sa.String(16)),
    prefixes=["TEMPORARY"],
)
#: The row of each line item, its place in its order, and the first good row of that order.
_places = sa.Table(
    "staged_order_places", _metadata,
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("order_key", sa.String(64), index=True),
    sa.Column("place", sa.Integer),
    prefixes=["TEMPORARY"],
)
_orders, _lines, _customers = Order.__table__, OrderLine.__table__, Customer.__table__


@dataclass(frozen=True)
class Applied:
    """How many orders and line items an import covered, changed or not."""

    orders: int
    lines: int


class OrderStaging:
    """The temporary tables on one connection; a context manager that removes them again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> OrderStaging:
        # A connection of the pool may still have them, if its last import was killed.
        self._drop()
        _metadata.create_all(self._connection, checkfirst=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()
        if not self._connection.invalidated:
            self._drop()
            self._connection.commit()

    def _drop(self) -> None:
        for table in (_rows, _places):
            self._connection.execute(sa.text(f"DROP TABLE IF EXISTS {table.name}"))

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Adds rows: `line`, `id`, `good`, the columns' values and the three keys.

        A bad row has only `line` and `order_key`: it keeps the place of its line item.
        """
        good = [row for row in rows if row["good"]]
        bad = [row for row in rows if not row["good"]]
        for some in filter(None, (good, bad)):
            self._connection.execute(_rows.insert(), some)
        self._connection.commit()

    def complete(self) -> None:
        """To be called after the last row: numbers the line items of each order."""
        run = self._connection.execute
        run(sa.text("CREATE INDEX staged_rows_by_order ON staged_order_rows (order_key, line)"))
        place = sa.func.row_number().over(partition_by=_rows.c.order_key, order_by=_rows.c.line)
        run(_places.insert().from_select(
            ["line", "order_key", "place"], sa.select(_rows.c.line, _rows.c.order_key, place)))
        if self._connection.dialect.name == "postgresql":
            run(sa.text("ANALYZE staged_order_rows"))
            run(sa.text("ANALYZE staged_order_places"))
        self._connection.commit()

    def disagreements(self) -> Iterator[tuple[int, int, list[tuple[str, Any, Any]]]]:
        """Rows that contradict the first good row of their order: line, that row's line, and
        (column, value, the first row's value) for each column that differs."""
        first_lines = _first_lines()
        row, first = _rows.alias("row_"), _rows.alias("first_")
        columns = list(ORDER_FIELDS)
        differs = sa.or_(*(row.c[key].is_distinct_from(first.c[key])
                           for key in ORDER_FIELDS.values()))
        found = self._connection.execute(
            sa.select(row.c.line, first.c.line, *(t.c[name] for t in (row, first)
                                                  for name in columns),
                      *(row.c[key].is_distinct_from(first.c[key])
                        for key in ORDER_FIELDS.values()))
            .join_from(row, first_lines, first_lines.c.order_key == row.c.order_key)
            .join(first, first.c.line == first_lines.c.line)
            .where(row.c.good, row.c.line > first.c.line, differs).order_by(row.c.line))
        many = len(columns)
        for line, first_line, *values in found:
            here, there, differ = values[:many], values[many:2 * many], values[2 * many:]
            yield line, first_line, [
                (name, a, b)
                for name, a, b, unlike in zip(columns, here, there, differ, strict=True) if unlike]

    def duplicates(self) -> Iterator[tuple[int, int]]:
        """Rows with a serial number that repeat a row of their order: line, first line."""
        same = [_rows.c.order_key, *(_rows.c[name] for name in _LINE_FIELDS)]
        groups = (
            sa.select(*same, sa.func.min(_rows.c.line).label("first_line"))
            .where(_rows.c.good, _rows.c.serial_number.is_not(None))
            .group_by(*same).having(sa.func.count() > 1).subquery())
        row = _rows.alias("row_")
        found = self._connection.execute(
            sa.select(row.c.line, groups.c.first_line)
            .join_from(row, groups, sa.and_(
                *(row.c[column.name] == groups.c[column.name] for column in same)))
            .where(row.c.good, row.c.line > groups.c.first_line).order_by(row.c.line))
        yield from (tuple(row) for row in found)

    def mark_bad(self, lines: Iterable[int]) -> None:
        """Takes rows out of what will be imported; their line items keep their places."""
        wanted = list(lines)
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start:start + _BATCH]
            self._connection.execute(
                _rows.update().where(_rows.c.line.in_(some)).values(good=False))
        self._connection.commit()

    def apply(self, now: dt.datetime) -> Applied:
        """Writes all good rows into the store, in one transaction. What is already so is not
        written again; line items that their order no longer has go, unless a claim names them."""
        run = self._connection.execute
        if self._connection.dialect.name == "sqlite":
            run(sa.text("BEGIN IMMEDIATE"))
        else:
            run(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        run(_keep_erased())
        run(_upsert(self._connection, _customers, ("key",), _customer_rows(), ("id",)))
        run(_upsert(self._connection, _orders, ("order_key",), _order_rows(now),
                    ("id", "updated_at")))
        run(_upsert(self._connection, _lines, ("order_id", "line_number"), _line_rows(), ("id",)))
        run(_remove_lost_lines())
        # Nobody's name may stay when their last order went to another e-mail address.
        run(_customers.delete().where(~sa.exists().where(
            _orders.c.customer_id == _customers.c.id)))
        counted = run(sa.select(sa.func.count(_rows.c.order_key.distinct()), sa.func.count())
                      .where(_rows.c.good)).one()
        self._connection.commit()
        return Applied(*counted)


def _first_lines() -> sa.sql.Subquery:
    return (sa.select(_rows.c.order_key, sa.func.min(_rows.c.line).label("line"))
            .where(_rows.c.good).group_by(_rows.c.order_key).subquery())


def _keep_erased() -> sa.sql.Update:
    """An erased customer stays erased, though the shop's file still has the name."""
    erased = (
        sa.select(_customers.c.key).join_from(_orders, _customers)
        .where(_orders.c.order_key == _rows.c.order_key, _customers.c.key.startswith(ERASED)))
    return (
        _rows.update().where(_rows.c.order_key.in_(
            sa.select(_orders.c.order_key).join_from(_orders, _customers)
            .where(_customers.c.key.startswith(ERASED))))
        .values(customer_key=erased.scalar_subquery(), customer_name="", email=None, phone=None,
                postal_code=None))


def _customer_rows() -> sa.sql.Select:
    """Each customer once, as the last good row has them."""
    last = sa.select(sa.func.max(_rows.c.line)).where(_rows.c.good).group_by(_rows.c.customer_key)
    return sa.select(
        _rows.c.id, _rows.c.customer_key.label("key"), _rows.c.customer_name.label("name"),
        _rows.c.email, _rows.c.phone, _rows.c.country).where(_rows.c.line.in_(last))


def _order_rows(now: dt.datetime) -> sa.sql.Select:
    names = ("id", "order_number", "order_key", "invoice_number", "invoice_key", "invoice_date",
             "status", "email", "phone", "postal_code", "country")
    return (
        sa.select(*(_rows.c[name] for name in names), _customers.c.id.label("customer_id"),
                  sa.literal(now, _orders.c.updated_at.type).label("updated_at"))
        .join_from(_rows, _customers, _customers.c.key == _rows.c.customer_key)
        .where(_rows.c.line.in_(sa.select(_first_lines().c.line))))


def _line_rows() -> sa.sql.Select:
    plain = [_rows.c[name] for name in _LINE_FIELDS if name != "unit_price"]
    price = sa.cast(_rows.c.unit_price, _lines.c.unit_price.type).label("unit_price")
    return (
        sa.select(_rows.c.id, _orders.c.id.label("order_id"), _places.c.place.label("line_number"),
                  *plain, price)
        .join_from(_rows, _places, _places.c.line == _rows.c.line)
        .join(_orders, _orders.c.order_key == _rows.c.order_key)
        .where(_rows.c.good))


def _upsert(connection: Connection, table: sa.Table, key: tuple[str, ...], rows: sa.sql.Select,
            kept: tuple[str, ...]) -> Any:
    """Inserts `rows`, or updates those that are there and differ. Columns in `kept` do not make
    a difference; of those an id is never changed."""
    names = [column.name for column in rows.selected_columns]
    statement = insert(connection, table).from_select(names, rows, include_defaults=False)
    compared = [name for name in names if name not in (*key, *kept)]
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in names if name not in (*key, "id")},
        where=sa.or_(*(table.c[name].is_distinct_from(statement.excluded[name])
                       for name in compared)))


def _remove_lost_lines() -> sa.sql.Delete:
    """A bad row's line item is not lost: it has its place in the file."""
    lasts = (
        sa.select(_orders.c.id, sa.func.max(_places.c.place).label("last"))
        .join_from(_orders, _places, _places.c.order_key == _orders.c.order_key)
        .where(_orders.c.order_key.in_(sa.select(_rows.c.order_key).where(_rows.c.good)))
        .group_by(_orders.c.id).subquery())
    claimed = sa.select(Claim.order_line_id).where(Claim.order_line_id.is_not(None))
    lost = (
        sa.select(_lines.c.id).join_from(_lines, lasts, lasts.c.id == _lines.c.order_id)
        .where(_lines.c.line_number > lasts.c.last, _lines.c.id.not_in(claimed)))
    return _lines.delete().where(_lines.c.id.in_(lost))
