"""Socket Mode: one-time tickets, up to ten connections, and one connection per envelope."""

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
_DISCONNECT_GRACE_SECONDS = 10.0
_MAX_FRAME = 1024 * 1024


@dataclass(eq=False)
class Connection:
    """An open WebSocket and its pending acks."""

    number: int
    request: web.Request
    socket: web.WebSocketResponse
    pending_acks: dict[str, "asyncio.Future[Ack]"] = field(default_factory=dict)
    abort_timer: asyncio.TimerHandle | None = None

    def abort(self) -> None:
        """Abort the connection without a close frame, like a network failure."""
        if self.request.transport is not None:
            self.request.transport.abort()


class SocketMode:
    """The server side of Socket Mode (docs: apis/events-api/using-socket-mode)."""

    timeout_reason = "timeout"

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._tickets: dict[str, None] = {}
        self._connection_numbers = itertools.count(1)
        self._round_robin = itertools.count()
        self.connections: list[Connection] = []

    def issue_ticket(self) -> str:
        """Issue a ticket that opens one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = None
        while len(self._tickets) > _MAX_TICKETS:
            self._tickets.pop(next(iter(self._tickets)))
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection until it closes; an unknown or used ticket gets HTTP 403."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        del self._tickets[ticket]
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=_MAX_FRAME)
        if not socket.can_prepare(request).ok:
            return web.json_response({"ok": False, "error": "not_a_websocket"}, status=400)
        await socket.prepare(request)
        connection = Connection(next(self._connection_numbers), request, socket)
        if len(self.connections) >= MAX_CONNECTIONS:
            await self._send_disconnect(connection, "too_many_websockets")
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
        """Send the envelope to the next connection and wait for its ack (a Transport)."""
        if not self.connections:
            return Ack(reason=self.timeout_reason)
        connection = self.connections[next(self._round_robin) % len(self.connections)]
        ack: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.pending_acks[envelope.envelope_id] = ack
        try:
            # A client that does not read must not block other deliveries.
            async with asyncio.timeout(ACK_SECONDS):
                await connection.socket.send_str(json.dumps(_frame(envelope)))
            in_time = await self._clock.wait_for(ack, ACK_SECONDS)
        except (ConnectionError, RuntimeError, TimeoutError):
            in_time = False
        finally:
            connection.pending_acks.pop(envelope.envelope_id, None)
        return ack.result() if in_time else Ack(reason=self.timeout_reason)

    async def disconnect(self, reason: str) -> int:
        """Send a disconnect frame to every open connection; return their number.

        Except after a ``warning``, these connections receive nothing new. They may still ack pending
        envelopes and are closed after ten seconds if the client has not closed them.
        """
        connections = list(self.connections)
        for connection in connections:
            await self._send_disconnect(connection, reason)
            if reason != "warning":
                self._retire(connection)
                loop = asyncio.get_running_loop()
                connection.abort_timer = loop.call_later(
                    _DISCONNECT_GRACE_SECONDS, connection.abort
                )
        return len(connections)

    async def close(self) -> None:
        """Close all connections, like a server that shuts down."""
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def abort_all(self) -> int:
        """Abort all connections without a close frame, like a network failure."""
        connections = list(self.connections)
        for connection in connections:
            self._closed(connection)
            connection.abort()
        return len(connections)

    async def _send_disconnect(self, connection: Connection, reason: str) -> None:
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
        if connection.abort_timer is not None:
            connection.abort_timer.cancel()
        for ack in connection.pending_acks.values():
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
            pending = (
                connection.pending_acks.get(envelope_id) if isinstance(envelope_id, str) else None
            )
            if pending is None:
                self._journal.write("late_ack", connection=connection.number, frame=frame)
            elif not pending.done():
                pending.set_result(Ack(payload=frame.get("payload")))

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
