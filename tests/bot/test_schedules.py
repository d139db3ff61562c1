"""Schedules on a real server: created once, shown, paused, removed, and run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from bot.temporal import schedules
from bot.temporal.schedules import ScheduleDescription
from emulator.client import StandInClient
from tests.bot.order_driver import ANA, TIMEOUT, RunningWorker, unique
from views.translator import ENGLISH
from workflows.summary import SummaryInput
from workflows.sweep import SweepReport, SweepWorkflow


@pytest.fixture
async def schedule_id(temporal: WorkflowEnvironment) -> AsyncIterator[str]:
    schedule_id = unique("sweep")
    yield schedule_id
    await schedules.remove(temporal.client, schedule_id)


async def _shown(env: WorkflowEnvironment, schedule_id: str) -> ScheduleDescription:
    shown = await schedules.show(env.client, schedule_id)
    assert shown is not None
    return shown


async def test_a_schedule_is_created_once_paused_resumed_and_removed(
    temporal: WorkflowEnvironment, schedule_id: str
) -> None:
    client, plan = temporal.client, schedules.sweep("queue", timedelta(hours=1))

    assert await schedules.create(client, schedule_id, plan)
    assert not await schedules.create(client, schedule_id, schedules.sweep("other"))
    created = await _shown(temporal, schedule_id)
    assert await schedules.pause(client, schedule_id, "stock-taking")
    paused = await _shown(temporal, schedule_id)
    assert await schedules.resume(client, schedule_id, "done")
    resumed = await _shown(temporal, schedule_id)
    assert await schedules.remove(client, schedule_id)

    assert (created.every, created.paused, created.latest) == ((timedelta(hours=1),), False, ())
    assert created.next_at is not None
    assert (paused.paused, paused.note) == (True, "stock-taking")
    assert (resumed.paused, resumed.note) == (False, "done")
    assert await schedules.show(client, schedule_id) is None


async def test_without_a_schedule_nothing_is_done(temporal: WorkflowEnvironment) -> None:
    client = temporal.client

    assert await schedules.show(client, "none") is None
    assert not await schedules.pause(client, "none", "")
    assert not await schedules.resume(client, "none", "")
    assert not await schedules.remove(client, "none")


async def test_a_schedule_runs_the_sweep(
    temporal: WorkflowEnvironment, schedule_id: str, queue: str, worker: RunningWorker
) -> None:
    await schedules.create(temporal.client, schedule_id, schedules.sweep(queue))

    await temporal.client.get_schedule_handle(schedule_id).trigger()

    async with asyncio.timeout(TIMEOUT):
        while not (latest := (await _shown(temporal, schedule_id)).latest):  # noqa: ASYNC110 - the server sends no event
            await asyncio.sleep(0.05)
        handle: WorkflowHandle[SweepWorkflow, SweepReport] = (
            temporal.client.get_workflow_handle_for(SweepWorkflow.run, latest[0][1])
        )
        assert await handle.result() == SweepReport()


async def test_a_schedule_posts_the_summary_of_the_day_before(
    temporal: WorkflowEnvironment,
    schedule_id: str,
    queue: str,
    worker: RunningWorker,
    slack: StandInClient,
) -> None:
    """The day is in the policies' time zone. A second run posts nothing."""
    began = _today_in_berlin()
    pending = SummaryInput(channel="#approvals", timezone="Europe/Berlin")
    await schedules.create(temporal.client, schedule_id, schedules.summary(queue, pending))
    schedule = temporal.client.get_schedule_handle(schedule_id)
    for number in (1, 2):
        await schedule.trigger()
        async with asyncio.timeout(TIMEOUT):
            while len((await _shown(temporal, schedule_id)).latest) < number:  # noqa: ASYNC110 - the server sends no event
                await asyncio.sleep(0.05)
            for _, run in (await _shown(temporal, schedule_id)).latest:
                await temporal.client.get_workflow_handle(run).result()

    shown = await _shown(temporal, schedule_id)
    assert (shown.daily_at, shown.timezone) == ((schedules.SUMMARY_AT,), "Europe/Berlin")
    (message,) = await slack.messages("C0APPROVALS", ANA)
    days = {began, _today_in_berlin()}  # midnight may have passed during the test
    assert message["text"] in {
        ENGLISH("day.none", day=ENGLISH.day(day - timedelta(days=1))) for day in days
    }


def _today_in_berlin() -> date:
    return datetime.now(ZoneInfo("Europe/Berlin")).date()
