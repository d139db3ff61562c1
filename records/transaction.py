"""One transaction, which a cancelled caller leaves only between two statements, never inside one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, ScalarResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Answer = TypeVar("Answer")


class Transaction:
    """What may be done inside a transaction. Every answer is complete when it is given."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> str:
        """Which database this is: `sqlite` or `postgresql`."""
        return self._connection.dialect.name

    async def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[Any]:
        """Execute a statement, once for each of `rows` where they are given."""
        return await _finished(self._connection.execute(statement, rows))

    async def scalar(self, statement: Executable) -> Any:
        """Return the first column of the first row, or None where there is no row."""
        return await _finished(self._connection.scalar(statement))

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """Return the first column of every row."""
        return await _finished(self._connection.scalars(statement))

    async def run_sync(self, work: Callable[[Connection], Answer]) -> Answer:
        """Return what `work` does with the connection in SQLAlchemy's synchronous style."""
        return await _finished(self._connection.run_sync(work))


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """Begin a transaction, commit it at the end, roll it back when the block raises."""
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
        # SQLAlchemy does not undo a commit that failed (a full disk) when it closes; this makes it.
        await connection.rollback()
    finally:
        await connection.close()


async def _finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await a call of the driver to its end, and only then let the caller be cancelled.

    A call that is broken off leaves an SQLite cursor behind, and with it the transaction: until
    the garbage is collected everybody else is told that the database is locked. An activity is
    cancelled often enough, by a timeout or a worker that stops.
    """
    task = asyncio.ensure_future(work)
    interruption: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            interruption = error
    if interruption is None:
        return task.result()
    task.exception()  # it has been looked at: the interruption tells more
    raise interruption
