"""`bot orders import`: all or nothing, every bad row named, no duplicates (contract)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import resource
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.errors import ImportRefused, StoreError
from bot.services.order_csv import COLUMNS
from bot.services.order_import import OrdersRefused, import_orders
from bot.store.database import Database
from bot.store.tables import Claim, Customer, Order, OrderLine, StaffMember, utcnow

ROW = {
    "order_number": "CG2026-004512", "invoice_number": "INV-1", "invoice_date": "2026-03-01",
    "status": "delivered", "customer_name": "Ann Bell", "email": "ann@example.com",
    "phone": "+1 202 555 0143", "postal_code": "20005", "country": "US", "sku": "HU-1",
    "product_name": 'Head unit, 10"', "serial_number": "SN-1", "quantity": "1",
    "unit_price": "129.90", "currency": "USD", "is_gift": "0"}


def text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**ROW, **row} for row in rows)
    return out.getvalue()


def file(*rows: dict[str, str]) -> io.BytesIO:
    return io.BytesIO(text(*rows).encode())


def second(**changes: str) -> dict[str, str]:
    return {"sku": "CAM-2", "product_name": "Camera", "serial_number": "SN-2", **changes}


def count(database: Database, table: Any) -> int:
    with database.unit_of_work() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def only_order(database: Database) -> Any:
    with database.unit_of_work() as session:
        return session.scalars(sa.select(Order).options(
            sa.orm.joinedload(Order.customer), sa.orm.selectinload(Order.lines))).one()


def refusal(database: Database, source: Any, **options: Any) -> OrdersRefused:
    with pytest.raises(ImportRefused) as caught:
        import_orders(database, source, **options)
    assert count(database, Order) == count(database, OrderLine) == count(database, Customer) == 0
    assert isinstance(caught.value, OrdersRefused)
    return caught.value


# ---------------------------------------------------------------- what is imported


def test_every_value_of_a_row_arrives(database: Database) -> None:
    result = import_orders(database, file({}, second(unit_price="39.5", is_gift="1")))
    assert (result.orders, result.lines, result.bad, result.bad_count) == (1, 2, [], 0)
    order = only_order(database)
    assert (order.order_number, order.order_key) == ("CG2026-004512", "CG2026004512")
    assert (order.invoice_number, order.invoice_key) == ("INV-1", "INV1")
    assert (order.invoice_date, order.status) == (dt.date(2026, 3, 1), "delivered")
    assert (order.email, order.phone) == ("ann@example.com", "+1 202 555 0143")
    assert (order.postal_code, order.country) == ("20005", "US")
    assert (order.customer.key, order.customer.name) == ("ann@example.com", "Ann Bell")
    assert abs(order.updated_at - utcnow()) < dt.timedelta(minutes=1)
    assert [(line.line_number, line.sku, line.product_name, line.serial_number, line.quantity,
             line.unit_price, line.currency, line.is_gift) for line in order.lines] == [
        (1, "HU-1", 'Head unit, 10"', "SN-1", 1, Decimal("129.90"), "USD", False),
        (2, "CAM-2", "Camera", "SN-2", 1, Decimal("39.50"), "USD", True)]


def test_optional_values_may_be_empty_and_dates_in_the_future(database: Database) -> None:
    empty = dict.fromkeys(("invoice_number", "invoice_date", "customer_name", "email", "phone",
                           "country", "serial_number"), "")
    import_orders(database, file(empty, {"order_number": "2", "invoice_date": "2199-01-01"}))
    with database.unit_of_work() as session:
        first, other = session.scalars(sa.select(Order).order_by(Order.order_key.desc())).all()
        assert first.invoice_date is first.email is first.phone is first.country is None
        assert other.invoice_date == dt.date(2199, 1, 1)
        assert session.get(Customer, first.customer_id).key == first.order_key


@pytest.mark.parametrize("source", [
    io.BytesIO(b"\xef\xbb\xbf" + text({}).encode()),
    io.StringIO("\ufeff" + text({})),
    io.StringIO(text({}).replace("\r\n", "\n")),
    io.BytesIO(text({}).replace("\r\n", "\r").encode()),
    io.BytesIO(text({}, columns=tuple(reversed(COLUMNS))).encode()),
    io.BytesIO(text({}).replace("sku,", " SKU ,", 1).encode() + b"\r\n   \r\n"),
    io.BytesIO(text({"order_number": "\u200b CG2026-004512 "}).encode()),
], ids=["bom", "text with bom", "line feeds", "carriage returns", "other order of columns",
        "header in capitals and blank lines", "invisible characters"])
def test_harmless_differences_of_files(source: Any, sqlite_database: Database) -> None:
    result = import_orders(sqlite_database, source)
    assert (result.orders, result.lines) == (1, 1)
    assert only_order(sqlite_database).order_number == "CG2026-004512"
    assert not source.closed


def test_a_line_break_in_a_name_is_a_space(sqlite_database: Database) -> None:
    import_orders(sqlite_database, file({"product_name": "Head\r\nunit"}, {"order_number": "2"}))
    with sqlite_database.unit_of_work() as session:
        assert session.scalars(sa.select(OrderLine.product_name).order_by(
            OrderLine.product_name)).first() == "Head unit"


def test_spellings_of_one_number_are_one_order(database: Database) -> None:
    wide = second(order_number="ＣＧ２０２６００４５１２", serial_number="3")
    import_orders(database, file({}, second(order_number="#cg 2026 004512"), wide))
    assert len(only_order(database).lines) == 3
    import_orders(database, file({"order_number": "cg2026004512"}))
    assert only_order(database).order_number == "cg2026004512"


def test_a_header_alone_is_an_import_of_nothing(sqlite_database: Database) -> None:
    assert import_orders(sqlite_database, file()).orders == 0


# ---------------------------------------------------------------- importing again


def test_importing_again_changes_nothing(database: Database) -> None:
    import_orders(database, file({}, second()))
    before = only_order(database)
    result = import_orders(database, file({}, second()))
    after = only_order(database)
    assert (result.orders, result.lines) == (1, 2)
    assert after.updated_at == before.updated_at
    assert [line.id for line in after.lines] == [line.id for line in before.lines]
    assert count(database, Customer) == 1


def test_importing_again_updates(database: Database) -> None:
    import_orders(database, file({"status": "shipped"}, second(status="shipped")))
    before = only_order(database)
    import_orders(database, file({"email": "Bob@Example.com", "customer_name": "Bob"},
                                 second(email="bob@example.com", customer_name="Bob",
                                        unit_price="1")))
    after = only_order(database)
    assert (after.id, after.status, after.email) == (before.id, "delivered", "Bob@Example.com")
    assert after.updated_at > before.updated_at
    assert [line.id for line in after.lines] == [line.id for line in before.lines]
    assert after.lines[1].unit_price == 1
    # Nothing of Ann stays behind.
    assert after.customer.name == "Bob" and count(database, Customer) == 1


def test_a_line_item_that_disappeared_is_removed_unless_a_claim_names_it(
        database: Database) -> None:
    import_orders(database, file({}, second(), second(serial_number="SN-3"),
                                 {"order_number": "other"}))
    with database.unit_of_work() as session:
        third = session.scalars(sa.select(OrderLine).where(OrderLine.line_number == 3)).one()
        session.add(Claim(number="C-1", state="draft", order_id=third.order_id,
                          order_line_id=third.id))
    import_orders(database, file({}))
    with database.unit_of_work() as session:
        left = session.execute(
            sa.select(Order.order_number, OrderLine.line_number).join(OrderLine.order)
            .order_by(Order.order_number, OrderLine.line_number)).all()
    assert left == [("CG2026-004512", 1), ("CG2026-004512", 3), ("other", 1)]


# ---------------------------------------------------------------- bad rows


@pytest.mark.parametrize("column, value, reason", [
    ("order_number", "", "order_number is empty; it must be given"),
    ("order_number", "#--", "has no letter or digit"),
    ("order_number", "9" * 65, "has 65 characters; at most 64 are allowed"),
    ("invoice_number", "ﷺ" * 60, "is too long; at most 64"),
    ("invoice_date", "2026-02-30", "'2026-02-30' is not in the calendar"),
    ("invoice_date", "01.03.2026", "is not a date; write it as 2026-03-01"),
    ("invoice_date", "20260301", "is not a date"),
    ("status", "lost", "use one of unshipped, shipped, delivered, cancelled, refunded"),
    ("customer_name", "x" * 201, "has 201 characters; at most 200"),
    ("customer_name", "a\x07b", "has the character U+0007"),
    ("email", "ann.example.com", "email 'ann.example.com' is not an e-mail address"),
    ("email", "ann@example", "is not an e-mail address"),
    ("email", "a@example.com, b@example.com", "is not an e-mail address"),
    ("phone", "call me", "phone 'call me' is not a phone number"),
    ("phone", "12345", "at least 6 digits"),
    ("postal_code", "-", "is not a postal code"),
    ("postal_code", "n/a", "is not a postal code"),
    ("country", "UK", "is not a country; use two letters of ISO 3166"),
    ("country", "Germany", "is not a country"),
    ("sku", "", "sku is empty"),
    ("product_name", "x" * 201, "has 201 characters"),
    ("quantity", "0", "quantity '0' is not allowed; use a whole number from 1 to 100000"),
    ("quantity", "1234567890", "from 1 to 100000"),
    ("quantity", "100001", "from 1 to 100000"),
    ("quantity", "1.5", "whole number"),
    ("unit_price", "-1", "is not a price"),
    ("unit_price", "12,50", "is not a price"),
    ("unit_price", "1.999", "at most 2 decimals"),
    ("unit_price", "NaN", "is not a price"),
    ("currency", "Euro", "use three letters of ISO 4217"),
    ("currency", "ZZZ", "is not a currency"),
    ("is_gift", "yes", "is_gift 'yes' is not allowed; use 0 or 1"),
    ("is_gift", "", "is_gift is empty"),
])
def test_a_bad_value_is_named_with_its_line_and_what_is_allowed(
        column: str, value: str, reason: str, sqlite_database: Database) -> None:
    error = refusal(sqlite_database, file({"order_number": "first"}, {column: value}))
    assert [problem.line for problem in error.bad] == [3]
    assert reason in error.bad[0].reason
    assert error.problems == [f"line 3: {error.bad[0].reason}"]
    assert str(error) == "1 bad row(s), nothing was imported"
    assert len(error.problems[0]) < 250


@pytest.mark.parametrize("column, value", [
    ("email", "o'neil+shop@mail.example.co.uk"), ("email", "почта@пример.xn--p1ai"),
    ("phone", "00-86-755-36962403"), ("phone", "(020) 7946 0182 ext. 12"),
    ("phone", "＋４９ ３０ ２３１２５ １４４"), ("postal_code", "SW1A 1AA"),
    ("postal_code", "〒150-0001"),
    ("country", "de"), ("currency", "eur"), ("quantity", "100000"), ("unit_price", "0"),
    ("unit_price", "9999999999.99"), ("invoice_date", "2024-02-29"), ("order_number", "#1001")])
def test_unusual_good_values(column: str, value: str, sqlite_database: Database) -> None:
    assert import_orders(sqlite_database, file({column: value})).lines == 1


def test_all_reasons_of_a_row_stand_in_one_problem(sqlite_database: Database) -> None:
    error = refusal(sqlite_database, file({"quantity": "0", "status": "?"}))
    assert len(error.bad) == 1 and error.bad[0].reason.count(" is not allowed") == 2


def test_an_order_that_nobody_could_verify_is_bad(sqlite_database: Database) -> None:
    error = refusal(sqlite_database, file({"email": "", "phone": "", "postal_code": " "}))
    assert "email, phone and postal_code are all empty" in error.bad[0].reason


@pytest.mark.parametrize("column, other", [
    ("invoice_number", "INV-2"), ("invoice_date", ""), ("status", "refunded"),
    ("customer_name", "Bob"), ("email", "bob@example.com"), ("phone", ""),
    ("postal_code", "20006"), ("country", "")])
def test_rows_of_one_order_must_agree(column: str, other: str, database: Database) -> None:
    error = refusal(database, file({}, second(**{column: other})))
    assert [problem.line for problem in error.bad] == [3]
    assert error.bad[0].reason.startswith(f"{column} {repr(other) if other else '(empty)'} differs")
    assert error.bad[0].reason.endswith("in line 2 of the same order")


def test_spellings_of_one_value_agree(database: Database) -> None:
    rows = file({}, second(invoice_number="inv 1", email="ANN@example.com"))
    assert import_orders(database, rows).lines == 2


def test_a_repeated_row_with_a_serial_number_is_bad(database: Database) -> None:
    error = refusal(database, file({}, second(), {}, {"unit_price": "129.9"}))
    assert [problem.line for problem in error.bad] == [4, 5]
    assert "repeats line 2" in error.bad[0].reason and "repeats line 2" in error.bad[1].reason


def test_a_repeated_row_without_a_serial_number_is_another_piece(database: Database) -> None:
    assert import_orders(database, file({"serial_number": ""}, {"serial_number": ""})).lines == 2


def test_bad_rows_are_named_in_the_order_of_lines(sqlite_database: Database) -> None:
    error = refusal(sqlite_database, file({}, {}, second(status="shipped"), {"quantity": "x"}))
    assert [problem.line for problem in error.bad] == [3, 4, 5]


def test_a_long_list_is_cut_with_its_count(sqlite_database: Database) -> None:
    rows = [{"order_number": str(n), "quantity": "0"} for n in range(1500)]
    error = refusal(sqlite_database, file(*rows))
    assert (error.count, len(error.bad)) == (1500, 1000)
    assert error.problems[-1] == "and 500 more" and str(error).startswith("1500 bad row(s)")
    assert len(refusal(sqlite_database, file(*rows), max_problems=None).bad) == 1500


# ---------------------------------------------------------------- broken files


HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize("content, line, reason", [
    (b"", 1, "the file is empty; the header must name exactly these columns: order_number,"),
    (b"\n\n", 1, "is not a header"),
    (text({}).encode("utf-16"), 1, "the file is UTF-16, not UTF-8; save it as UTF-8"),
    (text({}).encode("utf-16-le"), 1, "the file is UTF-16"),
    (text({}).encode("utf-16-be"), 1, "the file is UTF-16"),
    (b"PK\x03\x04\x14\0\x06\0", 1, "the file is not text"),
    (text({}).replace(",", ";").encode(), 1, "separated by semicolons, not by commas"),
    (text({}).replace(",", "\t").encode(), 1, "separated by tabs"),
    (HEADER.replace("sku,", "").encode(), 1, "the column 'sku' is missing"),
    (f"{HEADER},colour".encode(), 1, "the column 'colour' is not known"),
    (f"{HEADER},sku".encode(), 1, "the column 'sku' is there twice"),
    (text({}).encode() + b"x" * 70_000, 3, "longer than 65536 characters"),
])
def test_a_file_that_is_no_orders_file_says_why(
        content: bytes, line: int, reason: str, sqlite_database: Database) -> None:
    for skip_bad in (False, True):
        error = refusal(sqlite_database, io.BytesIO(content), skip_bad=skip_bad)
        assert error.bad[0].line == line and reason in error.bad[0].reason


def test_bytes_that_are_not_utf8_are_found_in_their_line(sqlite_database: Database) -> None:
    content = text({}, {"order_number": "2", "customer_name": "Jürgen"}).encode("cp1252")
    error = refusal(sqlite_database, io.BytesIO(content))
    assert error.bad[0].line == 3
    assert "customer_name" in error.bad[0].reason
    assert "has the byte 0xFC, which is not UTF-8" in error.bad[0].reason


def test_a_nul_is_found_in_its_line(sqlite_database: Database) -> None:
    content = text({}, {"customer_name": "Ann@Bell"}).replace("Ann@Bell", "Ann\0Bell")
    error = refusal(sqlite_database, io.BytesIO(content.encode()))
    assert error.problems == ["line 3: the row has a NUL character, which is not text"]


def test_a_text_source_that_is_not_utf8_is_refused(sqlite_database: Database) -> None:
    content = text({}, {"customer_name": "Jürgen"}).encode("cp1252")
    source = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    assert "not UTF-8" in refusal(sqlite_database, source).bad[0].reason


def test_ragged_rows_are_named(sqlite_database: Database) -> None:
    content = text({}, second()) + "a,b\r\n" + "x," * 20 + "\r\n"
    error = refusal(sqlite_database, io.BytesIO(content.encode()))
    assert [str(problem) for problem in error.bad] == [
        "line 4: the row has 2 columns, the header has 16",
        "line 5: the row has 21 columns, the header has 16"]


def test_a_lost_quotation_mark_hides_no_other_row(sqlite_database: Database) -> None:
    lines = text({}, {"order_number": "2"}, {"order_number": "3"}, {"order_number": "4"})
    content = lines.replace('3,INV-1', '"3,INV-1')
    result = import_orders(sqlite_database, io.StringIO(content), skip_bad=True)
    assert (result.orders, [problem.line for problem in result.bad]) == (3, [4])
    assert "quotation mark" in result.bad[0].reason


# ---------------------------------------------------------------- skipping bad rows


def test_skip_bad_imports_the_good_rows_and_names_the_others(database: Database) -> None:
    result = import_orders(database, file(
        {}, second(quantity="0"), {"order_number": "2", "status": "?"}), skip_bad=True)
    assert (result.orders, result.lines, result.bad_count) == (1, 1, 2)
    assert [problem.line for problem in result.bad] == [3, 4]
    assert [line.line_number for line in only_order(database).lines] == [1]


def test_a_skipped_row_keeps_its_line_item_and_its_place(database: Database) -> None:
    third = {"serial_number": "SN-3"}
    import_orders(database, file({}, second(), third))
    before = {line.line_number: line.id for line in only_order(database).lines}
    rows = text({}, second(quantity="?"), {**third, "sku": "new"})
    import_orders(database, io.StringIO(rows), skip_bad=True)
    after = only_order(database).lines
    assert {line.line_number: line.id for line in after} == before
    assert [line.sku for line in after] == ["HU-1", "CAM-2", "new"]


# ---------------------------------------------------------------- the store


def test_the_store_can_be_written_while_a_file_is_read(database: Database) -> None:
    class Slow(io.StringIO):
        def readline(self, *size: Any) -> str:  # type: ignore[override]
            line = super().readline(*size)
            if "SN-9999" in line:
                with database.separate_unit_of_work() as session:
                    session.add(StaffMember(email="agent@example.com", password_hash="x"))
            return line

    rows = [{"order_number": str(n)} for n in range(3000)]
    import_orders(database, Slow(text(*rows, {"order_number": "x", "serial_number": "SN-9999"})))
    assert count(database, StaffMember) == 1 and count(database, Order) == 3001


def test_a_store_that_cannot_be_written_is_one_clear_error(
        sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 0.1)
    other = Database(str(sqlite_database.url))
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            import_orders(other, file({}))
    assert import_orders(other, file({})).orders == 1


def test_no_temporary_table_stays(database: Database) -> None:
    refusal(database, file({"quantity": "0"}))
    assert import_orders(database, file({})).orders == 1
    with database.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text("SELECT * FROM staged_order_rows"))


def test_a_hundred_thousand_lines_are_quick_and_need_little_memory(
        sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        for n in range(100_000):
            order = n // 2
            writer.writerow({**ROW, "order_number": f"CG-{order}", "invoice_number": f"INV{order}",
                             "email": f"c{order % 20_000}@example.com", "serial_number": str(n)})
    import_orders(sqlite_database, file({}))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with path.open("rb") as source:
        assert import_orders(sqlite_database, source).orders == 50_000
    # Far above the usual 8 seconds of the processor's time, as machines that run tests are busy.
    assert time.process_time() - started < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000
