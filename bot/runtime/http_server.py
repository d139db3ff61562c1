"""The HTTP server of bot and worker: `/healthz`, and Slack's requests in HTTP mode."""

import errno
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

_INSTANT = re.compile(r"[0-9]{1,12}", re.ASCII)

FINISH_WITHIN = 3.0
"""Seconds that running requests have to finish when the server stops (aiohttp's default is 60)."""

Check = Callable[[], Awaitable[bool]]

_log = structlog.get_logger("bot.runtime.http_server")


def health_route(checks: Mapping[str, Check]) -> web.RouteDef:
    """Return the health route: 200 if every check passes, else 503, with each check's result."""

    async def healthz(_: web.Request) -> web.Response:
        results = {name: await _passes(name, check) for name, check in checks.items()}
        return web.json_response(
            {"ok": all(results.values()), "checks": results},
            status=200 if all(results.values()) else 503,
        )

    return web.get("/healthz", healthz)


async def _passes(name: str, check: Check) -> bool:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - a check that raises has failed
        _log.warning("check_failed", check=name, error=type(error).__name__)
        return False


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


@asynccontextmanager
async def serve(
    port: int,
    *routes: web.RouteDef,
    host: str = "127.0.0.1",
    middlewares: Sequence[Middleware] = (),
) -> AsyncIterator[int]:
    """Serve these routes on `host` while the context is open. Yields the port; port 0 picks one.

    Raises:
        PortTakenError: the port is in use.

    """
    app = web.Application(middlewares=middlewares)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_WITHIN)
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
