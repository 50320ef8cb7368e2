"""Orders: finding one, and verifying who asks.

Before verification nothing about an order leaves this module: an unknown number and a wrong proof
take the same steps and give the same answer.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.store.database import Database
from bot.store.keys import email_key, number_key, phone_key, postal_key
from bot.store.tables import Order, OrderLine, VerificationAttempt, utcnow

#: Attempts to verify in one conversation (contract, "Finer points").
ATTEMPTS_PER_CONVERSATION = 3
#: Proofs that one attempt may name. A phone number alone looks like several; a list of all postal
#: codes of a town is no attempt.
PROOFS_AT_ONCE = 6
#: Failed attempts on one order within a day, in all conversations, before it is closed to guessing.
FAILURES_PER_ORDER = 10
_A_DAY = dt.timedelta(days=1)
#: A phone typed without its country code is compared by its last digits.
_PHONE_TAIL = 7


@dataclass(frozen=True)
class Item:
    """One line item as a conversation needs it."""

    line_id: str
    sku: str
    name: str
    serial_number: str | None
    quantity: int
    is_gift: bool


@dataclass(frozen=True)
class PlacedOrder:
    """An order whose owner has been verified."""

    order_id: str
    order_number: str
    invoice_number: str | None
    invoice_date: dt.date | None
    status: str
    customer_name: str
    email: str | None
    items: tuple[Item, ...]


class Orders:
    """Looks orders up and verifies customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, numbers: Sequence[str]) -> list[str]:
        """Those that are an order's or invoice's number. For understanding, never shown."""
        keys = {number: key for number in numbers if (key := number_key(number)) and len(key) <= 64}
        if not keys:
            return []
        wanted = [*keys.values()]
        with self._database.unit_of_work() as session:
            rows = session.execute(sa.select(Order.order_key, Order.invoice_key).where(sa.or_(
                Order.order_key.in_(wanted), Order.invoice_key.in_(wanted)))).all()
        # An invoice for two orders names neither of them.
        invoices = Counter(row.invoice_key for row in rows)
        orders = {row.order_key for row in rows}
        return [number for number, key in keys.items() if key in orders or invoices[key] == 1]

    def is_number_of(self, order_id: str, number: str) -> bool:
        """Whether `number` is the order or invoice number of this order."""
        with self._database.unit_of_work() as session:
            order = _find(session, number)
            return order is not None and order.id == order_id

    def verify(self, conversation_id: str, number: str,
               proofs: Sequence[str]) -> PlacedOrder | None:
        """The order, if one of `proofs` is its e-mail, phone or postal code; else None.

        Counts one attempt, for which the last `PROOFS_AT_ONCE` are compared. Returns None too when
        the conversation or the order has used up its attempts.
        """
        with self._database.unit_of_work() as session:
            order = _find(session, number)
            # All are compared, so that the time taken does not tell which one was right.
            matches = any([_matches(order, proof) for proof in proofs[-PROOFS_AT_ONCE:]])
            open_to_attempts = self._attempts_left(session, conversation_id, number_key(number))
            succeeded = matches and open_to_attempts and order is not None
            session.add(VerificationAttempt(
                conversation_id=conversation_id,
                order_key=(order.order_key if order else number_key(number))[:64],
                succeeded=succeeded,
            ))
            return _placed(order) if succeeded and order is not None else None

    def verified(self, order_id: str) -> PlacedOrder:
        """An order that this conversation has verified before."""
        with self._database.unit_of_work() as session:
            return _placed(session.get(Order, order_id, options=_EVERYTHING))

    @staticmethod
    def _attempts_left(session: Session, conversation_id: str, order_key: str) -> bool:
        failed = VerificationAttempt.succeeded.is_(False)
        attempts = sa.select(sa.func.count()).select_from(VerificationAttempt).where(failed)
        here = session.scalar(
            attempts.where(VerificationAttempt.conversation_id == conversation_id)) or 0
        on_order = session.scalar(attempts.where(
            VerificationAttempt.order_key == order_key,
            VerificationAttempt.created_at > utcnow() - _A_DAY)) or 0
        return here < ATTEMPTS_PER_CONVERSATION and on_order < FAILURES_PER_ORDER


def order_email(session: Session, number: str) -> str | None:
    """The address on file of an order, to write to; never to be shown."""
    order = _find(session, number)
    return order.email if order is not None else None


_EVERYTHING = [selectinload(Order.lines), joinedload(Order.customer)]


def _find(session: Session, number: str) -> Order | None:
    key = number_key(number)
    if not key or len(key) > 64:
        return None
    by_order: Order | None = session.scalar(
        sa.select(Order).where(Order.order_key == key).options(*_EVERYTHING))
    if by_order is not None:
        return by_order
    by_invoice: list[Order] = session.scalars(
        sa.select(Order).where(Order.invoice_key == key).options(*_EVERYTHING)).all()
    # An invoice for two orders names neither of them.
    return by_invoice[0] if len(by_invoice) == 1 else None


def _matches(order: Order | None, proof: str) -> bool:
    """Compares all three kinds always, so that the time taken tells nothing."""
    country = order.country if order else None
    email = email_key(order.email) if order and order.email else None
    phone = phone_key(order.phone, order.country) if order and order.phone else None
    postal = postal_key(order.postal_code) if order and order.postal_code else None
    given_phone = phone_key(proof, country)
    tail = given_phone.lstrip("+0")
    return any([
        _same(email, email_key(proof)),
        _same(phone, given_phone),
        len(tail) >= _PHONE_TAIL and (phone or "").endswith(tail),
        _same(postal, postal_key(proof)),
    ])


def _same(held: str | None, given: str) -> bool:
    """Whether both are the same; what the order lacks is the same as nothing."""
    equal = hmac.compare_digest((held or "").encode(), given.encode())
    return equal and bool(held)


def _placed(order: Order) -> PlacedOrder:
    return PlacedOrder(
        order_id=order.id,
        order_number=order.order_number,
        invoice_number=order.invoice_number,
        invoice_date=order.invoice_date,
        status=order.status,
        customer_name=order.customer.name,
        email=order.email,
        items=tuple(_item(line) for line in order.lines),
    )


def _item(line: OrderLine) -> Item:
    return Item(line.id, line.sku, line.product_name, line.serial_number, line.quantity,
                line.is_gift)
