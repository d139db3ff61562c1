"""Fixtures for the database: each test gets its own copy of a migrated SQLite file."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from records.database import Database


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "migrated.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
    return path


@pytest.fixture(autouse=True)
def no_write_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write without the pause that a process leaves to other processes after each transaction."""
    monkeypatch.setattr("records.database._WRITE_PAUSE", 0)


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    path = shutil.copy(migrated, tmp_path / "records.db")
    return f"sqlite:///{path}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as database:
        yield database
