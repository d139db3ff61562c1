"""Programs as users run them: real processes on this machine, each stopped by its own id."""

import asyncio
import itertools
import os
import signal
import subprocess
import sysconfig
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import aiohttp

from bot.cli.demo import is_free
from tests.journeys.starter import Forked, Starter, starter

COUNTERSIGN = str(Path(sysconfig.get_path("scripts"), "countersign"))
RATE_SPEED = 20.0
"""How many times faster than Slack's the stand-in's rate limits are: a minute is three seconds."""
EVENT_TIMEOUT = 30.0
"""Seconds to wait for an event that is quick on an idle machine. Only a broken program takes this long."""

_PRODUCT_PREFIXES = ("SLACK_", "TEMPORAL_")
_SETTINGS = frozenset({"DATABASE_URL", "POLICIES", "WEB_PORT", "WORKER_HEALTH_PORT", "LOG_FORMAT"})
_PORTS = range(11_000, 20_000)
"""Outside the ephemeral range and below the ports of demos: a program binds its port seconds later."""
_PORTS_PER_WORKER = 1_000
_numbers = itertools.count(os.getpid())
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})

Found = TypeVar("Found")


class Program:
    """A running program whose standard output and error are written to files.

    If it is started `by` a starter, the command is the arguments of `python`, or starts with `countersign`.
    """

    def __init__(
        self,
        name: str,
        *command: str,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        by: Starter | None = None,
    ) -> None:
        self.name = name
        self._started = time.monotonic()
        self._out, self._err = directory / f"{name}.out", directory / f"{name}.err"
        self._process: subprocess.Popen[bytes] | Forked
        if by is not None:
            assert environment is not None
            self._process = by.start(
                command,
                directory=directory,
                environment=environment,
                out=self._out,
                err=self._err,
            )
            return
        with self._out.open("ab") as out, self._err.open("ab") as err:
            # A separate session, so that Ctrl-C reaches only pytest, whose teardown stops the program.
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                command,
                cwd=directory,
                env=clean_environment() if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, and the id of its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the program runs."""
        return self._process.poll()

    @property
    def stdout(self) -> str:
        """The standard output so far."""
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        """The standard error so far."""
        return self._err.read_text()

    def seconds_since_start(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._started

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process."""
        self._process.send_signal(number)

    async def ended(self, seconds: float = EVENT_TIMEOUT) -> int:
        """Wait until the program has ended and return its exit code."""

        async def look() -> int | None:
            return self.exit_code

        return await until(look, seconds, f"the end of {self.name}")

    async def kill(self) -> None:
        """Kill the program, as a power cut would."""
        self.send(signal.SIGKILL)
        await self.ended()

    async def end(self) -> None:
        """Stop the program and its process group in a teardown: first with SIGTERM, then with SIGKILL."""
        family = group_of(self.pid)
        if self.exit_code is None:
            self.send(signal.SIGTERM)
            try:
                await self.ended()
            except TimeoutError:
                await self.kill()
        for pid in family:
            if is_alive(pid) and pid in group_of(self.pid):
                os.kill(pid, signal.SIGKILL)


async def run(
    *arguments: str, directory: Path, environment: Mapping[str, str] | None = None
) -> Program:
    """Run `countersign` with these arguments until it exits."""
    name = "-".join(word for word in arguments if word.isalpha()) or "countersign"
    name = f"{name}-{uuid.uuid4().hex[:6]}"
    program = Program(
        name,
        "countersign",
        *arguments,
        directory=directory,
        environment=clean_environment() if environment is None else environment,
        by=starter(),
    )
    try:
        await program.ended()
    finally:
        await program.end()
    return program


def clean_environment(**settings: str) -> dict[str, str]:
    """Return the current environment without the product's settings and proxies, plus these settings."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRODUCT_PREFIXES)
        and name not in _SETTINGS
        and name.lower() not in _PROXIES
    }
    return inherited | settings


async def until(
    look: Callable[[], Awaitable[Found | None]], seconds: float = EVENT_TIMEOUT, what: str = ""
) -> Found:
    """Poll `look` until it returns a value other than None; return the value. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"timed out after {seconds} s: {what or look}")
        await asyncio.sleep(0.03)


async def still_running(pids: Iterable[int], seconds: float = EVENT_TIMEOUT) -> list[int]:
    """Wait for these processes to end; return the ones that still run after the timeout."""

    async def look() -> bool | None:
        return None if any(map(is_alive, pids)) else True

    with suppress(TimeoutError):
        await until(look, seconds)
    return [pid for pid in pids if is_alive(pid)]


async def answers(url: str, program: Program) -> None:
    """Wait until `url` responds with 200. If the program exits instead, fail with its output."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:

        async def look() -> bool | None:
            assert program.exit_code is None, f"{program.name} ended: {program.stderr}"
            try:
                async with session.get(url) as response:
                    return response.ok or None
            except (aiohttp.ClientError, TimeoutError):
                return None

        await until(look, what=url)


def free_port() -> int:
    """Return a free port that no other test of this run gets, in this process or in another."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _PORTS.start + worker * _PORTS_PER_WORKER % len(_PORTS)
    ports = (first + number % _PORTS_PER_WORKER for number in _numbers)
    return next(port for port in ports if is_free(port))


def group_of(pid: int) -> dict[int, str]:
    """Return the living processes of a process group, by id, with their command lines."""
    return {
        member: _command_line(member) for member, (_, group) in _processes().items() if group == pid
    }


def descendants_of(pid: int) -> dict[int, int]:
    """Return the process groups of the living descendants of a process, by process id."""
    processes = _processes()
    found: dict[int, int] = {}
    family = {pid}
    while grown := {
        child: group
        for child, (parent, group) in processes.items()
        if parent in family and child not in found
    }:
        found |= grown
        family |= set(grown)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not count."""
    return pid in _processes()


def _processes() -> dict[int, tuple[int, int]]:
    """Return the parent and process group of every running process, by id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:  # the process has just ended
                continue
            if state not in "ZX":
                found[int(entry.name)] = (int(parent), int(group))
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
