"""Liveness and readiness, answered from the last results of checks that run in the background."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web

CHECK_EVERY = 5.0
"""Seconds between the end of a check and its next start, and the most after it has failed."""
CHECK_WITHIN = 5.0
"""Seconds after which a check that is still running counts as failed."""

_log = structlog.get_logger("bot.runtime.health")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Something that the process needs to do its work. A check that raises has failed."""

    passes: Callable[[], Awaitable[bool]]
    every: float = CHECK_EVERY
    within: float = CHECK_WITHIN


def _no_details() -> Mapping[str, object]:
    return {}


class Health:
    """The state of a process. Every check counts as failed until it has passed once."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        details: Callable[[], Mapping[str, object]] = _no_details,
    ) -> None:
        """Use `details` for more fields of `/readyz`. They have no influence on readiness."""
        self._checks = checks
        self._details = details
        self._results: dict[str, bool] = dict.fromkeys(checks, False)

    @property
    def is_ready(self) -> bool:
        """Whether each check passed the last time."""
        return all(self._results.values())

    def routes(self) -> list[web.RouteDef]:
        """Return the routes `/healthz` and `/readyz`. Requests cost no I/O, however many come."""
        return [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)]

    @asynccontextmanager
    async def checking(self) -> AsyncIterator[None]:
        """Run the checks while the context is open."""
        tasks = [
            asyncio.create_task(self._repeat(name, check)) for name, check in self._checks.items()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"ok": self.is_ready, "checks": self._results, **self._details()},
            status=200 if self.is_ready else 503,
        )

    async def _repeat(self, name: str, check: Check) -> None:
        while True:
            running = asyncio.create_task(_passes(name, check))
            try:
                # Not `asyncio.timeout`: a database call is not interrupted, but counts as failed.
                done, _ = await asyncio.wait({running}, timeout=check.within)
                if not done:
                    self._record(name, passed=False)
                self._record(name, passed=await running)
            finally:
                running.cancel()
                await asyncio.wait({running})  # it closes its connection
            await asyncio.sleep(
                check.every if self._results[name] else min(check.every, CHECK_EVERY)
            )

    def _record(self, name: str, *, passed: bool) -> None:
        if passed != self._results[name]:
            _log.info("readiness_changed", check=name, passes=passed)
        self._results[name] = passed


async def _passes(name: str, check: Check) -> bool:
    try:
        return await check.passes()
    except Exception as error:  # noqa: BLE001 - a check that raises has failed
        _log.warning("check_failed", check=name, error=type(error).__name__)
        return False
