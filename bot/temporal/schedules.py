"""Temporal Schedules: the payment sweep, the daily summary and the reconciliation."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.service import RPCError, RPCStatusCode

from bot.policies.file import Policies
from bot.temporal.calls import TemporalUnavailableError
from workflows.reconciliation import ReconciliationInput, ReconciliationWorkflow
from workflows.summary import SummaryInput, SummaryWorkflow
from workflows.sweep import SweepInput, SweepWorkflow

SWEEP_ID = "countersign-sweep-payments"
SWEEP_EVERY = timedelta(minutes=5)
SUMMARY_ID = "countersign-daily-summary"
SUMMARY_AT = time(8)
"""When the summary of the previous day is posted, in the policies' time zone."""
RECONCILIATION_ID = "countersign-reconcile-requests"
RECONCILE_EVERY = timedelta(minutes=5)
IDS = (SWEEP_ID, SUMMARY_ID, RECONCILIATION_ID)
CATCH_UP = timedelta(hours=12)
"""How late a summary may be posted after an outage. It still covers its original day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleDescription:
    """A schedule. `latest` are its last runs (started at, workflow id), oldest first."""

    schedule_id: str
    every: tuple[timedelta, ...]
    daily_at: tuple[time, ...]
    timezone: str
    paused: bool
    note: str
    next_at: datetime | None
    latest: tuple[tuple[datetime, str], ...]


def sweep(task_queue: str, every: timedelta = SWEEP_EVERY) -> Schedule:
    """Return the schedule that assigns or refunds unassigned incoming payments."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SweepWorkflow.run, SweepInput(), id="sweep-payments", task_queue=task_queue
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # A sweep covers all payments: overlapping or missed runs add nothing.
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
        ),
        state=ScheduleState(note="assigns incoming payments to orders, or refunds them"),
    )


def summary(task_queue: str, summary_input: SummaryInput, at: time = SUMMARY_AT) -> Schedule:
    """Return the schedule that posts each day's orders to a channel, at `at` on the next day."""
    daily = ScheduleCalendarSpec(hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)])
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SummaryWorkflow.run, summary_input, id="daily-summary", task_queue=task_queue
        ),
        spec=ScheduleSpec(calendars=[daily], time_zone_name=summary_input.timezone),
        # If Slack delays one day's summary, the next day's must still be posted.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP),
        state=ScheduleState(note=f"posts the previous day's orders to {summary_input.channel}"),
    )


def reconciliation(task_queue: str, every: timedelta = RECONCILE_EVERY) -> Schedule:
    """Return the schedule that ends requests whose workflow was ended outside Countersign."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReconciliationWorkflow.run,
            ReconciliationInput(),
            id="reconcile-requests",
            task_queue=task_queue,
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # A comparison covers all requests: overlapping or missed runs add nothing.
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
        ),
        state=ScheduleState(note="ends requests whose workflow was ended outside Countersign"),
    )


async def create(client: Client, schedule_id: str, schedule: Schedule) -> bool:
    """Create a schedule and return True, or return False if its id exists: it is not changed.

    Raises TemporalUnavailableError if Temporal does not answer.
    """
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        return False
    except RPCError as error:
        raise TemporalUnavailableError("create schedule") from error
    return True


async def create_all(
    client: Client,
    task_queue: str,
    policies: Policies,
    *,
    at: time = SUMMARY_AT,
    channel: str = "",
) -> dict[str, bool]:
    """Create all schedules with `create`; return for each id whether it is new.

    The summary uses the policies' language and time zone, and the channel of the policy `order`
    unless `channel` is given.
    """
    summary_input = SummaryInput(
        channel=channel or policies.policy("order").channel,
        timezone=policies.timezone,
        language=policies.language,
    )
    schedules = {
        SWEEP_ID: sweep(task_queue),
        SUMMARY_ID: summary(task_queue, summary_input, at),
        RECONCILIATION_ID: reconciliation(task_queue),
    }
    return {id_: await create(client, id_, schedule) for id_, schedule in schedules.items()}


async def show(client: Client, schedule_id: str) -> ScheduleDescription | None:
    """Return a schedule, or None if it does not exist. Raises like `create`."""
    try:
        found = await client.get_schedule_handle(schedule_id).describe()
    except RPCError as error:
        _require_missing(error, "show")
        return None
    return ScheduleDescription(
        schedule_id=schedule_id,
        every=tuple(interval.every for interval in found.schedule.spec.intervals),
        daily_at=tuple(
            time(calendar.hour[0].start, calendar.minute[0].start)
            for calendar in found.schedule.spec.calendars
        ),
        timezone=found.schedule.spec.time_zone_name or "UTC",
        paused=found.schedule.state.paused,
        note=found.schedule.state.note or "",
        next_at=next(iter(found.info.next_action_times), None),
        latest=tuple(
            (run.started_at, run.action.workflow_id)
            for run in found.info.recent_actions
            if isinstance(run.action, ScheduleActionExecutionStartWorkflow)
        ),
    )


async def pause(client: Client, schedule_id: str, note: str) -> bool:
    """Pause a schedule until `resume`; return False if it does not exist. Safe to repeat."""
    return await _changed("pause", client.get_schedule_handle(schedule_id).pause(note=note))


async def resume(client: Client, schedule_id: str, note: str) -> bool:
    """Resume a paused schedule; return False if it does not exist. Safe to repeat."""
    return await _changed("resume", client.get_schedule_handle(schedule_id).unpause(note=note))


async def remove(client: Client, schedule_id: str) -> bool:
    """Delete a schedule; return False if it does not exist. Workflows it started continue."""
    return await _changed("remove", client.get_schedule_handle(schedule_id).delete())


async def _changed(what: str, call: Awaitable[None]) -> bool:
    try:
        await call
    except RPCError as error:
        _require_missing(error, what)
        return False
    return True


def _require_missing(error: RPCError, what: str) -> None:
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise TemporalUnavailableError(f"{what} schedule") from error
