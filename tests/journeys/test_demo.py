"""`countersign demo`: start, output, restart and stop."""

from pathlib import Path

import aiohttp
import pytest
from temporalio.client import Client

from bot.temporal import schedules
from tests.journeys.demos import (
    ANY_PORT,
    STARTUP_LINES,
    KilledDemo,
    RunningDemo,
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


async def test_a_restarted_demo_keeps_its_schedules(demo: RunningDemo) -> None:
    """No schedule is paused."""
    client = await Client.connect(demo.setting("TEMPORAL_ADDRESS"))
    found = [await schedules.show(client, schedule_id) for schedule_id in schedules.IDS]

    assert schedules.IDS
    assert all(response is not None and not response.paused for response in found)


async def test_a_demo_works_on_a_task_queue_of_its_own_and_keeps_it(
    killed_demo: KilledDemo, demo: RunningDemo
) -> None:
    """A worker with production settings on the same Temporal server cannot take the demo's work."""
    queue = demo.setting("TEMPORAL_TASK_QUEUE")
    client = await Client.connect(demo.setting("TEMPORAL_ADDRESS"))
    order = await client.get_workflow_handle(killed_demo.order_id).describe()

    assert queue.startswith("countersign-demo-")
    assert order.task_queue == queue


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
