"""One call of the app, from whatever way it came: done, refused, or spoilt by a planned fault."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from emulator.errors import Json, RateLimitedError, SlackError
from emulator.faults import Fault
from emulator.stand_in import StandIn

HANG_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the caller gets; ``status`` 0 means that the connection is cut without an answer."""

    status: int = 200
    body: Json
    retry_after: int = 0

    def response(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Turn it into an HTTP response, or cut the connection."""
        if self.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if self.retry_after:
            headers = {**headers, "Retry-After": str(self.retry_after)}
        return web.json_response(self.body, status=self.status, headers=headers)


_LOST = Answer(status=0, body={})


def attempt(do: Callable[[], Json]) -> Answer:
    """Do it; Slack's refusals become answers with ``ok`` false, rate limits HTTP 429."""
    try:
        return Answer(body={"ok": True, **do()})
    except RateLimitedError as error:
        return Answer(status=429, body=error.body(), retry_after=error.retry_after)
    except SlackError as error:
        return Answer(body=error.body())


async def carry_out(
    stand_in: StandIn, target: str, arguments: Json, do: Callable[[], Json]
) -> Answer:
    """Do it, unless a fault is planned for this call of ``target``: then do as the fault says."""
    fault = stand_in.faults.take(target, arguments)
    if fault is None:
        return attempt(do)
    if fault.effect == "late":
        stand_in.spawn(_later(stand_in, fault.seconds, target, do))
        return _LOST
    if fault.effect == "reply_lost":
        attempt(do)
        return _LOST
    return await _refusal(fault)


async def _later(stand_in: StandIn, seconds: float, target: str, do: Callable[[], Json]) -> None:
    await stand_in.clock.sleep(seconds)
    stand_in.journal.write("applied_late", method=target, response=attempt(do).body)


async def _refusal(fault: Fault) -> Answer:
    if fault.effect == "hang":
        await asyncio.sleep(HANG_SECONDS)
        return _LOST
    if fault.effect == "ratelimited":
        body = RateLimitedError(fault.retry_after).body()
        return Answer(status=429, body=body, retry_after=max(1, fault.retry_after))
    if fault.effect == "http_500":
        return Answer(status=500, body={"ok": False, "error": "internal_error"})
    return Answer(body={"ok": False, "error": fault.error})
