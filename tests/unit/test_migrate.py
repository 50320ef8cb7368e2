"""Migrations lead to the very tables of the models, and a database that cannot be used says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.tables import metadata

MIGRATE = ("import sys\nfrom bot.store.database import Database\n"
           "from bot.store.migrate import migrate\nmigrate(Database(sys.argv[1]))\n")


def test_models_and_migrations_agree(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.dispose()


def test_migrating_again_changes_nothing(database: Database) -> None:
    before = _version(database)
    migrate(database)
    assert _version(database) == before


def test_processes_that_start_at_once_are_safe(empty_url: str) -> None:
    started = [subprocess.Popen([sys.executable, "-c", MIGRATE, empty_url],
                                stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert _version(Database(empty_url))


def test_a_step_that_fails_leaves_nothing_behind(
        empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(empty_url)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.create_index", fail)
        with pytest.raises(RuntimeError):
            migrate(database)
    assert sa.inspect(database.engine).get_table_names() == []
    migrate(database)
    database.dispose()


def test_the_commands_own_settings_file_works(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/by_hand.db"
    ini = Path(migrate.__code__.co_filename).parent / "migrations" / "alembic.ini"
    subprocess.run([sys.executable, "-m", "alembic", "-c", str(ini), "-x", f"url={url}",
                    "upgrade", "head"], check=True, cwd=tmp_path, capture_output=True)
    assert _version(Database(url))


def test_a_database_newer_than_the_program_is_refused(database: Database) -> None:
    known = _version(database)
    try:
        _set_version(database, "9999")
        with pytest.raises(StoreError, match=r"newer version.*9999"):
            migrate(database)
    finally:
        _set_version(database, known)


def test_somebody_elses_database_is_refused(empty_url: str) -> None:
    database = Database(empty_url)
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
    with pytest.raises(StoreError, match="'orders' that this program did not make"):
        migrate(database)
    database.dispose()


def test_a_read_only_file_is_named(sqlite_template: Path, tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database(f"sqlite:///file:{sqlite_template}?mode=ro&uri=true")
    with pytest.raises(StoreError, match=r"migrated\.db is read-only"):
        migrate(database)


def test_a_locked_file_is_named(sqlite_database: Database,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 0.1)
    other = Database(str(sqlite_database.url))
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            migrate(other)


@pytest.mark.services
@pytest.mark.parametrize("migrated", [True, False])
def test_a_read_only_server_is_named(migrated: bool, empty_postgres_url: str) -> None:
    if migrated:
        migrate(Database(empty_postgres_url))
    url = f"{empty_postgres_url}?options=-cdefault_transaction_read_only%3Don"
    with pytest.raises(StoreError, match="is read-only"):
        migrate(Database(url))


@pytest.mark.parametrize("url", ["postgresql://nobody:secret@127.0.0.1:1/none",
                                 "sqlite:////proc/none.db"])
def test_an_unreachable_database_is_named_without_its_password(url: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be (reached|opened)") as caught:
        migrate(Database(url))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database " * 100)
    with pytest.raises(StoreError, match="is not a database"):
        migrate(Database(f"sqlite:///{tmp_path}/text.db"))


def _version(database: Database) -> str:
    with database.engine.connect() as connection:
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())


def _set_version(database: Database, version: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
