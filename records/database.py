"""The database connection: URLs, transactions and the check of the schema version."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Select, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_

from records import migration, postgresql, sqlite_driver
from records.postgresql import DatabaseUnusableError, UrlParameterError
from records.transaction import Transaction, transaction

DATABASE_FAILURES = (SQLAlchemyError, OSError)
"""The exceptions that the drivers raise if the database cannot be reached or used."""
BUSY_TIMEOUT = 5.0
"""Seconds that a transaction waits for the locks of another."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_SCHEMA = "schema"
_TOUCH_VERSION = text("UPDATE alembic_version SET version_num = version_num")
_POLL_INTERVAL = 0.003
"""Seconds between two attempts on an SQLite file that another process has locked."""
_MAX_POLLS = int(BUSY_TIMEOUT / _POLL_INTERVAL)
_WRITE_PAUSE = 2 * _POLL_INTERVAL
"""Seconds for which a process leaves an SQLite file to other processes after each transaction."""


class UnsupportedDatabaseError(ValueError):
    """The URL names a database that Countersign cannot use."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"cannot use {found}: "
            "use sqlite:///path/to/file or postgresql://user:password@host/database"
        )


class SchemaError(Exception):
    """The database's schema is not the version that this program needs. Carries both versions."""

    def __init__(self, found: str, needed: str, *, newer: bool) -> None:
        fix = "install a newer Countersign" if newer else "run `countersign db upgrade`"
        super().__init__(
            f"the database has schema {found or 'none'}, this program needs {needed}: {fix}"
        )
        self.found = found
        self.needed = needed


START_FAILURES = (
    DatabaseUnusableError,
    SchemaError,
    UnsupportedDatabaseError,
    UrlParameterError,
)
"""The errors that keep a program from using its database. Each text is one sentence for people."""


def async_url(text: str) -> URL:
    """Return the URL with the asyncio driver of its database.

    Raises:
        UnsupportedDatabaseError: it is neither an SQLite file nor PostgreSQL. The message contains
            no password.

    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise UnsupportedDatabaseError("this URL") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise UnsupportedDatabaseError(url.drivername)
    if driver.startswith("sqlite") and url.database in (None, "", ":memory:"):
        raise UnsupportedDatabaseError("SQLite without a file")
    return url.set(drivername=driver)


class Database:
    """One database, for one event loop. Creating it does no I/O. `close` it when done."""

    def __init__(self, url: str) -> None:
        """Use the SQLite file or PostgreSQL database that `url` names.

        Raises:
            UnsupportedDatabaseError: it names another kind of database.

        """
        parsed = async_url(url)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        self._file = _file_of(parsed)
        self._readers, self._writers = _sqlite(parsed) if self._is_sqlite else _postgresql(parsed)
        self._write_queue: AbstractAsyncContextManager[None] = (
            _WriteQueue() if self._is_sqlite else nullcontext()
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
        """Run a transaction that may write. It commits at the end, or rolls back on an exception.

        Transactions on the same `subject` (such as a request id) run one after another, so that
        the data a transaction reads does not change before it writes. On SQLite all writing
        transactions run one after another.
        """
        async with self._write_queue, transaction(self._writers) as connection:
            if not self._is_sqlite:
                await connection.execute(_locked(subject))
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Run a transaction that reads one consistent state and never waits for a writer."""
        async with transaction(self._readers) as connection:
            yield connection

    async def upgrade(self) -> None:
        """Migrate the schema to the newest version. Safe to repeat and to run concurrently.

        A missing SQLite file is created, readable by its owner only.

        Raises:
            DatabaseUnusableError: the database cannot be read or written.

        """
        with _as_unusable():
            if self._file is not None:
                self._file.touch(mode=0o600)
            async with self.writing(_SCHEMA) as connection:
                await connection.run_sync(migration.upgrade)

    async def is_current(self) -> bool:
        """Return whether the schema is the version that this program needs."""
        async with self.reading() as connection:
            return await connection.run_sync(migration.found) == migration.needed()

    async def is_writable(self) -> bool:
        """Return whether the schema is current and a change can be committed.

        Raises one of `DATABASE_FAILURES`, for example on a full disk or a read-only server.
        """
        async with self.writing() as connection:
            await connection.execute(_TOUCH_VERSION)
            return await connection.run_sync(migration.found) == migration.needed()

    async def require_current_schema(self) -> None:
        """Check that the schema is the version that this program needs.

        Raises:
            SchemaError: it is another version. The message says how to fix that.
            DatabaseUnusableError: the database cannot be read, or there is no such file.

        """
        if self._file is not None and not self._file.exists():
            raise DatabaseUnusableError(
                f"There is no database file {self._file.absolute()}. Work in the directory of your "
                ".env, set DATABASE_URL, or create the database with `countersign db upgrade`."
            )
        with _as_unusable():
            async with self.reading() as connection:
                found = await connection.run_sync(migration.found)
        if found != migration.needed():
            raise SchemaError(found, migration.needed(), newer=not migration.is_known(found))

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        await self._readers.dispose()
        await self._writers.dispose()


def _file_of(url: URL) -> Path | None:
    """Return the path of an SQLite file; None for PostgreSQL, or if the URL opens it in its own way."""
    is_path = url.get_backend_name() == "sqlite" and "uri" not in url.query
    return Path(url.database) if is_path and url.database else None


def _locked(subject: str) -> Select[Any]:
    """Return the statement that starts a writing transaction on PostgreSQL."""
    timeout = func.set_config("lock_timeout", f"{BUSY_TIMEOUT:.0f}s", True)  # noqa: FBT003 - SQL
    if not subject:
        return select(timeout)
    return select(timeout, func.pg_advisory_xact_lock(func.hashtextextended(subject, 0)))


@contextmanager
def _as_unusable() -> Iterator[None]:
    """Turn a driver's error into one sentence."""
    try:
        yield
    except DatabaseUnusableError:
        raise
    except DATABASE_FAILURES as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseUnusableError(
            f"The database cannot be used: {str(cause).splitlines()[0]}. Check DATABASE_URL."
        ) from error


class _WriteQueue:
    """Serialises the writing transactions of one process, first come first served.

    SQLite has one writer at a time, and processes find out who is next only by polling. A process
    with a long queue would always win. It therefore pauses after each transaction, long enough
    for every other process to poll, so that each waiting process gets its turn.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_error: object) -> None:
        asyncio.get_running_loop().call_later(_WRITE_PAUSE, self._lock.release)


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Return one engine for reading and one for writing."""
    return _sqlite_engine(url, BUSY_TIMEOUT, _begin), _sqlite_engine(url, 0, _begin_immediate)


def _sqlite_engine(url: URL, timeout: float, begin: Callable[[Connection], None]) -> AsyncEngine:
    # The driver must not begin transactions: it would begin them late and never IMMEDIATE.
    connect_args = {
        "async_creator_fn": sqlite_driver.connect,
        "isolation_level": None,
        "timeout": timeout,
    }
    engine = create_async_engine(url, connect_args=connect_args, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    try:
        cursor = connection.cursor()
        # The first connection to a new file switches it to WAL. Another connection that tries at the
        # same moment fails with "database is locked", whatever its timeout is.
        _when_free(lambda: cursor.execute("PRAGMA journal_mode = WAL"))
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
    except sqlite3.Error:
        connection.close()  # the pool does not close a connection whose setup failed
        raise


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    # In WAL mode a transaction that has read cannot start writing if another has written since:
    # it fails with "database is locked" at once, whatever its timeout is. Hence IMMEDIATE.
    _when_free(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _when_free(execute: Callable[[], object]) -> None:
    """Execute a statement that locks the file, and retry while another process holds the lock.

    SQLite's own busy handler (https://www.sqlite.org/c3ref/busy_timeout.html) backs off to ten
    polls a second, and so misses most of the moments in which the file is free.

    Raises:
        OperationalError: it is still locked after `BUSY_TIMEOUT`.

    """
    for left in reversed(range(_MAX_POLLS)):
        try:
            execute()
        except (sqlite3.OperationalError, OperationalError) as error:
            if not left or not _is_busy(error):
                raise
            await_(asyncio.sleep(_POLL_INTERVAL))
        else:
            return


def _is_busy(error: sqlite3.OperationalError | OperationalError) -> bool:
    cause = error.orig if isinstance(error, OperationalError) else error
    code = cause.sqlite_errorcode if isinstance(cause, sqlite3.OperationalError) else None
    # The low byte is the code. The higher bytes give the reason (SQLITE_BUSY_RECOVERY).
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def _postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Return one engine for reading and one for writing, which share their connections."""
    engine = postgresql.engine(url)
    return (
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        engine,
    )
