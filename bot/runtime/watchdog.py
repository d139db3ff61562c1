"""Ends the demo's processes if the demo itself was killed.

Runs as a child with a pipe as standard input; each line is the id of a process. When the pipe
closes, the demo has ended, and the watchdog ends those processes: SIGTERM first, then SIGKILL.
"""

import contextlib
import os
import signal
import sys
import time

KILL_AFTER = 5
"""Seconds between SIGTERM and SIGKILL."""


def main() -> None:
    """Read process ids until standard input closes, then end those processes."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # only the closed pipe ends the watchdog
    pids = [int(line) for line in sys.stdin if line.strip()]
    for pid in pids:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + KILL_AFTER
    while any(_is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in pids:
        _send(pid, signal.SIGKILL)


def _send(pid: int, name: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, name)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
