"""Fixtures for the database: each test gets its own copy of a migrated SQLite file."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from records import database as database_module
from records.database import Database


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "migrated.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
    return path


@pytest.fixture(autouse=True)
def quick_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write without the pause for other processes, and without waiting for the disk."""

    def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        # Only once the file is in WAL mode: during the switch, this statement fails too.
        prepare_sqlite(connection, entry)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    prepare_sqlite = database_module._prepare_sqlite  # noqa: SLF001
    monkeypatch.setattr(database_module, "_prepare_sqlite", prepare)
    monkeypatch.setattr(database_module, "_WRITE_PAUSE", 0)


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    path = shutil.copy(migrated, tmp_path / "records.db")
    return f"sqlite:///{path}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as database:
        yield database
