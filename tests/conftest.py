"""Databases for tests: SQLite always; PostgreSQL for tests with the marker `services`.

A test with the fixture `database` runs on both. `pytest -m "not services"` needs nothing but this
machine. Where PostgreSQL is absent its tests are skipped, with REQUIRE_SERVICES=1 they fail.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.tables import metadata
from tests.conversation.preloaded import begin_loading

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")
SERVICES_REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"
_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)
# Machines that run tests are busy: how long an example takes says nothing about it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must be there, a skipped test failed; one expected to fail did not."""
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    return _no_skip((yield))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where servers will be needed, Rasa is loaded for them while other tests run."""
    if not session.config.option.collectonly and any(
            item.path.parent.name in ("conversation", "integration") for item in session.items):
        begin_loading()


def _no_skip(report: _Report) -> _Report:
    if SERVICES_REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: REQUIRE_SERVICES=1 allows no skips: {reason}"
    return report


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file; copying it is ten times faster than migrating."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.engine.Engine]:
    """The server at TEST_POSTGRES_URL, as somebody who may create databases."""
    engine = sa.create_engine(POSTGRES_URL, future=True, isolation_level="AUTOCOMMIT",
                              connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except sa.exc.OperationalError as error:
        if SERVICES_REQUIRED:
            raise
        pytest.skip(f"no PostgreSQL at {engine.url!r}: {str(error.orig).strip()}")
    yield engine
    engine.dispose()


@pytest.fixture
def empty_postgres_url(postgres_server: sa.engine.Engine) -> Iterator[str]:
    """A PostgreSQL database without tables, dropped after the test."""
    yield from new_postgres_database(postgres_server)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: sa.engine.Engine) -> Iterator[Database]:
    """A migrated PostgreSQL database for the whole session."""
    for url in new_postgres_database(postgres_server):
        database = Database(url)
        migrate(database)
        yield database
        database.dispose()


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, of each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database without rows."""
    path = tmp_path / "test.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture
def postgres_database(migrated_postgres: Database) -> Iterator[Database]:
    """A migrated PostgreSQL database without rows, to which nobody listens yet."""
    database = Database(migrated_postgres.url.render_as_string(hide_password=False))
    yield database
    database.dispose()
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with migrated_postgres.engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {names}"))


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated database without rows, of each backend."""
    found: Database = request.getfixturevalue(
        "sqlite_database" if request.param == "sqlite" else "postgres_database")
    return found


def new_postgres_database(server: sa.engine.Engine) -> Iterator[str]:
    name = f"aftersale_test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
