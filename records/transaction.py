"""Database transactions that a cancelled caller leaves between two statements, never inside one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, ScalarResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Result = TypeVar("Result")


class Transaction:
    """An open transaction. Results are fully read when they are returned."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> str:
        """The kind of database: `sqlite` or `postgresql`."""
        return self._connection.dialect.name

    async def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[Any]:
        """Execute a statement, once for each of `rows` if they are given."""
        return await _finished(self._connection.execute(statement, rows))

    async def scalar(self, statement: Executable) -> Any:
        """Return the first column of the first row, or None if there is no row."""
        return await _finished(self._connection.scalar(statement))

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """Return the first column of every row."""
        return await _finished(self._connection.scalars(statement))

    async def upsert(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert complete rows, or replace those with the same primary key."""
        if not rows:
            return
        insert = (sqlite.insert if self.dialect == "sqlite" else postgresql.insert)(table)
        key = [column.name for column in table.primary_key]
        values = {
            column.name: insert.excluded[column.name]
            for column in table.columns
            if column.name not in key
        }
        await self.execute(insert.on_conflict_do_update(index_elements=key, set_=values), rows)

    async def run_sync(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` with the synchronous connection and return its result."""
        return await _finished(self._connection.run_sync(work))


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """Run a transaction: commit it at the end, or roll it back if the block raises."""
    connection = engine.connect()
    try:
        await _finished(_begin(connection))
        yield Transaction(connection)
        await _finished(connection.commit())
    finally:
        if connection.sync_connection is not None:
            await _finished(_end(connection))


async def _begin(connection: AsyncConnection) -> None:
    await connection.start()
    await connection.begin()


async def _end(connection: AsyncConnection) -> None:
    try:
        # On close, SQLAlchemy does not undo a commit that failed, for example on a full disk.
        await connection.rollback()
    finally:
        await connection.close()


async def _finished(work: Coroutine[Any, Any, Result]) -> Result:
    """Await a driver call to its end, and only then raise the caller's cancellation.

    A driver call that is cancelled leaves an open SQLite cursor behind, and with it the
    transaction: until the garbage collector runs, everyone else gets "database is locked".
    Activities are cancelled often, by a timeout or when the worker stops.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    task.exception()  # mark it as retrieved: the cancellation matters more
    raise cancellation
