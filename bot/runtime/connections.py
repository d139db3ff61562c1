"""Limits for an HTTP server's connections, against clients that send their requests slowly or never."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

RECEIVE_WITHIN = 10.0
"""Seconds within which a request must arrive, from the connection or its first byte to its last."""
MAX_CONNECTIONS = 500
"""Open connections, well under the 1,024 files that a process may usually open."""

_log = structlog.get_logger("bot.runtime.connections")


class Connections:
    """The open connections of one server.

    A connection on which no request arrives in time is closed. If too many are open, a new one
    replaces the oldest that has not sent its request; without such a connection, it is refused.
    """

    def __init__(
        self, *, limit: int = MAX_CONNECTIONS, receive_within: float = RECEIVE_WITHIN
    ) -> None:
        self._limit = limit
        self._receive_within = receive_within
        self._open: dict[asyncio.BaseTransport, _Connection] = {}

    def guarded(self, protocol: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Return a protocol factory for `loop.create_server` whose connections are limited."""
        return lambda: _Connection(protocol(), self)

    def middleware(self) -> Middleware:
        """Return the middleware that tells when a request has arrived, and when it is answered."""

        @web.middleware
        async def received(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            connection = self._open.get(cast("asyncio.BaseTransport", request.transport))
            if connection is None:  # it was closed in the meantime
                return await handler(request)
            connection.is_serving = True
            request.content.on_eof(connection.stop_waiting)
            try:
                return await handler(request)
            finally:
                connection.is_serving = False

        return received

    def add(self, transport: asyncio.Transport, connection: "_Connection") -> None:
        """Add a new connection, and close one if there are too many."""
        self._open[transport] = connection
        connection.wait(self._receive_within)
        if len(self._open) > self._limit:
            self._close_one()

    def hear(self, connection: "_Connection") -> None:
        """Start waiting for the rest of a request of which the first bytes arrive."""
        if not connection.is_serving and not connection.is_waiting:
            connection.wait(self._receive_within)

    def remove(self, transport: asyncio.BaseTransport) -> None:
        """Remove a closed connection."""
        self._open.pop(transport, None)

    def _close_one(self) -> None:
        connections = list(self._open.values())  # the oldest first, the new one last
        unsent = [connection for connection in connections[:-1] if connection.is_waiting]
        idle = [connection for connection in connections[:-1] if not connection.is_serving]
        closed = (unsent or idle or connections[-1:])[0]
        _log.warning("too_many_connections", limit=self._limit, refused=closed is connections[-1])
        closed.abort()


class _Connection(asyncio.Protocol):
    """One connection. It passes everything to the server's own protocol."""

    def __init__(self, protocol: asyncio.Protocol, connections: Connections) -> None:
        self._protocol = protocol
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.is_serving = False

    @property
    def is_waiting(self) -> bool:
        """Whether a request is expected, or has arrived in part."""
        return self._timer is not None

    def wait(self, seconds: float) -> None:
        """Close the connection unless a request arrives within `seconds`."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def stop_waiting(self) -> None:
        """Keep the connection open: the request has arrived."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.connection_made(transport)
        self._connections.add(self._transport, self)

    def data_received(self, data: bytes) -> None:
        self._connections.hear(self)
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_waiting()
        if self._transport is not None:
            self._connections.remove(self._transport)
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
