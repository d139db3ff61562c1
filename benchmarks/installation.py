"""A complete installation on 127.0.0.1 for one measurement: Temporal, stand-in, worker and bot."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
from temporalio.client import Client
from temporalio.service import GrpcCompression

from bot.cli.demo import (
    START_LIMIT,
    TEMPORAL_SETTINGS,
    answered,
    free_port,
    temporal_binary,
)
from emulator.client import StandInClient
from workflows.payloads import data_converter

ROOT = Path(__file__).resolve().parent.parent
YARDSTICK_QUEUE = "yardstick"
_COUNTERSIGN = "from bot.cli.main import program; program()"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The clients of a running installation."""

    temporal: Client
    slack: StandInClient
    pids: dict[str, int]
    """The process ids of temporal, slack, worker, bot and yardstick."""


@asynccontextmanager
async def running_installation(
    directory: Path, *, socket_mode: bool, root: Path = ROOT
) -> AsyncIterator[Installation]:
    """Start Temporal, the stand-in, worker, bot and yardstick worker, and stop them at the end.

    Worker and bot run the code in `root`; everything else, the client included, is this revision's.
    """
    temporal_port, slack_port, worker_port, bot_port = (free_port() for _ in range(4))
    environment = _environment(directory, temporal_port, slack_port, worker_port, bot_port)
    environment |= (
        {"SLACK_APP_TOKEN": "xapp-local"} if socket_mode else {"SLACK_SIGNING_SECRET": "local"}
    )
    async with _processes(directory, environment) as (start, pids):
        await start("temporal", *_temporal_command(temporal_port))
        request_url = (
            [] if socket_mode else ["--request-url", f"http://127.0.0.1:{bot_port}/slack/events"]
        )
        python = sys.executable
        await start(
            "slack", python, "-m", "emulator", "--manifest", "manifest.yml",
            "--port", str(slack_port), *request_url,
        )  # fmt: skip
        await start("upgrade", python, "-c", _COUNTERSIGN, "db", "upgrade", root=root, wait=True)
        await _wait_until_answered(f"http://127.0.0.1:{slack_port}/")
        client = await _connected(f"127.0.0.1:{temporal_port}")
        await start("worker", python, "worker.py", root=root)
        await start("bot", python, "-m", "bot", root=root)
        await start(
            "yardstick", python, "-m", "benchmarks.minimal_worker", f"127.0.0.1:{temporal_port}",
            YARDSTICK_QUEUE, environment["SLACK_API_URL"], environment["SLACK_BOT_TOKEN"],
        )  # fmt: skip
        await _wait_until_ready(f"http://127.0.0.1:{worker_port}")
        await _wait_until_ready(f"http://127.0.0.1:{bot_port}")
        async with StandInClient(f"http://127.0.0.1:{slack_port}") as slack:
            await slack.limits(per_second=0, tiers=False)  # do not measure Slack's limits
            yield Installation(temporal=client, slack=slack, pids=pids)


@asynccontextmanager
async def _processes(
    directory: Path, environment: dict[str, str]
) -> AsyncIterator[tuple[Callable[..., Awaitable[None]], dict[str, int]]]:
    """Yield a function that starts a named process with a log file, and the process ids.

    All processes are stopped at the end.
    """
    processes: list[asyncio.subprocess.Process] = []
    pids: dict[str, int] = {}

    async def start(name: str, *command: str, root: Path = ROOT, wait: bool = False) -> None:
        with (directory / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=root, env=environment, stdout=log, stderr=log
            )
        if not wait:
            processes.append(process)
            pids[name] = process.pid
        elif await process.wait():
            raise RuntimeError((directory / f"{name}.log").read_text())

    try:
        yield start, pids
    finally:
        for process in reversed(processes):
            if process.returncode is None:
                process.terminate()
        for process in processes:
            await process.wait()


def _temporal_command(port: int) -> list[str]:
    command = [temporal_binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
    command += ["--log-level", "error", "--port", str(port)]
    for setting in TEMPORAL_SETTINGS:
        command += ["--dynamic-config-value", setting]
    return command


def _environment(
    directory: Path, temporal: int, slack: int, worker: int, bot: int
) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("SLACK_", "TEMPORAL_"))
    }
    return inherited | {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        "DATABASE_URL": f"sqlite:///{directory / 'records.db'}",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        "WORKER_HEALTH_PORT": str(worker),
        "WEB_PORT": str(bot),
        "LOG_LEVEL": "warning",
        "FOREIGN_POLICIES": "true",  # the measured requests bring their own policy
    }


async def _wait_until_answered(url: str) -> None:
    async with asyncio.timeout(START_LIMIT):
        await answered(url)


async def _wait_until_ready(url: str) -> None:
    """Wait until a program is ready. An earlier revision may serve `/healthz` only, which meant the same."""
    await _wait_until_answered(f"{url}/healthz")
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
        has_readiness = response.status != HTTPStatus.NOT_FOUND
    if has_readiness:
        await _wait_until_answered(f"{url}/readyz")


async def _connected(address: str) -> Client:
    async with asyncio.timeout(START_LIMIT):
        while True:
            try:
                return await Client.connect(
                    address, data_converter=data_converter, grpc_compression=GrpcCompression.NONE
                )
            except RuntimeError:  # the server is still starting
                await asyncio.sleep(0.05)
