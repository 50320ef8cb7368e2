"""Brings a database to the newest tables. Every start of the program does it first."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from bot.errors import StoreError
from bot.store.database import BUSY_SECONDS, Database

MIGRATIONS = Path(__file__).parent / "migrations"
#: The key of PostgreSQL's advisory lock; any number that nobody else uses in this database.
_LOCK = 4_611_201_507
#: How long to wait for another process that migrates at the same moment.
_LOCK_SECONDS = 30


def migrate(database: Database) -> None:
    """Brings `database` to the newest tables: all steps are kept, or none.

    Two processes that start at once are safe: the second waits, and finds nothing to do.
    Raises StoreError, with one clear line, when the database is read-only, locked, unreachable or
    newer than this program.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    try:
        with database.engine.connect() as connection:
            _begin_alone(connection)
            current = _revision(connection, script, database)
            if current == script.get_current_head():
                # Tells now, and not at the first message, that nothing can be written.
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
                connection.rollback()
                return
            if current is None:
                _refuse_foreign_tables(connection, database)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except sa.exc.DBAPIError as error:
        raise StoreError(_explain(error, database)) from error


def _begin_alone(connection: Connection) -> None:
    """Opens a transaction that no other migration shares."""
    if connection.dialect.name == "sqlite":
        # By itself sqlite3 opens no transaction for CREATE TABLE: half a migration could stay.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _revision(connection: Connection, script: ScriptDirectory, database: Database) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"the database {_name(database)} was made by a newer version of this program (its "
            f"tables are at step {current}, which this version does not know); install that one")
    return current


def _refuse_foreign_tables(connection: Connection, database: Database) -> None:
    ours = {"orders", "customers", "conversations"}
    found = sorted(ours & set(sa.inspect(connection).get_table_names()))
    if found:
        raise StoreError(
            f"the database {_name(database)} already has a table {found[0]!r} that this program "
            "did not make; give it a database of its own")


def _name(database: Database) -> str:
    return database.url.database if database.is_sqlite else repr(database.url)


def _explain(error: sa.exc.DBAPIError, database: Database) -> str:
    name, said = _name(database), str(error.orig).strip()
    lowered = said.lower()
    if "readonly" in lowered or "read-only" in lowered:
        return f"the database {name} is read-only; the program must be able to write to it"
    if "database is locked" in lowered:
        return (f"the database {name} has been locked by another program for {BUSY_SECONDS} "
                "seconds; stop that one or try again")
    if "lock timeout" in lowered:
        return (f"another process has been migrating the database {name} for {_LOCK_SECONDS} "
                "seconds; wait for it or stop it")
    if "unable to open" in lowered:
        return f"the database {name} cannot be opened; is the folder there, and writable?"
    if "not a database" in lowered:
        return f"the file {name} is not a database"
    if "malformed" in lowered:
        return f"the database {name} is damaged: {said}"
    first = said.splitlines()[0] if said else type(error.orig).__name__
    reached = "reached" if isinstance(error, sa.exc.OperationalError) else "used"
    return f"the database {name} cannot be {reached}: {first}"
