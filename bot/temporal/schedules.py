"""What runs by itself: Temporal Schedules, to be created, shown, paused and removed."""

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
from workflows.summary import SummaryInput, SummaryWorkflow
from workflows.sweep import SweepInput, SweepWorkflow

SWEEP_ID = "countersign-sweep-payments"
SWEEP_EVERY = timedelta(minutes=5)
SUMMARY_ID = "countersign-daily-summary"
SUMMARY_AT = time(8)
"""When a channel hears of the day before, in the policies' time zone."""
IDS = (SWEEP_ID, SUMMARY_ID)
LATE = timedelta(hours=12)
"""How late a summary may come after Temporal was down: it still tells of the day it was meant for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A schedule as it stands. `latest` are its last runs (when, workflow id), the oldest first."""

    schedule_id: str
    every: tuple[timedelta, ...]
    daily_at: tuple[time, ...]
    timezone: str
    paused: bool
    note: str
    next_at: datetime | None
    latest: tuple[tuple[datetime, str], ...]


def sweep(task_queue: str, every: timedelta = SWEEP_EVERY) -> Schedule:
    """Return the schedule that looks after payments that came in by themselves."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SweepWorkflow.run, SweepInput(), id="sweep-payments", task_queue=task_queue
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # One sweep looks at everything: two at once, or those that were missed, add nothing.
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
        ),
        state=ScheduleState(note="hands payments to their orders, or gives them back"),
    )


def summary(task_queue: str, asked: SummaryInput, at: time = SUMMARY_AT) -> Schedule:
    """Return the schedule that tells a channel of each day's orders, at `at` on the day after."""
    daily = ScheduleCalendarSpec(hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)])
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SummaryWorkflow.run, asked, id="daily-summary", task_queue=task_queue
        ),
        spec=ScheduleSpec(calendars=[daily], time_zone_name=asked.timezone),
        # A day that a slow Slack holds up does not cost the next one its message.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=LATE),
        state=ScheduleState(note=f"tells {asked.channel} of the day before"),
    )


async def create(client: Client, schedule_id: str, schedule: Schedule) -> bool:
    """Create a schedule and return True; False where there is one of that id: it stays as it is.

    Raises TemporalUnavailableError where Temporal cannot be asked.
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
    """Create both schedules, as `create` does; return for each id whether it is new.

    The summary speaks the policies' language, in their time zone, to the channel of the policy
    `order` unless another is named.
    """
    asked = SummaryInput(
        channel=channel or policies.policy("order").channel,
        timezone=policies.timezone,
        language=policies.language,
    )
    wanted = {SWEEP_ID: sweep(task_queue), SUMMARY_ID: summary(task_queue, asked, at)}
    return {one: await create(client, one, schedule) for one, schedule in wanted.items()}


async def show(client: Client, schedule_id: str) -> Shown | None:
    """Return a schedule, or None where there is none. Raises as `create` does."""
    try:
        found = await client.get_schedule_handle(schedule_id).describe()
    except RPCError as error:
        _require_missing(error, "show schedule")
        return None
    return Shown(
        schedule_id=schedule_id,
        every=tuple(interval.every for interval in found.schedule.spec.intervals),
        daily_at=tuple(
            time(one.hour[0].start, one.minute[0].start) for one in found.schedule.spec.calendars
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
    """Have nothing run until `resume`; False where there is no such schedule. Safe to repeat."""
    try:
        await client.get_schedule_handle(schedule_id).pause(note=note)
    except RPCError as error:
        _require_missing(error, "pause schedule")
        return False
    return True


async def resume(client: Client, schedule_id: str, note: str) -> bool:
    """Have it run again; False where there is no such schedule. Safe to repeat."""
    try:
        await client.get_schedule_handle(schedule_id).unpause(note=note)
    except RPCError as error:
        _require_missing(error, "resume schedule")
        return False
    return True


async def remove(client: Client, schedule_id: str) -> bool:
    """Remove a schedule; False where there was none. What it has started goes on."""
    try:
        await client.get_schedule_handle(schedule_id).delete()
    except RPCError as error:
        _require_missing(error, "remove schedule")
        return False
    return True


def _require_missing(error: RPCError, what: str) -> None:
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise TemporalUnavailableError(what) from error
