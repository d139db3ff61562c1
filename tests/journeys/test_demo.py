"""`countersign demo`: what a newcomer starts, sees and stops."""

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

PROMISED = 20
"""Seconds within which the demo answers, on a machine that does nothing else."""
PARTS = ("watchdog", "temporal", "stand-in", "worker", "bot")


async def test_the_demo_answers_within_twenty_seconds_behind_a_useless_proxy(
    killed_demo: KilledDemo, demo: RunningDemo, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints two lines when both answer, and nothing else for machines."""
    async with aiohttp.ClientSession() as session:
        for url in (demo.slack_url, demo.ui_url):
            async with session.get(url) as response:
                assert response.status == 200

    first, second = killed_demo.demo, demo
    with capsys.disabled():
        print(f"\nThe demo answered after {first.seconds:.1f} s, {second.seconds:.1f} s.")  # noqa: T201
    assert min(first.seconds, second.seconds) < PROMISED
    assert STARTUP_LINES.fullmatch(first.program.stdout)
    assert STARTUP_LINES.fullmatch(second.program.stdout)


async def test_a_demo_sweeps_payments_and_sums_days_up(demo: RunningDemo) -> None:
    """A kept demo that is begun again has its two schedules still."""
    client = await Client.connect(demo.setting("TEMPORAL_ADDRESS"))
    found = [await schedules.show(client, schedule_id) for schedule_id in schedules.IDS]

    assert [response is not None and not response.paused for response in found] == [True, True]


async def test_a_killed_demo_leaves_nothing_running(killed_demo: KilledDemo) -> None:
    """After SIGKILL its children end too."""
    assert len(killed_demo.family) == len(PARTS)
    assert killed_demo.left == []


async def test_a_kept_demo_goes_on_where_it_was_killed(
    killed_demo: KilledDemo, demo_workspace: Workspace
) -> None:
    """Temporal's database, records and messages outlive SIGKILL: the pending card still works."""
    order_id = killed_demo.order_id
    card = await demo_workspace.card(order_id, buttons=True)
    await demo_workspace.press(BORIS, card, "approve")
    await demo_workspace.charged_and_shipped_once(order_id)

    assert card["ts"] == killed_demo.card["ts"]
    assert len(await demo_workspace.cards(order_id)) == 1


async def test_all_of_the_demo_stays_in_one_process_group(demo: RunningDemo) -> None:
    """So that a terminal's Ctrl-C, or a kill of the group, reaches everything."""
    family = descendants_of(demo.program.pid)

    assert len(family) == len(PARTS)
    assert set(family.values()) == {demo.program.pid}


async def test_a_second_demo_in_the_same_directory_is_refused(
    demo: RunningDemo, tmp_path: Path
) -> None:
    """A sentence says which directory, and exit code 2."""
    second = await run("demo", *ANY_PORT, "--keep", str(demo.directory), directory=tmp_path)

    assert second.exit_code == 2
    assert f"a demo is already running in {demo.directory}" in second.stderr
    assert "Traceback" not in second.stderr
    assert second.stdout == ""


async def test_a_taken_port_that_was_asked_for_is_refused(tmp_path: Path) -> None:
    """A sentence names the port and the option, exit code 2, and nothing goes on running."""
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

    for option, one in zip(options, refused, strict=True):
        assert one.exit_code == 2
        assert one.stderr == f"port {port} is in use. Free it, or choose another {option}.\n"
        assert one.stdout == ""


async def test_ctrl_c_ends_a_throw_away_demo_that_replaced_a_taken_port(tmp_path: Path) -> None:
    """The default port was taken, so another one is used, and said; what stood there is gone."""
    old = tmp_path / ".demo" / "records.db"
    old.parent.mkdir()
    old.write_text("not a database: the demo must not try to open it")
    with ExitStack() as mine:
        with suppress(OSError):  # somebody else has it: then it is taken as well
            mine.enter_context(listener_at(STAND_IN_PORT))
        async with running_demo(tmp_path, *ANY_PORT[2:]) as demo:
            port = demo.slack_url.rpartition(":")[2]
            said = f"Port {STAND_IN_PORT} is in use, so the demo uses {port} (choose another with --port)."

            assert said in demo.program.stderr
            await ends_cleanly(demo, lambda: os.killpg(demo.program.pid, signal.SIGINT))


@contextmanager
def listener_at(port: int) -> Iterator[int]:
    """Listen at a port (0: any) and yield it. Raises OSError where somebody else does."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield listener.getsockname()[1]
