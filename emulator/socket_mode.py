"""Socket Mode: tickets, up to ten connections, and each envelope to exactly one of them."""

import asyncio
import contextlib
import itertools
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from emulator.clock import Clock
from emulator.delivery import ACK_SECONDS, Ack, Envelope
from emulator.errors import Json
from emulator.journal import Journal
from emulator.workspace import APP_ID

MAX_CONNECTIONS = 10
_MAX_TICKETS = 100
_GRACE = 10.0
_MAX_FRAME = 1024 * 1024


@dataclass(eq=False)
class Connection:
    """One open socket and the acks it still owes."""

    number: int
    request: web.Request
    socket: web.WebSocketResponse
    owed: dict[str, "asyncio.Future[Ack]"] = field(default_factory=dict)
    end: asyncio.TimerHandle | None = None

    def cut(self) -> None:
        """Close it without another word, as a lost network does."""
        if self.request.transport is not None:
            self.request.transport.abort()


class SocketMode:
    """The server side of Socket Mode (docs: apis/events-api/using-socket-mode)."""

    timeout_reason = "timeout"

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._tickets: dict[str, None] = {}
        self._numbers = itertools.count(1)
        self._turn = itertools.count()
        self.connections: list[Connection] = []

    def ticket(self) -> str:
        """Make a ticket that opens one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = None
        while len(self._tickets) > _MAX_TICKETS:
            self._tickets.pop(next(iter(self._tickets)))
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes; a ticket that is unknown or used gets HTTP 403."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        del self._tickets[ticket]
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=_MAX_FRAME)
        if not socket.can_prepare(request).ok:
            return web.json_response({"ok": False, "error": "not_a_websocket"}, status=400)
        await socket.prepare(request)
        connection = Connection(next(self._numbers), request, socket)
        if len(self.connections) >= MAX_CONNECTIONS:
            await self._tell_to_leave(connection, "too_many_websockets")
            await socket.close()
            return socket
        self.connections.append(connection)
        self._journal.write("socket_opened", connection=connection.number)
        try:
            await socket.send_json(self._hello())
            await self._read(connection)
        except ConnectionError:
            pass
        finally:
            self._closed(connection)
        return socket

    async def send(self, envelope: Envelope) -> Ack:
        """Write the envelope to one connection, in turn, and wait for its ack (a Transport)."""
        if not self.connections:
            return Ack(reason=self.timeout_reason)
        connection = self.connections[next(self._turn) % len(self.connections)]
        ack: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.owed[envelope.envelope_id] = ack
        try:
            # A client that reads nothing must not hold everybody up.
            async with asyncio.timeout(ACK_SECONDS):
                await connection.socket.send_str(json.dumps(_frame(envelope)))
            in_time = await self._clock.wait_for(ack, ACK_SECONDS)
        except (ConnectionError, RuntimeError, TimeoutError):
            in_time = False
        finally:
            connection.owed.pop(envelope.envelope_id, None)
        return ack.result() if in_time else Ack(reason=self.timeout_reason)

    async def disconnect(self, reason: str) -> int:
        """Send a disconnect frame to every open connection; answer to how many.

        Except after a ``warning``, nothing new goes to these connections; they may still ack what
        they have, and are closed after ten seconds if the client has not left by then.
        """
        there = list(self.connections)
        for connection in there:
            await self._tell_to_leave(connection, reason)
            if reason != "warning":
                self._retire(connection)
                loop = asyncio.get_running_loop()
                connection.end = loop.call_later(_GRACE, connection.cut)
        return len(there)

    async def close(self) -> None:
        """Close all connections, as a server that goes away."""
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def drop(self) -> int:
        """Cut every connection without a frame, as a lost network does."""
        there = list(self.connections)
        for connection in there:
            self._closed(connection)
            connection.cut()
        return len(there)

    async def _tell_to_leave(self, connection: Connection, reason: str) -> None:
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
        self._journal.write("socket_disconnect", connection=connection.number, reason=reason)
        with contextlib.suppress(ConnectionError, RuntimeError):
            await connection.socket.send_json(frame)

    def _retire(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self._journal.write("socket_closed", connection=connection.number)

    def _closed(self, connection: Connection) -> None:
        self._retire(connection)
        if connection.end is not None:
            connection.end.cancel()
        for ack in connection.owed.values():
            if not ack.done():
                ack.set_result(Ack(reason=self.timeout_reason))

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                frame: Any = json.loads(message.data)
            except ValueError:
                self._journal.write("socket_garbage", connection=connection.number)
                continue
            envelope_id = frame.get("envelope_id") if isinstance(frame, dict) else None
            owed = connection.owed.get(envelope_id) if isinstance(envelope_id, str) else None
            if owed is None:
                self._journal.write("late_ack", connection=connection.number, frame=frame)
            elif not owed.done():
                owed.set_result(Ack(payload=frame.get("payload")))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "stand-in",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP_ID},
        }


def _frame(envelope: Envelope) -> Json:
    frame: Json = {
        "envelope_id": envelope.envelope_id,
        "payload": envelope.payload,
        "type": envelope.kind,
        "accepts_response_payload": envelope.accepts_response,
    }
    if envelope.kind == "events_api":
        frame |= {"retry_attempt": envelope.retry, "retry_reason": envelope.retry_reason}
    return frame
