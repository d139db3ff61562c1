"""Ends the demo's processes when the demo itself was killed and could not.

Run as a child with a pipe as standard input: every line is a process id to end. When the pipe
closes, the demo is gone; what it had started then is ended, politely first.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE = 5
"""Seconds between asking a process to end and ending it."""


def main() -> None:
    """Collect process ids until standard input ends, then end those processes."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # only the end of the pipe counts
    pids = [int(line) for line in sys.stdin if line.strip()]
    for pid in pids:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in pids:
        _send(pid, signal.SIGKILL)


def _send(pid: int, name: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, name)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
