"""The HTTP server: all routes on 127.0.0.1, JSON errors, cross-site requests rejected."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from emulator.app_responses import ResponseUrlApi
from emulator.config import Config
from emulator.control import Control
from emulator.errors import ActError, SlackError
from emulator.manifest import Manifest
from emulator.page import Page
from emulator.people import Seed
from emulator.stand_in import StandIn
from emulator.web_api import MAX_BODY, WebApi

HOST = "127.0.0.1"
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_LOG = logging.getLogger("emulator")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class RunningStandIn:
    """A running stand-in; ``url`` is the page and ``api_url`` is the SDK's base_url."""

    url: str
    port: int
    stand_in: StandIn

    @property
    def api_url(self) -> str:
        """The Web API's address, with the trailing slash that slack_sdk requires."""
        return f"{self.url}/api/"


@asynccontextmanager
async def start(config: Config) -> AsyncIterator[RunningStandIn]:
    """Serve a stand-in on 127.0.0.1 until the block exits; port 0 picks a free port.

    Raises ``ManifestError``, ``PeopleError`` or ``StateError`` for unusable files and ``OSError`` if the
    port is in use.
    """
    manifest = Manifest.load(config.manifest)
    stand_in = StandIn(config, manifest, Seed.load(config.people))
    runner = web.AppRunner(build_app(stand_in), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, config.port)
        await site.start()
        port = runner.addresses[0][1]
        stand_in.base_url = stand_in.response_urls.base_url = f"http://{HOST}:{port}"
        yield RunningStandIn(url=stand_in.base_url, port=port, stand_in=stand_in)
    finally:
        await stand_in.close()
        await runner.cleanup()


def build_app(stand_in: StandIn) -> web.Application:
    """Build the application with all routes."""
    app = web.Application(
        client_max_size=MAX_BODY, middlewares=[_reject_foreign_requests, _json_errors]
    )
    app.router.add_route("*", "/api/{method}", WebApi(stand_in).serve)
    app.router.add_post("/response/{family}/{team}/{key}", ResponseUrlApi(stand_in).serve)
    app.router.add_get("/link/", stand_in.socket_mode.connect)
    app.add_routes(Page(stand_in).routes())
    app.add_routes(Control(stand_in).routes())
    return app


@web.middleware
async def _reject_foreign_requests(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Reject requests with a foreign Host (DNS rebinding) or Origin (cross-site requests)."""
    origin = request.headers.get("Origin")
    if _hostname(f"//{request.host}") not in _LOCAL_NAMES:
        return _error(403, "foreign_host")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return _error(403, "foreign_origin")
    return await handler(request)


@web.middleware
async def _json_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SlackError as error:
        return web.json_response(error.body(), status=400)
    except ActError as error:
        body = {"ok": False, "error": error.code, "message": error.message}
        return web.json_response(body, status=400)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        return _error(error.status, error.reason.lower().replace(" ", "_"))
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 - the server's last line of defense
        # Clients never get a 500 for a bug of the stand-in: it is logged and returned as an error.
        _LOG.exception("unexpected error in the stand-in: %s %s", request.method, request.path)
        return _error(400, "stand_in_bug")


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
