"""Starts our Python programs from a process that has read all their modules already.

Each is a process of its own, with its own session, environment and files, and runs its entry point as
`python` would. What is saved is the second in which a program reads its modules, at each of some
hundred starts.
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

ROOT = Path(__file__).resolve().parents[2]
_READ = ("worker", "bot.__main__", "bot.cli.main", "emulator.__main__", "emulator.server")
"""These define things when they are imported, and do nothing."""
COUNTERSIGN = "countersign"
"""Stands for the installed command of this name."""
_WORD = 16
_ORDER = 100_000


class Forked:
    """A program that was started: the part of `subprocess.Popen` that tests use."""

    def __init__(self, keeper: socket.socket) -> None:
        self._keeper = keeper
        self.pid = int(keeper.recv(_WORD))
        keeper.settimeout(0)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self._code is None:
            try:
                self._code = int(self._keeper.recv(_WORD))
            except BlockingIOError:
                return None
            self._keeper.close()
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to this one process, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Starter:
    """Starts programs. It ends with the process that holds it; what it has started runs on."""

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
        """Run what `python *arguments` would run, or `countersign`; its words go to the files' ends."""
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
        """Start nothing more."""
        self._orders.close()
        self._process.wait()


@cache
def starter() -> Starter:
    """Return the one starter of this process."""
    one = Starter()
    atexit.register(one.close)
    return one


def _serve(orders: socket.socket) -> None:
    """Fork a keeper for each order until nobody can give one any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while True:
        written, descriptors, _, _ = socket.recv_fds(orders, _ORDER, 1)
        if not written:
            return
        keeper = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(json.loads(written), keeper)
        keeper.close()


def _keep(order: dict[str, Any], keeper: socket.socket) -> None:
    """Fork the program, tell its process id, wait for its end, and tell how that was."""
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
    """Run the entry point with everything that a process inherits as the order says."""
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
    for name in _READ:
        import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a process with {threads} threads cannot be forked safely"
    _serve(socket.socket(fileno=int(sys.argv[1])))
