"""`countersign order schedule`: what runs by itself. The sweep of payments, and the daily summary."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import command
from bot.cli.command import Json
from bot.cli.request_output import instant
from bot.cli.terminal import CommandError, Exit, Line, labelled, remark, show, show_json

if TYPE_CHECKING:
    from bot.actions.connection import Client
    from bot.actions.schedules import Shown
    from bot.cli.context import CliContext

_CODES = (
    "Exit codes: 0 done. 2 it cannot be: there is no such schedule, an option is wrong, or Temporal "
    "is down."
)
_SUMMARY_AT = "08:00"

app = typer.Typer(
    help="What runs by itself: payments are swept, and a channel hears of each day's orders.",
    epilog=_CODES,
    no_args_is_help=True,
)


@app.command(epilog=_CODES)
def create(
    *,
    at: Annotated[
        str, typer.Option(metavar="HH:MM", help="When to tell, in the policies' time zone.")
    ] = _SUMMARY_AT,
    channel: Annotated[str, typer.Option(help="Who hears it [the policy order's channel].")] = "",
) -> None:
    """Create both schedules. One that exists stays as it is: remove it first to change it."""
    when = _time_of_day(at)

    async def work(context: "CliContext") -> tuple[str, ...]:
        from bot.actions import schedules  # noqa: PLC0415 - loads Temporal's client, see `command.run`

        created = await schedules.create_all(
            await context.temporal(),
            context.task_queue,
            context.policies(),
            at=when,
            channel=channel,
        )
        return tuple(
            f"{one} created." if is_new else f"{one} exists already and stays as it is."
            for one, is_new in created.items()
        )

    show(Line(words) for words in command.run(work))


@app.command("show", epilog=_CODES)
def show_schedules(*, json: Json = False) -> None:
    """Show both schedules: when they run next, and their latest runs."""

    async def work(context: "CliContext") -> "dict[str, Shown | None]":
        from bot.actions import schedules  # noqa: PLC0415 - as above

        client = await context.temporal()
        return {one: await schedules.show(client, one) for one in schedules.IDS}

    found = command.run(work)
    if json:
        show_json([_plain(one) for one in found.values() if one is not None])
    else:
        show(line for one in found.values() if one is not None for line in _lines(one))
    missing = [schedule_id for schedule_id, one in found.items() if one is None]
    if missing:
        remark(f"Not there: {', '.join(missing)}. `countersign order schedule create` makes them.")
        raise typer.Exit(Exit.CANNOT)


@app.command(epilog=_CODES)
def pause(*, note: Annotated[str, typer.Option(help="Why, for who looks later.")] = "") -> None:
    """Have nothing run until `resume`. Safe to repeat."""
    from bot.actions import schedules  # noqa: PLC0415 - as above

    _each("paused", lambda client, one: schedules.pause(client, one, note or "paused by hand"))


@app.command(epilog=_CODES)
def resume(*, note: Annotated[str, typer.Option(help="Why, for who looks later.")] = "") -> None:
    """Have both run again. What a pause has missed stays missed. Safe to repeat."""
    from bot.actions import schedules  # noqa: PLC0415 - as above

    _each("resumed", lambda client, one: schedules.resume(client, one, note or "resumed by hand"))


@app.command(epilog=_CODES)
def remove() -> None:
    """Remove both schedules. What they have started goes on."""
    from bot.actions import schedules  # noqa: PLC0415 - as above

    _each("removed", schedules.remove)


def _each(done: str, change: "Callable[[Client, str], Awaitable[bool]]") -> None:
    """Change both schedules; exit code 2 where one is not there."""

    async def work(context: "CliContext") -> dict[str, bool]:
        from bot.actions import schedules  # noqa: PLC0415 - as above

        client = await context.temporal()
        return {one: await change(client, one) for one in schedules.IDS}

    changed = command.run(work)
    show(Line(f"{one} {done}.") for one, was_there in changed.items() if was_there)
    missing = [one for one, was_there in changed.items() if not was_there]
    if missing:
        remark(f"Not there: {', '.join(missing)}.")
        raise typer.Exit(Exit.CANNOT)


def _time_of_day(written: str) -> time:
    try:
        return datetime.strptime(written, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        remark(str(CommandError(f"--at: “{written}” is no time of day. Write 08:00.")))
        raise typer.Exit(Exit.CANNOT) from None


def _lines(one: "Shown") -> list[Line]:
    facts = {
        "runs": _rhythm(one),
        "next": instant(one.next_at) if one.next_at and not one.paused else "",
        "note": one.note,
    }
    title = f"{one.schedule_id} (paused)" if one.paused else one.schedule_id
    latest = [Line(f"ran {instant(at)}: {run}", 1) for at, run in one.latest]
    return [Line(title), *labelled(facts, 1), *latest]


def _rhythm(one: "Shown") -> str:
    intervals = [f"every {every}" for every in one.every]
    times = [f"daily at {at:%H:%M} ({one.timezone})" for at in one.daily_at]
    return ", ".join([*intervals, *times])


def _plain(one: "Shown") -> dict[str, object]:
    return {
        "id": one.schedule_id,
        "runs": _rhythm(one),
        "paused": one.paused,
        "note": one.note,
        "next_at": one.next_at.isoformat() if one.next_at else None,
        "latest": [{"at": at.isoformat(), "workflow_id": run} for at, run in one.latest],
    }
