"""How the processes serve HTTP, with `/healthz`, and Slack's requests in HTTP mode."""

import errno
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

_INSTANT = re.compile(r"[0-9]{1,12}", re.ASCII)

Check = Callable[[], Awaitable[bool]]

_log = structlog.get_logger("bot.runtime.http_server")


def health_route(checks: Mapping[str, Check]) -> web.RouteDef:
    """Return the route: 200 when every check holds, else 503, with each check's result."""

    async def healthz(_: web.Request) -> web.Response:
        results = {name: await _holds(name, check) for name, check in checks.items()}
        return web.json_response(
            {"ok": all(results.values()), "checks": results},
            status=200 if all(results.values()) else 503,
        )

    return web.get("/healthz", healthz)


async def _holds(name: str, check: Check) -> bool:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - whatever keeps a check from its answer is an answer
        _log.warning("check_failed", check=name, error=type(error).__name__)
        return False


def slack_route(app: AsyncApp) -> web.RouteDef:
    """Return the route that Slack sends events, commands and clicks to; Bolt checks signatures."""

    async def slack_events(request: web.Request) -> web.Response:
        read = await _read(request)
        if read is None:
            return web.Response(status=400, text="unreadable request")
        return await to_aiohttp_response(await app.async_dispatch(read))

    return web.post("/slack/events", slack_events)


async def _read(request: web.Request) -> AsyncBoltRequest | None:
    """Return the request as Bolt reads it, or None where it cannot.

    Bolt reads the body before it looks at the signature, so anybody may send anything here. It
    takes the time of the signature for a number, whatever stands there.
    """
    if not _INSTANT.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "0")):
        _log.warning("unreadable_request", error="timestamp")
        return None
    try:
        return await to_bolt_request(request)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        _log.warning("unreadable_request", error=type(error).__name__)
        return None


class PortTakenError(Exception):
    """Another program listens on the port that we were told to use."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is taken. Free it, or set WEB_PORT (bot) or WORKER_HEALTH_PORT (worker)."
        )


@asynccontextmanager
async def serve(
    port: int,
    *routes: web.RouteDef,
    host: str = "127.0.0.1",
    middlewares: Sequence[Middleware] = (),
) -> AsyncIterator[int]:
    """Serve these routes on `host` while the context lasts; yields the port (port 0 picks one).

    Raises PortTakenError where the port is taken.
    """
    app = web.Application(middlewares=middlewares)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(port) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
