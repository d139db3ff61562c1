"""Starts the product's Python programs by forking a process that has already imported their modules.

Each program is a separate process, with its own session, environment and files, and runs its entry point
as `python` would. This saves the second in which a program imports its modules, about a hundred times.
"""

import atexit
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
_PRELOADED = (
    *("worker", "bot.__main__", "emulator.__main__", "emulator.server"),
    *{"bot.cli.main", *(command.module for command in COMMANDS.values())},
)
"""The modules to preload. Importing them has no side effects."""
COUNTERSIGN = "countersign"
"""The installed command of this name, as a first argument."""
_REPLY_BYTES = 16
_ORDER_BYTES = 100_000


class Forked:
    """A started program, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, keeper: socket.socket) -> None:
        self._keeper = keeper
        self.pid = int(keeper.recv(_REPLY_BYTES))
        keeper.settimeout(0)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self._code is None:
            try:
                self._code = int(self._keeper.recv(_REPLY_BYTES))
            except BlockingIOError:
                return None
            self._keeper.close()
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to this process, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Starter:
    """Starts programs. It stops with the process that created it; the started programs keep running."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very file
                [sys.executable, "-m", "tests.journeys.starter", str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(  # noqa: PLR0913 - a process has this many parts
        self,
        arguments: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        out: Path,
        err: Path,
        stdin: Path = Path(os.devnull),
    ) -> Forked:
        """Run `python *arguments`, or `countersign`; append its output to the files."""
        order = {
            "arguments": [*arguments],
            "directory": str(directory),
            "environment": {**environment},
            "out": str(out),
            "err": str(err),
            "stdin": str(stdin),
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [theirs.fileno()])
        return Forked(ours)

    def close(self) -> None:
        """Stop the starter. The started programs keep running."""
        self._orders.close()
        self._process.wait()


@cache
def starter() -> Starter:
    """Return the starter of this process."""
    created = Starter()
    atexit.register(created.close)
    return created


def _serve(orders: socket.socket) -> None:
    """Fork a keeper process for each order until the socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # do not leave zombies: nothing waits for keepers
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, _ORDER_BYTES, 1)
        if not message:
            return
        keeper = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(json.loads(message), keeper)
        keeper.close()


def _keep(order: dict[str, Any], keeper: socket.socket) -> None:
    """Fork the program, send its process id, wait for its end, and send its exit code."""
    program = os.fork()
    if program == 0:
        keeper.close()
        _become(order)
        sys.exit()
    keeper.send(str(program).encode())
    _, status = os.waitpid(program, 0)
    keeper.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(order: dict[str, Any]) -> None:
    """Set the session, directory, environment and files of the order, and run the entry point."""
    os.setsid()
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for path, descriptor in ((order["stdin"], 0), (order["out"], 1), (order["err"], 2)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    random.seed()
    first, *rest = order["arguments"]
    if first == "-m":
        name, *rest = rest
        sys.argv[1:] = rest
        sys.modules.pop(f"{name}.__main__", None)
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    elif first == COUNTERSIGN:
        sys.argv[:] = [first, *rest]
        import_module("bot.cli.main").program()
    else:
        sys.argv[:] = [first, *rest]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    for name in _PRELOADED:
        import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a process with {threads} threads cannot be forked safely"
    _serve(socket.socket(fileno=int(sys.argv[1])))
