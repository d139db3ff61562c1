"""`countersign demo` as a new user runs it, and its output."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator.client import StandInClient
from emulator.errors import Json
from records.database import Database
from tests.journeys.programs import (
    COUNTERSIGN,
    RATE_SPEED,
    Program,
    clean_environment,
    descendants_of,
    is_alive,
    until,
)
from tests.journeys.workspace import Workspace

ANY_PORT = ("--port", "0", "--temporal-port", "0", "--ui-port", "0")
START = 60.0
"""Seconds to wait for the demo's output."""
STARTUP_LINES = re.compile(
    r"Slack stand-in: (http://127\.0\.0\.1:\d+)\nTemporal UI: (http://127\.0\.0\.1:\d+)\n"
)


@dataclass(frozen=True, kw_only=True)
class RunningDemo:
    """A demo that has printed its addresses, and the seconds until it did."""

    program: Program
    directory: Path
    slack_url: str
    ui_url: str
    seconds: float

    def setting(self, name: str) -> str:
        """Return a setting that the demo saved for the command line."""
        lines = (self.directory / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Workspace]:
        """Yield the demo's workspace."""
        async with (
            StandInClient(self.slack_url) as slack,
            Database(self.setting("DATABASE_URL")) as database,
        ):
            await slack.limits(speed=RATE_SPEED)
            yield Workspace(slack=slack, database=database)


@dataclass(frozen=True, kw_only=True)
class KilledDemo:
    """A demo that got SIGKILL: its child processes, those that survived, and the order that was pending."""

    demo: RunningDemo
    children: dict[int, int]
    survivors: list[int]
    order_id: str
    card: Json


@asynccontextmanager
async def running_demo(
    home: Path, *options: str, keep: Path | None = None, name: str = "demo", **settings: str
) -> AsyncIterator[RunningDemo]:
    """Run `countersign demo` in `home` and yield it once it has printed its addresses."""
    keep_option = ("--keep", str(keep)) if keep else ()
    program = Program(
        name,
        *(COUNTERSIGN, "demo", *options, *keep_option),
        directory=home,
        environment=clean_environment(**settings),
    )
    try:
        yield await _wait_for_addresses(program, keep or home / ".demo")
    finally:
        await program.end()


async def _wait_for_addresses(program: Program, directory: Path) -> RunningDemo:
    async def look() -> re.Match[str] | None:
        assert program.exit_code is None, f"the demo ended: {program.stderr}"
        return STARTUP_LINES.match(program.stdout)

    addresses = await until(look, START, "the demo's two lines")
    seconds = program.seconds_since_start()
    return RunningDemo(
        program=program,
        directory=directory,
        slack_url=addresses[1],
        ui_url=addresses[2],
        seconds=seconds,
    )


async def ends_cleanly(demo: RunningDemo, stop: Callable[[], None]) -> None:
    """Check that `stop` ends the demo and all its child processes without an error."""
    children = descendants_of(demo.program.pid)
    stop()
    code = await demo.program.ended()

    assert code == 0
    assert "Traceback" not in demo.program.stderr
    assert [pid for pid in children if is_alive(pid)] == []
    assert STARTUP_LINES.fullmatch(demo.program.stdout)
