"""Liveness and readiness: what they say, and that asking costs nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError
from temporalio.testing import WorkflowEnvironment

from activities.cards import LastPublish
from bot.runtime import logs
from bot.runtime.health import Check, Health
from bot.runtime.http_server import serve
from bot.runtime.needs import database_check, slack_check, temporal_check
from emulator.client import StandInClient
from records.database import Database
from slack_api.access import WrongTokenError
from tests.journeys.programs import until

SECRET = "xoxb-this-must-not-be-logged"


@dataclass
class Probe:
    """A check whose result the test sets, and how often it ran."""

    passes: bool = True
    runs: int = 0
    blocked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> bool:
        self.runs += 1
        return self.passes

    async def has_run(self, times: int) -> None:
        async def look() -> bool | None:
            return self.runs >= times or None

        await until(look, 10, f"the check runs {times} times")

    async def block(self) -> bool:
        await self.blocked.wait()
        return True


@dataclass(frozen=True)
class Asked:
    """A server with health routes, and what it answers."""

    session: aiohttp.ClientSession
    port: int

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
            return answer.status, await answer.json()

    async def becomes(self, status: int) -> Any:
        async def look() -> Any:
            found, body = await self.get("/readyz")
            return body if found == status else None

        return await until(look, 10, f"/readyz answers {status}")


@asynccontextmanager
async def asked(checks: Mapping[str, Check], **details: Any) -> AsyncIterator[Asked]:
    health = Health(checks, **details)
    async with (
        health.checking(),
        serve(0, *health.routes()) as port,
        aiohttp.ClientSession() as session,
    ):
        yield Asked(session, port)


async def breaks() -> bool:
    raise OSError(SECRET)


async def test_a_process_is_ready_if_every_check_passes(
    database: Database, temporal: WorkflowEnvironment, slack: StandInClient, web: Any
) -> None:
    checks = {
        "database": database_check(database),
        "temporal": temporal_check(temporal.client),
        "slack": slack_check(web),
    }
    async with asked(checks) as health:
        body = await health.becomes(200)

    assert body == {"ok": True, "checks": {"database": True, "temporal": True, "slack": True}}


async def test_a_process_is_alive_but_not_ready_while_a_check_fails() -> None:
    probe = Probe()
    checks = {"socket": Check(passes=probe.run, every=0.01), "database": Check(passes=breaks)}
    async with asked(checks) as health:
        await probe.has_run(2)
        body = await health.becomes(503)
        alive = await health.get("/healthz")

    assert body == {"ok": False, "checks": {"socket": True, "database": False}}
    assert alive == (200, {"ok": True})


async def test_a_process_becomes_unready_and_ready_again() -> None:
    probe = Probe()
    async with asked({"socket": Check(passes=probe.run, every=0.01)}) as health:
        await health.becomes(200)
        probe.passes = False
        await health.becomes(503)
        probe.passes = True
        await health.becomes(200)


async def test_requests_are_answered_from_the_last_result() -> None:
    probe = Probe()
    async with asked({"socket": Check(passes=probe.run, every=3600)}) as health:
        await health.becomes(200)
        await asyncio.gather(*(health.get("/readyz") for _ in range(50)))

    assert probe.runs == 1


async def test_a_check_that_hangs_has_failed_and_delays_no_answer() -> None:
    probe, hanging = Probe(), Probe()
    checks = {
        "socket": Check(passes=probe.run, every=0.01),
        "database": Check(passes=hanging.block, within=0.05),
    }
    async with asked(checks) as health:
        body = await health.becomes(503)
        hanging.blocked.set()
        recovered = await health.becomes(200)

    assert body["checks"]["database"] is False
    assert recovered["checks"] == {"socket": True, "database": True}


async def test_a_database_that_can_only_be_read_fails_its_check(
    database: Database, records_file: Path
) -> None:
    assert await database_check(database).passes()

    async with Database(f"sqlite:///file:{records_file}?mode=ro&uri=true") as read_only:
        await read_only.require_current_schema()
        with pytest.raises(OperationalError, match="readonly database"):
            await database_check(read_only).passes()


async def test_a_wrong_token_is_not_ready(slack: StandInClient, web: Any) -> None:
    web.token = "xoxb-revoked"
    check = slack_check(web)

    with pytest.raises(WrongTokenError):
        await check.passes()
    async with asked({"slack": check}) as health:
        await health.becomes(503)


async def test_the_last_publish_is_shown() -> None:
    last = LastPublish()
    async with asked({}, details=last.details) as health:
        before = await health.get("/readyz")
        last.record("")
        last.record("slack.channel_not_found")
        status, after = await health.get("/readyz")

    assert before[1]["last_publish"] == {"at": None, "problem": ""}
    assert status == 200
    assert after["last_publish"]["problem"] == "slack.channel_not_found"
    assert after["last_publish"]["at"]


async def test_health_requests_are_not_logged_and_failures_show_no_values(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure("console", "info")
    logging.getLogger().addHandler(caplog.handler)
    probe = Probe()
    checks = {"socket": Check(passes=probe.run), "other": Check(passes=breaks)}
    async with asked({**checks, "database": database_check(database)}) as health:
        await probe.has_run(1)
        for path in ("/readyz", "/healthz", "/readyz"):
            await health.get(path)

    assert SECRET not in caplog.text
    assert "healthz" not in caplog.text
    assert "readyz" not in caplog.text
    assert "alembic" not in caplog.text
