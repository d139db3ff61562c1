"""`countersign demo`: start, output, restart and stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from temporalio.client import Client

from bot.cli.demo import STAND_IN_PORT
from bot.temporal import schedules
from tests.journeys.demos import (
    ANY_PORT,
    STARTUP_LINES,
    KilledDemo,
    RunningDemo,
    ends_cleanly,
    running_demo,
)
from tests.journeys.programs import descendants_of, run
from tests.journeys.workspace import BORIS, Workspace

READY_WITHIN = 20
"""Seconds within which the demo is ready on an idle machine."""
PARTS = ("watchdog", "temporal", "stand-in", "worker", "bot")


async def test_the_demo_is_ready_within_twenty_seconds_with_an_unreachable_proxy(
    killed_demo: KilledDemo, demo: RunningDemo, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints two lines when both addresses respond, and nothing else on standard output."""
    async with aiohttp.ClientSession() as session:
        for url in (demo.slack_url, demo.ui_url):
            async with session.get(url) as response:
                assert response.status == 200

    first, second = killed_demo.demo, demo
    with capsys.disabled():
        print(f"\nThe demo was ready after {first.seconds:.1f} s, {second.seconds:.1f} s.")  # noqa: T201
    assert min(first.seconds, second.seconds) < READY_WITHIN
    assert STARTUP_LINES.fullmatch(first.program.stdout)
    assert STARTUP_LINES.fullmatch(second.program.stdout)


async def test_a_restarted_demo_keeps_its_two_schedules(demo: RunningDemo) -> None:
    """The payment sweep and the daily summary are not paused."""
    client = await Client.connect(demo.setting("TEMPORAL_ADDRESS"))
    found = [await schedules.show(client, schedule_id) for schedule_id in schedules.IDS]

    assert [response is not None and not response.paused for response in found] == [True, True]


async def test_a_killed_demo_leaves_nothing_running(killed_demo: KilledDemo) -> None:
    """After SIGKILL its child processes end too."""
    assert len(killed_demo.children) == len(PARTS)
    assert killed_demo.survivors == []


async def test_a_persistent_demo_continues_after_a_kill(
    killed_demo: KilledDemo, demo_workspace: Workspace
) -> None:
    """Temporal's database, records and messages survive SIGKILL: the pending card still works."""
    order_id = killed_demo.order_id
    card = await demo_workspace.card(order_id, buttons=True)
    await demo_workspace.press(BORIS, card, "approve")
    await demo_workspace.charged_and_shipped_once(order_id)

    assert card["ts"] == killed_demo.card["ts"]
    assert len(await demo_workspace.cards(order_id)) == 1


async def test_all_of_the_demo_stays_in_one_process_group(demo: RunningDemo) -> None:
    """Ctrl-C in a terminal, or a kill of the group, reaches every process."""
    children = descendants_of(demo.program.pid)

    assert len(children) == len(PARTS)
    assert set(children.values()) == {demo.program.pid}


async def test_a_second_demo_in_the_same_directory_is_refused(
    demo: RunningDemo, tmp_path: Path
) -> None:
    """The error names the directory, with exit code 2."""
    second = await run("demo", *ANY_PORT, "--keep", str(demo.directory), directory=tmp_path)

    assert second.exit_code == 2
    assert f"a demo is already running in {demo.directory}" in second.stderr
    assert "Traceback" not in second.stderr
    assert second.stdout == ""


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
    """The default port is in use, so the demo uses and reports another one. Old files are deleted."""
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
