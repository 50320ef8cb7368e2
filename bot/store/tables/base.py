"""What all tables share. A row's id is made by the application: a unit of work is written at its
end."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Base: Any = declarative_base(metadata=metadata)


def utcnow() -> dt.datetime:
    """Now, in UTC, with its time zone."""
    return dt.datetime.now(dt.timezone.utc)


def new_id() -> str:
    """A new random row id (32 hex digits)."""
    return uuid.uuid4().hex


class UtcDateTime(TypeDecorator):
    """A moment in UTC. SQLite forgets time zones, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """What is written: the same moment in UTC."""
        return None if value is None else value.astimezone(dt.timezone.utc)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """What is read: with its time zone."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.timezone.utc)


def id_column() -> sa.Column:
    """The primary key: a random id."""
    return sa.Column(sa.String(32), primary_key=True, default=new_id)


def made_column(name: str = "created_at") -> sa.Column:
    """The moment a row was made."""
    return sa.Column(name, UtcDateTime, nullable=False, default=utcnow)
