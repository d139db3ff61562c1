"""The database: where it is, how transactions begin, and whether its schema is the present one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_

from records import migration
from records.transaction import Transaction, transaction

DATABASE_FAILURES = (SQLAlchemyError, OSError)
"""What the drivers raise where the database cannot be reached or used."""
BUSY_TIMEOUT = 5.0
"""Seconds that a transaction waits for another one's locks."""
CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 60.0
"""Seconds after which PostgreSQL is given up, for a connection and for one statement."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_SCHEMA = "schema"
_SWITCH_PAUSE = 0.05


class UnsupportedDatabaseError(ValueError):
    """The URL names no database that Countersign can use."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"cannot use {found}: "
            "give sqlite:///path/to/file or postgresql://user:password@host/database"
        )


class SchemaError(Exception):
    """The database's schema is not the one this program needs. Carries both versions."""

    def __init__(self, found: str, needed: str, *, newer: bool) -> None:
        what_to_do = "install a newer Countersign" if newer else "run `countersign db upgrade`"
        super().__init__(
            f"the database is at schema {found or 'none'}, this program needs {needed}: "
            f"{what_to_do}"
        )
        self.found = found
        self.needed = needed


def async_url(written: str) -> URL:
    """Return the URL with the asyncio driver that goes with its database.

    Raises:
        UnsupportedDatabaseError: neither an SQLite file nor PostgreSQL. Its text shows no password.

    """
    url = make_url(written)
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise UnsupportedDatabaseError(url.drivername)
    if driver.startswith("sqlite") and url.database in (None, "", ":memory:"):
        raise UnsupportedDatabaseError("SQLite without a file")
    if "sslmode" in url.query:  # libpq's word, in most URLs of hosted databases; asyncpg says ssl
        mode = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url.set(drivername=driver)


class Database:
    """One database, used by one event loop. Opening does no I/O; `close` it in the end."""

    def __init__(self, url: str) -> None:
        """Take the URL of an SQLite file or a PostgreSQL database.

        Raises:
            UnsupportedDatabaseError: it names something else.

        """
        where = async_url(url)
        self._is_sqlite = where.get_backend_name() == "sqlite"
        self._readers, self._writers = _sqlite(where) if self._is_sqlite else _postgresql(where)
        # SQLite has one writer at a time. Those of one process queue up here, first come first
        # served; only processes compete for the file, by polling, which is not fair.
        self._turn: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if self._is_sqlite else nullcontext()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def writing(self, subject: str = "") -> AsyncIterator[Transaction]:
        """Begin a transaction that may write; it commits at the end, or leaves nothing behind.

        Transactions on the same `subject` (a request id, an order id) follow one another, so that
        what one has read is still true when it writes. On SQLite every writer waits for its turn.
        """
        async with self._turn, transaction(self._writers) as connection:
            if subject and not self._is_sqlite:
                number = func.hashtextextended(subject, 0)
                await connection.execute(select(func.pg_advisory_xact_lock(number)))
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Begin a transaction that reads, all of it at one instant, and never waits for a writer."""
        async with transaction(self._readers) as connection:
            yield connection

    async def upgrade(self) -> None:
        """Bring the schema to the newest version. Safe to repeat, and to run twice at once."""
        async with self.writing(_SCHEMA) as connection:
            await connection.run_sync(migration.upgrade)

    async def is_current(self) -> bool:
        """Say whether the schema is the one that this program needs."""
        async with self.reading() as connection:
            return await connection.run_sync(migration.found) == migration.needed()

    async def require_current_schema(self) -> None:
        """Return if the schema is the present one.

        Raises:
            SchemaError: it is another one; the text says what to run.

        """
        async with self.reading() as connection:
            found = await connection.run_sync(migration.found)
        if found != migration.needed():
            raise SchemaError(found, migration.needed(), newer=not migration.is_known(found))

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        await self._readers.dispose()


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Return the engine for readers, and the same one for writers."""
    # The driver itself begins nothing: it would begin late, and never IMMEDIATE.
    connect_args = {"isolation_level": None, "timeout": BUSY_TIMEOUT}
    engine = create_async_engine(url, connect_args=connect_args)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine, engine.execution_options(immediate=True)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    try:
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
    except sqlite3.Error:
        connection.close()  # the pool forgets a connection that could not be prepared
        raise


def _write_ahead(cursor: DBAPICursor) -> None:
    # A new file is switched to WAL once, by whoever comes first; a second one that comes at the
    # same moment is told "database is locked" without having waited: this switch never waits.
    tries = int(BUSY_TIMEOUT / _SWITCH_PAUSE)
    for left in reversed(range(tries)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            await_(asyncio.sleep(_SWITCH_PAUSE))
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # In WAL a transaction that has read cannot begin to write once another one has written:
    # "database is locked", at once, whatever the timeout. So writers say so from the start.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Return an engine for readers and one for writers, over the same connections."""
    # A call of the driver is never broken off (see records.transaction), so each must end by itself.
    connect_args = {
        "timeout": CONNECT_TIMEOUT,
        "command_timeout": COMMAND_TIMEOUT,
        "server_settings": {"lock_timeout": f"{BUSY_TIMEOUT:.0f}s"},
    }
    # The ping: the server may have been restarted since a connection was last used.
    engine = create_async_engine(url, connect_args=connect_args, pool_pre_ping=True)
    return (
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        engine,
    )
