"""Where Alembic runs the steps: on the connection it was given, or on DATABASE_URL.

`bot.store.migrate` gives a connection with an open transaction, so that all steps are kept or
none. The `alembic` command gives none; then it is the environment's DATABASE_URL.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from bot.store.database import Database
from bot.store.tables import UtcDateTime, metadata


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A migration must mean the same for ever, so it names no type of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: sa.engine.Connection | None, **options: Any) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=_render,
        render_as_batch=True,  # SQLite can alter little; Alembic then copies the table
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


def _url() -> str:
    url = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("set DATABASE_URL, or give -x url=...")
    return url


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
elif context.is_offline_mode():
    _run(None, url=_url(), literal_binds=True)
else:
    database = Database(_url())
    with database.engine.connect() as opened:
        _run(opened)
        opened.commit()
    database.dispose()
