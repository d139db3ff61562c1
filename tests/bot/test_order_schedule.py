"""`countersign order schedule` on a real server: create, show, pause, resume, remove."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from bot.temporal import schedules
from tests.bot.order_cli import OrderCli


@pytest.fixture
async def schedule(temporal: WorkflowEnvironment, order_cli: OrderCli) -> AsyncIterator[OrderCli]:
    yield order_cli
    for schedule_id in schedules.IDS:
        await schedules.remove(temporal.client, schedule_id)


async def test_all_schedules_are_created_once_and_shown(schedule: OrderCli) -> None:
    created = await schedule.run("schedule", "create", "--at", "18:30", "--channel", "#sales")
    again = await schedule.run("schedule", "create", "--at", "07:00")
    shown = await schedule.run("schedule", "show")

    assert created.out.splitlines() == [f"{schedule_id} created." for schedule_id in schedules.IDS]
    assert again.out.count("already exists; not changed.") == 3
    assert shown.code == 0
    assert "runs: every 0:05:00" in shown.out
    assert "runs: daily at 18:30 (Europe/Berlin)" in shown.out
    assert "note: posts the previous day's orders to #sales" in shown.out


async def test_all_are_paused_resumed_and_removed(schedule: OrderCli) -> None:
    await schedule.run("schedule", "create")
    paused = await schedule.run("schedule", "pause", "--note", "stock-taking")
    paused_schedules = (await schedule.run("schedule", "show", "--json")).json
    resumed = await schedule.run("schedule", "resume")
    resumed_schedules = (await schedule.run("schedule", "show", "--json")).json
    removed = await schedule.run("schedule", "remove")

    assert paused.out.splitlines() == [f"{schedule_id} paused." for schedule_id in schedules.IDS]
    assert [(shown["paused"], shown["note"]) for shown in paused_schedules] == [
        (True, "stock-taking")
    ] * 3
    assert (resumed.code, [schedule["paused"] for schedule in resumed_schedules]) == (
        0,
        [False] * 3,
    )
    assert resumed_schedules[1]["runs"] == "daily at 08:00 (Europe/Berlin)"
    assert (removed.code, removed.out.count("removed.")) == (0, 3)


@pytest.mark.parametrize("verb", ["show", "pause", "resume", "remove"])
async def test_without_schedules_the_commands_say_so(schedule: OrderCli, verb: str) -> None:
    result = await schedule.run("schedule", verb)

    assert result.code == 2
    assert all(schedule_id in result.err for schedule_id in schedules.IDS)


async def test_an_invalid_time_is_rejected(schedule: OrderCli) -> None:
    result = await schedule.run("schedule", "create", "--at", "25:00")

    assert (result.code, result.out) == (2, "")
    assert "“25:00” is not a time of day" in result.err
