"""Execution of one call by the app, with planned faults and Slack's error responses."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from emulator.errors import Json, RateLimitedError, SlackError
from emulator.faults import Fault
from emulator.stand_in import StandIn

HANG_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """The response to a call; ``status`` 0 closes the connection without a response."""

    status: int = 200
    body: Json
    retry_after: int = 0

    def to_http(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Convert this to an HTTP response, or abort the connection."""
        if self.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if self.retry_after:
            headers = {**headers, "Retry-After": str(self.retry_after)}
        return web.json_response(self.body, status=self.status, headers=headers)


_CONNECTION_LOST = ApiResponse(status=0, body={})


def run_handler(handler: Callable[[], Json]) -> ApiResponse:
    """Run a handler and map ``SlackError`` to ``ok: false`` and rate limits to HTTP 429."""
    try:
        return ApiResponse(body={"ok": True, **handler()})
    except RateLimitedError as error:
        return ApiResponse(status=429, body=error.body(), retry_after=error.retry_after)
    except SlackError as error:
        return ApiResponse(body=error.body())


async def execute(
    stand_in: StandIn, target: str, arguments: Json, handler: Callable[[], Json]
) -> ApiResponse:
    """Run a handler, or apply the fault that is planned for this call of ``target``."""
    fault = stand_in.faults.consume(target, arguments)
    if fault is None:
        return run_handler(handler)
    if fault.effect == "late":
        stand_in.spawn(_run_later(stand_in, fault.seconds, target, handler))
        return _CONNECTION_LOST
    if fault.effect == "reply_lost":
        run_handler(handler)
        return _CONNECTION_LOST
    return await _fault_response(fault)


async def _run_later(
    stand_in: StandIn, seconds: float, target: str, handler: Callable[[], Json]
) -> None:
    await stand_in.clock.sleep(seconds)
    stand_in.journal.write("applied_late", method=target, response=run_handler(handler).body)


async def _fault_response(fault: Fault) -> ApiResponse:
    if fault.effect == "hang":
        await asyncio.sleep(HANG_SECONDS)
        return _CONNECTION_LOST
    if fault.effect == "ratelimited":
        body = RateLimitedError(fault.retry_after).body()
        return ApiResponse(status=429, body=body, retry_after=max(1, fault.retry_after))
    if fault.effect == "http_500":
        return ApiResponse(status=500, body={"ok": False, "error": "internal_error"})
    return ApiResponse(body={"ok": False, "error": fault.error})
