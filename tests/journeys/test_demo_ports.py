"""`countersign demo` with ports in use, and its stop by Ctrl-C."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bot.cli.demo import STAND_IN_PORT
from tests.journeys.demos import ANY_PORT, ends_cleanly, running_demo
from tests.journeys.programs import run


async def test_an_explicit_port_that_is_in_use_is_refused(tmp_path: Path) -> None:
    """The error names the port and the option, with exit code 2, and no process keeps running."""
    options = ("--port", "--temporal-port", "--ui-port")
    with listener_at(0) as port:
        for option in options:
            (tmp_path / option).mkdir()
        refused = await asyncio.gather(
            *(
                run("demo", *ANY_PORT, option, str(port), directory=tmp_path / option)
                for option in options
            )
        )

    for option, program in zip(options, refused, strict=True):
        assert program.exit_code == 2
        assert program.stderr == f"port {port} is in use. Free it, or choose another {option}.\n"
        assert program.stdout == ""


async def test_ctrl_c_stops_a_temporary_demo_that_replaced_a_port_in_use(tmp_path: Path) -> None:
    """The default port is in use, so the demo uses and reports a free port. Old files are deleted."""
    old = tmp_path / ".demo" / "records.db"
    old.parent.mkdir()
    old.write_text("not a database: the demo must not try to open it")
    with ExitStack() as stack:
        with suppress(OSError):  # another process uses it: it is in use as well
            stack.enter_context(listener_at(STAND_IN_PORT))
        async with running_demo(tmp_path, *ANY_PORT[2:]) as demo:
            port = demo.slack_url.rpartition(":")[2]
            message = f"Port {STAND_IN_PORT} is in use, so the demo uses {port} (choose another with --port)."

            assert message in demo.program.stderr
            await ends_cleanly(demo, lambda: os.killpg(demo.program.pid, signal.SIGINT))


@contextmanager
def listener_at(port: int) -> Iterator[int]:
    """Listen at a port (0: any) and yield it. Raises OSError if the port is in use."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield listener.getsockname()[1]
