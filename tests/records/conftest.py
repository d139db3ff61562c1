"""Fixtures for the database: each test gets its own copy of a migrated SQLite file."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from records.database import Database


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "migrated.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
    return path


@pytest.fixture(autouse=True)
def quick_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write without the pause for other processes, and without waiting for the disk."""

    def skip_fsync(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    monkeypatch.setattr("records.database._WRITE_PAUSE", 0)
    event.listen(Engine, "connect", skip_fsync)
    yield
    event.remove(Engine, "connect", skip_fsync)


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    path = shutil.copy(migrated, tmp_path / "records.db")
    return f"sqlite:///{path}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as database:
        yield database
