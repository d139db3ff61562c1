"""The HTTP server of bot and worker, and Slack's requests in HTTP mode."""

import asyncio
import errno
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.runtime.connections import Connections

_INSTANT = re.compile(r"[0-9]{1,12}", re.ASCII)

FINISH_WITHIN = 3.0
"""Seconds that running requests have to finish when the server stops (aiohttp's default is 60)."""

_log = structlog.get_logger("bot.runtime.http_server")


def slack_route(app: AsyncApp, signing_secret: str) -> web.RouteDef:
    """Return the route for Slack's events, commands and clicks. Bolt verifies the signatures."""

    async def slack_events(request: web.Request) -> web.Response:
        read = await _read(request, SignatureVerifier(signing_secret))
        if read is None:
            return web.Response(status=400, text="unreadable request")
        return await to_aiohttp_response(await app.async_dispatch(read))

    return web.post("/slack/events", slack_events)


async def _read(request: web.Request, verifier: SignatureVerifier) -> AsyncBoltRequest | None:
    """Return the request for Bolt, or None if it cannot be parsed.

    Bolt parses the body before it verifies the signature, so this input is untrusted. It also
    parses the timestamp header as a number without checking it first.
    """
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    if not _INSTANT.fullmatch(timestamp):
        _log.warning("unreadable_request", error="timestamp")
        return None
    try:
        body, headers = (await request.read()).decode(), dict(request.headers)
        if verifier.is_valid_request(body, headers) and _is_misread(body):
            body = body.replace("payload", "p%61yload")
            signature = verifier.generate_signature(timestamp=timestamp, body=body)
            headers |= {"X-Slack-Signature": signature or ""}
        return AsyncBoltRequest(body=body, query=request.query_string, headers={**headers})
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        _log.warning("unreadable_request", error=type(error).__name__)
        return None


def _is_misread(body: str) -> bool:
    """Return whether Bolt would read this form as empty.

    Bolt 1.30 does so if the word "payload" is anywhere in a form without a field of that name, for
    example in the text of a slash command (findings/bolt_form_body_with_the_word_payload.sh). Such a
    body is verified as Slack sent it, then its word is percent-encoded and the body is signed again,
    so that Bolt still verifies what it parses.
    """
    is_form = not body.startswith("{")
    return is_form and "payload" in body and "payload" not in parse_qs(body, keep_blank_values=True)


class PortTakenError(Exception):
    """Another program is listening on the configured port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is taken. Free it, or set WEB_PORT (bot) or WORKER_HEALTH_PORT (worker)."
        )


class AddressError(Exception):
    """The configured address is not one of this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is not an address of this machine. "
            "Set WEB_HOST (bot) or WORKER_HEALTH_HOST (worker)."
        )


@asynccontextmanager
async def serve(
    port: int,
    *routes: web.RouteDef,
    host: str = "127.0.0.1",
    middlewares: Sequence[Middleware] = (),
    connections: Connections | None = None,
) -> AsyncIterator[int]:
    """Serve these routes on `host` while the context is open. Yields the port; port 0 picks one.

    `connections` has other limits for connections than the usual ones.

    Raises:
        AddressError: `host` is not an address of this machine.
        PortTakenError: the port is in use.

    """
    connections = connections or Connections()
    app = web.Application(middlewares=[*middlewares, connections.middleware()])
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_WITHIN)
    await runner.setup()
    try:
        protocol = cast("Callable[[], asyncio.Protocol]", runner.server)
        server = await _listen(connections.guarded(protocol), host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listen(protocol: Callable[[], asyncio.Protocol], host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(protocol, host, port)
    except socket.gaierror as error:
        raise AddressError(host) from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise AddressError(host) from error
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(port) from error
