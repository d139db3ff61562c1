"""The database: where it is, how transactions begin, and whether its schema is the present one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
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
_POLL = 0.003
"""Seconds between two tries for an SQLite file that another process has locked."""
_POLLS = int(BUSY_TIMEOUT / _POLL)
_GAP = 2 * _POLL
"""Seconds that a process leaves an SQLite file to the others after each transaction of its own."""


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
        self._turn: AbstractAsyncContextManager[None] = (
            _Turns() if self._is_sqlite else nullcontext()
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
        await self._writers.dispose()


class _Turns:
    """SQLite has one writer at a time: those of one process queue up here, first come first served.

    Between processes only polling decides who comes next, and a process with a long queue would
    win for ever. So it lets the file lie for a moment after each transaction, long enough for
    everybody else to have asked for it: whoever waits gets it, one process after the other.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_error: object) -> None:
        asyncio.get_running_loop().call_later(_GAP, self._lock.release)


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Return an engine for readers and one for writers."""
    return _sqlite_engine(url, BUSY_TIMEOUT, _begin), _sqlite_engine(url, 0, _begin_immediate)


def _sqlite_engine(url: URL, timeout: float, begin: Callable[[Connection], None]) -> AsyncEngine:
    # The driver itself begins nothing: it would begin late, and never IMMEDIATE.
    connect_args = {"isolation_level": None, "timeout": timeout}
    engine = create_async_engine(url, connect_args=connect_args)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    try:
        cursor = connection.cursor()
        # A new file is switched to WAL once, by whoever comes first; a second one that comes at
        # the same moment is told "database is locked", whatever its timeout.
        _when_free(lambda: cursor.execute("PRAGMA journal_mode = WAL"))
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
    except sqlite3.Error:
        connection.close()  # the pool forgets a connection that could not be prepared
        raise


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    # In WAL a transaction that has read cannot begin to write once another one has written:
    # "database is locked", at once, whatever the timeout. So writers say so from the start.
    _when_free(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _when_free(execute: Callable[[], object]) -> None:
    """Execute what locks the file, again and again while another process has locked it.

    SQLite's own patience (https://www.sqlite.org/c3ref/busy_timeout.html) asks ever more seldom,
    ten times a second in the end, and so misses nearly every moment in which the file is free.

    Raises:
        OperationalError: after `BUSY_TIMEOUT` it is still locked.

    """
    for left in reversed(range(_POLLS)):
        try:
            execute()
        except (sqlite3.OperationalError, OperationalError) as error:
            if not left or not _is_busy(error):
                raise
            await_(asyncio.sleep(_POLL))
        else:
            return


def _is_busy(error: sqlite3.OperationalError | OperationalError) -> bool:
    cause = error.orig if isinstance(error, OperationalError) else error
    code = cause.sqlite_errorcode if isinstance(cause, sqlite3.OperationalError) else None
    # The low byte is the code; what stands above it tells why (SQLITE_BUSY_RECOVERY).
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


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
