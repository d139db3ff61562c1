"""SIGTERM and SIGINT: every process ends within 10 s, whatever it is waiting for."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from temporalio.testing import WorkflowEnvironment

from bot.runtime.http_server import serve
from emulator.client import StandInClient
from tests.bot.conftest import ROOT
from tests.bot.order_driver import APPROVALS, BORIS, OrderDriver, RunningWorker
from tests.journeys.programs import Program, clean_environment, free_port, until
from tests.journeys.starter import COUNTERSIGN, starter
from views import notices
from views.translator import ENGLISH

LIMIT = 10.0
BOT, WORKER = ("-m", "bot"), (str(ROOT / "worker.py"),)
SECONDS_TO_STATE = 60.0

Reached = Callable[[Program], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class State:
    """A program in one state: its settings, and how to wait until it is there."""

    command: tuple[str, ...]
    reached: Reached
    settings: dict[str, str]
    number: signal.Signals = signal.SIGTERM


@dataclass
class Silent:
    """A server that accepts connections and never answers."""

    port: int
    connected: asyncio.Event


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    connected = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connected.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield Silent(server.sockets[0].getsockname()[1], connected)
    server.close()
    for writer in writers:
        writer.close()


@asynccontextmanager
async def half_a_slack(
    opened: dict[str, object], status: int
) -> AsyncIterator[tuple[str, Reached]]:
    """A Slack that accepts every token, and answers `apps.connections.open` as given."""
    asked = asyncio.Event()

    async def accept(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "members": []})

    async def open_socket(_: web.Request) -> web.Response:
        asked.set()
        return web.json_response(opened, status=status, headers={"Retry-After": "60"})

    routes = (
        web.post("/api/apps.connections.open", open_socket),
        web.post("/api/{method}", accept),
        web.get("/api/{method}", accept),
    )
    async with serve(0, *routes) as port:
        yield f"http://127.0.0.1:{port}/api/", _event(asked)


def _event(event: asyncio.Event) -> Reached:
    async def reached(_: Program) -> None:
        await event.wait()

    return reached


def _says(words: str) -> Reached:
    async def reached(program: Program) -> None:
        async def look() -> bool | None:
            assert program.exit_code is None, program.stderr
            return words in program.stderr or None

        await until(look, SECONDS_TO_STATE, f"{program.name}: {words}")

    return reached


@pytest.fixture
async def states(  # noqa: PLR0913, PLR0917 - the parts that the states use
    slack: StandInClient,
    temporal: WorkflowEnvironment,
    records_file: Path,
    order_driver: OrderDriver,
    worker: RunningWorker,
    queue: str,
) -> AsyncIterator[dict[str, State]]:
    """Programs that idle, that wait for Slack, Temporal, a worker or a decision, and that start."""
    card = await order_driver.waiting_order(quorum=2)
    await worker.stop()
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_APP_TOKEN": "xapp-local",
        "SLACK_API_URL": f"{slack.base_url}/api/",
        "DATABASE_URL": f"sqlite:///{records_file}",
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        "TEMPORAL_TASK_QUEUE": queue,
        "POLICIES": str(ROOT / "policies.toml"),
    }

    async def unconfirmed(_: Program) -> None:
        await slack.wait_for_connections(1)
        await slack.click(BORIS, APPROVALS, card.message, "approve")
        await order_driver.private_message(BORIS, notices.unconfirmed(ENGLISH))

    async with AsyncExitStack() as stack:
        mute_slack, mute_worker_slack, mute_temporal, mute_socket = [
            await stack.enter_async_context(silent()) for _ in range(4)
        ]
        limited, limited_asked = await stack.enter_async_context(
            half_a_slack({"ok": False, "error": "ratelimited"}, 429)
        )
        socketless, _ = await stack.enter_async_context(
            half_a_slack({"ok": True, "url": f"ws://127.0.0.1:{mute_socket.port}/"}, 200)
        )
        remark = (COUNTERSIGN, "request", "comment", card.approval_id, "Hm", "--as", BORIS)
        waiting = (COUNTERSIGN, "order", "show", card.order_id, "--wait")

        def state(
            *command: str, reached: Reached, by: signal.Signals = signal.SIGTERM, **changed: str
        ) -> State:
            return State(command=command, reached=reached, settings=settings | changed, number=by)

        yield {
            "bot: Slack is unreachable": state(
                *BOT, reached=_says("slack_not_reached"), SLACK_API_URL="http://127.0.0.1:9/api/"
            ),
            "bot: Slack never answers": state(
                *BOT,
                reached=_event(mute_slack.connected),
                SLACK_API_URL=f"http://127.0.0.1:{mute_slack.port}/api/",
            ),
            "bot: Slack limits the socket": state(
                *BOT, reached=limited_asked, SLACK_API_URL=limited
            ),
            "bot: the socket never opens": state(
                *BOT, reached=_event(mute_socket.connected), SLACK_API_URL=socketless
            ),
            "bot: Temporal never answers": state(
                *BOT,
                reached=_event(mute_temporal.connected),
                TEMPORAL_ADDRESS=f"127.0.0.1:{mute_temporal.port}",
            ),
            "bot: a press is unconfirmed": state(*BOT, reached=unconfirmed, by=signal.SIGINT),
            "worker: idle": state(
                *WORKER, reached=_says("worker_started"), TEMPORAL_TASK_QUEUE=f"{queue}-idle"
            ),
            "worker: Slack never answers": state(
                *WORKER,
                reached=_event(mute_worker_slack.connected),
                SLACK_API_URL=f"http://127.0.0.1:{mute_worker_slack.port}/api/",
            ),
            "command line: a command is unconfirmed": state(
                *remark, reached=_says("still trying"), by=signal.SIGINT
            ),
            "command line: waits for an outcome": state(
                *waiting, reached=_says("Waiting for approval")
            ),
        }


async def test_every_process_ends_in_time_in_every_state(
    states: dict[str, State], tmp_path: Path
) -> None:
    ended = await asyncio.gather(
        *(_seconds_to_end(name, state, tmp_path) for name, state in states.items())
    )

    too_slow = {
        name: seconds for name, seconds in zip(states, ended, strict=True) if seconds > LIMIT
    }
    assert too_slow == {}


async def _seconds_to_end(name: str, state: State, directory: Path) -> float:
    file = name.replace(" ", "-").replace(":", "")
    (directory / f"{file}.err").touch()
    program = await asyncio.to_thread(  # the first start waits until the starter has imported all
        Program,
        file,
        *state.command,
        directory=directory,
        environment=clean_environment(
            **state.settings,
            WEB_PORT=str(free_port()),
            WORKER_HEALTH_PORT=str(free_port()),
        ),
        by=starter(),
    )
    try:
        async with asyncio.timeout(SECONDS_TO_STATE):
            await state.reached(program)
        program.send(state.number)
        sent = time.monotonic()
        await program.ended(LIMIT * 3)
        assert "Traceback" not in program.stderr, program.stderr
        return time.monotonic() - sent
    finally:
        await program.end()
