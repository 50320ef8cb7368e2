"""What SQLite and PostgreSQL both have and SQLAlchemy offers for each apart."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session


def insert(on: Connection | Session, table: sa.Table) -> Any:
    """An INSERT that may say what to do ON CONFLICT, for the database that `on` talks to."""
    connection = on.connection() if isinstance(on, Session) else on
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
