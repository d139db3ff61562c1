"""PostgreSQL: the parameters of libpq's URLs, and connections that also work through PgBouncer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 60.0
"""Seconds after which a connection attempt, or a statement, fails."""

_OF_DRIVER = frozenset(
    {
        *("host", "port", "user", "password", "passfile", "dbname", "service"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
        *("target_session_attrs", "krbsrvname", "gsslib", "application_name", "options"),
    }
)
"""Parameters that asyncpg understands, or sends to the server, with the same meaning as libpq."""
_IGNORED = frozenset(
    {
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "sslcompression", "sslsni", "client_encoding"),
        "fallback_application_name",
    }
)
"""Parameters of libpq that change nothing for us."""
_OPTIONAL = {"channel_binding": ("disable", "prefer"), "gssencmode": ("disable", "prefer")}
"""Features that asyncpg lacks, with the values that do not insist on them."""


class UrlParameterError(ValueError):
    """DATABASE_URL has a parameter that cannot be obeyed. The text says what to do."""


class DatabaseUnusableError(ConnectionError):
    """The database cannot be reached or used. The text is one sentence without secrets."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that sets up its codecs in a transaction. SQLAlchemy does so outside of one."""

    async def set_type_codec(self, *names: Any, **codec: Any) -> None:
        """Set a codec, as asyncpg does."""
        async with self.transaction():
            await super().set_type_codec(*names, **codec)


def engine(url: URL) -> AsyncEngine:
    """Return an engine for this database. Creating it does no I/O.

    A transaction is the most that a pooler in transaction mode keeps on one server connection. Hence
    no statement is prepared under a name, no setting outlives a transaction, and a new connection is
    set up in a transaction.

    Raises:
        UrlParameterError: a parameter of the URL cannot be obeyed.

    """
    query = {name: str(value) for name, value in url.query.items()}
    if "ssl" in query:  # asyncpg's name
        query["sslmode"] = query.pop("ssl")
    timeout = _connect_timeout(query.pop("connect_timeout", ""))
    dsn = f"postgresql:///?{urlencode(_understood(query))}"

    async def connect(**arguments: Any) -> asyncpg.Connection:
        where = f"{url.host or 'localhost'}:{url.port or 5432}"
        try:
            return await asyncpg.connect(
                dsn, timeout=timeout, connection_class=_Connection, **arguments
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise DatabaseUnusableError(
                f"The database at {where} cannot be used: {_reason(error)}. Check DATABASE_URL."
            ) from error

    created = create_async_engine(
        url.set(query={}),
        connect_args={
            "async_creator_fn": connect,
            # Driver calls are never cancelled (see records.transaction): each needs its own timeout.
            "command_timeout": COMMAND_TIMEOUT,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,  # an unnamed statement
        },
        hide_parameters=True,
        pool_pre_ping=True,  # the server may have restarted since a connection was last used
    )
    event.listen(created.sync_engine, "handle_error", _remove_values)
    return created


def _remove_values(context: ExceptionContext) -> None:
    """Remove the server's details from an error: they contain the row that was refused."""
    cause = context.original_exception.__cause__
    if isinstance(cause, asyncpg.PostgresError):
        cause.detail = None
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\nDETAIL:")[0], *error.args[1:])


def _understood(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters for asyncpg. Raises UrlParameterError."""
    kept: dict[str, str] = {}
    for name, value in query.items():
        if name in _OF_DRIVER:
            kept[name] = value
        elif name in _OPTIONAL and value not in _OPTIONAL[name]:
            raise UrlParameterError(
                f"DATABASE_URL: {name}={value} is not supported. Remove it; sslmode=verify-full with "
                "sslrootcert protects against other servers."
            )
        elif name not in _OPTIONAL and name not in _IGNORED:
            raise UrlParameterError(f"DATABASE_URL: the parameter {name} is unknown. Remove it.")
    return kept


def _connect_timeout(written: str) -> float:
    """Return libpq's connect_timeout in seconds: 0 waits forever there, and for as long as usual here."""
    if written and not written.isdecimal():
        raise UrlParameterError("DATABASE_URL: connect_timeout must be a number of seconds.")
    return float(written or 0) or CONNECT_TIMEOUT


_REASONS: dict[type[Exception], str] = {
    TimeoutError: "it does not answer in time",
    ConnectionRefusedError: "nothing listens there",
    FileNotFoundError: "a file or socket that its parameters name does not exist",
}


def _reason(error: Exception) -> str:
    if reason := _REASONS.get(type(error)):
        return reason
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
