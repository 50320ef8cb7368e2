"""Orders, who placed them, and who tried to prove that an order is theirs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot.store.tables.base import Base, UtcDateTime, id_column, made_column, utcnow


class Customer(Base):
    """Who bought. `key` is the e-mail in lower case, or the order's key where there is none."""

    __tablename__ = "customers"
    id = id_column()
    key = sa.Column(sa.String(320), nullable=False, unique=True)
    name = sa.Column(sa.String(200), nullable=False, default="")
    email = sa.Column(sa.String(320))
    phone = sa.Column(sa.String(40))
    country = sa.Column(sa.String(2))


class Order(Base):
    """An order with its invoice and the contact data that verify who asks.

    `order_key` and `invoice_key` are the numbers as they are compared: see `bot.store.keys`.
    """

    __tablename__ = "orders"
    id = id_column()
    order_number = sa.Column(sa.String(64), nullable=False)
    order_key = sa.Column(sa.String(64), nullable=False, unique=True)
    invoice_number = sa.Column(sa.String(64))
    invoice_key = sa.Column(sa.String(64), index=True)
    invoice_date = sa.Column(sa.Date)
    status = sa.Column(sa.String(16), nullable=False)
    customer_id = sa.Column(sa.String(32), sa.ForeignKey("customers.id"), nullable=False,
                            index=True)
    email = sa.Column(sa.String(320))
    phone = sa.Column(sa.String(40))
    postal_code = sa.Column(sa.String(20))
    country = sa.Column(sa.String(2))
    updated_at = sa.Column(UtcDateTime, nullable=False, default=utcnow, onupdate=utcnow)
    customer = relationship(Customer)
    lines = relationship("OrderLine", back_populates="order", order_by="OrderLine.line_number")


class OrderLine(Base):
    """One line item of an order. `is_gift` is a free promotional gift of the shop."""

    __tablename__ = "order_lines"
    id = id_column()
    order_id = sa.Column(sa.String(32), sa.ForeignKey("orders.id"), nullable=False)
    line_number = sa.Column(sa.Integer, nullable=False)
    sku = sa.Column(sa.String(64), nullable=False)
    product_name = sa.Column(sa.String(200), nullable=False)
    serial_number = sa.Column(sa.String(64))
    quantity = sa.Column(sa.Integer, nullable=False)
    unit_price = sa.Column(sa.Numeric(12, 2), nullable=False)
    currency = sa.Column(sa.String(3), nullable=False)
    is_gift = sa.Column(sa.Boolean, nullable=False, default=False)
    order = relationship(Order, back_populates="lines")
    __table_args__ = (sa.UniqueConstraint("order_id", "line_number"),)


class VerificationAttempt(Base):
    """One attempt to prove who asks; counted against guessing, per conversation and per order."""

    __tablename__ = "verification_attempts"
    id = id_column()
    conversation_id = sa.Column(sa.String(255), nullable=False, index=True)
    order_key = sa.Column(sa.String(64), nullable=False, index=True)
    succeeded = sa.Column(sa.Boolean, nullable=False)
    created_at = made_column()
