"""`countersign order schedule`: the schedules: payment sweep, daily summary, reconciliation."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from typing import Annotated

import typer

from bot.actions import schedules
from bot.actions.connection import Client
from bot.actions.schedules import ScheduleDescription
from bot.cli import command
from bot.cli.command import Json
from bot.cli.context import CliContext
from bot.cli.request_output import instant
from bot.cli.terminal import CommandError, Exit, Line, labelled, remark, show, show_json

_CODES = (
    "Exit codes: 0 done. 2 failed: the schedule does not exist, an option is invalid, or Temporal "
    "is down."
)
_SUMMARY_AT = "08:00"

app = typer.Typer(
    help="Scheduled jobs: payment sweep, daily summary of orders, comparison of requests with Temporal.",
    epilog=_CODES,
    no_args_is_help=True,
)


@app.command(epilog=_CODES)
def create(
    *,
    at: Annotated[
        str,
        typer.Option(metavar="HH:MM", help="When to post the summary, in the policies' time zone."),
    ] = _SUMMARY_AT,
    channel: Annotated[str, typer.Option(help="The channel [that of the policy order].")] = "",
) -> None:
    """Create all schedules. An existing schedule is not changed: remove it first."""
    when = _time_of_day(at)

    async def work(context: CliContext) -> tuple[str, ...]:
        created = await schedules.create_all(
            await context.temporal(),
            context.task_queue,
            context.policies(),
            at=when,
            channel=channel,
        )
        return tuple(
            f"{schedule_id} created." if is_new else f"{schedule_id} already exists; not changed."
            for schedule_id, is_new in created.items()
        )

    show(Line(text) for text in command.run(work))


@app.command("show", epilog=_CODES)
def show_schedules(*, json: Json = False) -> None:
    """Show all schedules: their next run and their latest runs."""

    async def work(context: CliContext) -> dict[str, ScheduleDescription | None]:
        client = await context.temporal()
        return {id_: await schedules.show(client, id_) for id_ in schedules.IDS}

    found = command.run(work)
    if json:
        show_json([_plain(schedule) for schedule in found.values() if schedule])
    else:
        show(line for schedule in found.values() if schedule for line in _lines(schedule))
    missing = [schedule_id for schedule_id, schedule in found.items() if schedule is None]
    if missing:
        remark(f"Missing: {', '.join(missing)}. Run `countersign order schedule create`.")
        raise typer.Exit(Exit.CANNOT)


@app.command(epilog=_CODES)
def pause(
    *, note: Annotated[str, typer.Option(help="The reason, kept with the schedule.")] = ""
) -> None:
    """Pause all schedules until `resume`. Safe to repeat."""
    _each("paused", lambda client, id_: schedules.pause(client, id_, note or "paused by hand"))


@app.command(epilog=_CODES)
def resume(
    *, note: Annotated[str, typer.Option(help="The reason, kept with the schedule.")] = ""
) -> None:
    """Resume all schedules. Runs missed during the pause are not made up. Safe to repeat."""
    _each("resumed", lambda client, id_: schedules.resume(client, id_, note or "resumed by hand"))


@app.command(epilog=_CODES)
def remove() -> None:
    """Delete all schedules. Workflows that they started continue."""
    _each("removed", schedules.remove)


def _each(done: str, change: Callable[[Client, str], Awaitable[bool]]) -> None:
    """Apply `change` to all schedules. Exits with code 2 if one is missing."""

    async def work(context: CliContext) -> dict[str, bool]:
        client = await context.temporal()
        return {id_: await change(client, id_) for id_ in schedules.IDS}

    changed = command.run(work)
    show(Line(f"{id_} {done}.") for id_, exists in changed.items() if exists)
    missing = [id_ for id_, exists in changed.items() if not exists]
    if missing:
        remark(f"Missing: {', '.join(missing)}.")
        raise typer.Exit(Exit.CANNOT)


def _time_of_day(written: str) -> time:
    try:
        return datetime.strptime(written, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        remark(str(CommandError(f"--at: “{written}” is not a time of day. Write 08:00.")))
        raise typer.Exit(Exit.CANNOT) from None


def _lines(schedule: ScheduleDescription) -> list[Line]:
    facts = {
        "runs": _timing(schedule),
        "next": instant(schedule.next_at) if schedule.next_at and not schedule.paused else "",
        "note": schedule.note,
    }
    title = f"{schedule.schedule_id} (paused)" if schedule.paused else schedule.schedule_id
    latest = [Line(f"ran {instant(at)}: {run}", 1) for at, run in schedule.latest]
    return [Line(title), *labelled(facts, 1), *latest]


def _timing(schedule: ScheduleDescription) -> str:
    intervals = [f"every {every}" for every in schedule.every]
    times = [f"daily at {at:%H:%M} ({schedule.timezone})" for at in schedule.daily_at]
    return ", ".join([*intervals, *times])


def _plain(schedule: ScheduleDescription) -> dict[str, object]:
    return {
        "id": schedule.schedule_id,
        "runs": _timing(schedule),
        "paused": schedule.paused,
        "note": schedule.note,
        "next_at": schedule.next_at.isoformat() if schedule.next_at else None,
        "latest": [{"at": at.isoformat(), "workflow_id": run} for at, run in schedule.latest],
    }
