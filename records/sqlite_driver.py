"""An SQLite connection that switches to its thread once per statement."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite


class _Cursor:
    """Executes a statement and reads all of its rows in one call on the connection's thread.

    aiosqlite's own cursor makes four calls per statement (open, execute, fetch, close). Each call
    wakes the thread and then the event loop, which takes longer than most of our statements. The
    methods and attributes are those that SQLAlchemy's adapter uses.
    """

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.call(lambda driver: self._read(driver.execute(sql, parameters)))

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        await self._connection.call(lambda driver: self._read(driver.executemany(sql, rows)))

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Do nothing: the driver's cursor was closed after its statement."""

    def _read(self, cursor: sqlite3.Cursor) -> None:
        try:
            self.description = cursor.description
            self._rows = cursor.fetchall()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class Connection(aiosqlite.Connection):
    """aiosqlite's connection with the cursor above. Results are always read to their end."""

    def cursor(self) -> _Cursor:  # type: ignore[override]
        """Return a cursor without asking the thread for one."""
        return _Cursor(self)

    async def call(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Run `work` on the connection's thread."""
        await self._execute(work, self._conn)  # type: ignore[no-untyped-call]


def connect(database: str, *, uri: bool = False, **options: Any) -> Connection:
    """Return a connection that opens an existing file when it is awaited; `options` are sqlite3's.

    It raises sqlite3.OperationalError if there is no such file: a command in the wrong directory must
    not leave an empty database there.
    """
    file = database if uri else f"{Path(database).absolute().as_uri()}?mode=rw"
    connection = Connection(lambda: sqlite3.connect(file, uri=True, **options), iter_chunk_size=1)
    # A process must be able to exit while a connection is still open.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with its own connections
    return connection
