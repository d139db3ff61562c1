"""`countersign away`: absences and delegates."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.cli import command, execution
from bot.cli.command import TIMEOUT, As, Json, Timeout
from bot.cli.context import CliContext
from bot.cli.request_output import absence_text
from bot.cli.terminal import CommandError, Exit, Line, output_list, remark, show, show_json
from records.absences import AbsenceError
from views import notices
from views.translator import ENGLISH
from workflows.rules.people.actors import Absence

_CODES = (
    "Exit codes: 0 done. 2 failed: an option is invalid, or the database is down. 5 saved, but not "
    "every open request was updated: repeat the command. 6 refused by the rules; nothing was "
    "changed."
)

app = typer.Typer(
    help="Absences, and delegates who decide in the meantime.", epilog=_CODES, no_args_is_help=True
)


@app.command("set", epilog=_CODES)
def set_absence(
    *,
    to: Annotated[str, typer.Option(metavar="PERSON", help="The delegate's Slack member ID.")],
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="The last day, or the time of the return.")
    ],
    starts: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="The first day, or a time [now].")
    ] = "",
    as_: As = "",
    timeout: Timeout = TIMEOUT,
    json: Json = False,
) -> None:
    """Set an absence. The delegate can decide for you, also on requests that are already open.

    WHEN is 2026-12-24, or “2026-12-24 09:00” in the policy file's time zone, or a time with an
    offset: 2026-12-24T09:00+01:00. The new absence replaces those that it overlaps.
    """

    async def work(context: CliContext) -> Exit:
        now = datetime.now(UTC)
        person = command.operator(as_).person
        zone = ZoneInfo(context.policies().timezone)
        absence = Absence(
            person=person,
            delegate=command.member(to, "--to"),
            starts=_instant(starts, "--from", zone) if starts else now,
            ends=_instant(until, "--until", zone, end=True),
        )
        await context.require_records()
        try:
            replaced = await context.absences.set(absence, now)
        except AbsenceError as error:
            raise CommandError(
                notices.field_refusal(error.code, {}, ENGLISH), Exit.REFUSED
            ) from None
        others = tuple(old for old in replaced if old != absence)
        return await _finish(
            context, person, {"absences": (absence,), "replaced": others}, json=json
        )

    raise typer.Exit(command.run(work, timeout))


@app.command("show")
def show_absences(
    *,
    person: Annotated[
        str, typer.Argument(metavar="[PERSON]", help="Only this person, by Slack member ID.")
    ] = "",
    json: Json = False,
) -> None:
    """List current and future absences."""

    async def work(context: CliContext) -> tuple[Absence, ...]:
        now = datetime.now(UTC)
        await context.require_records()
        if person:
            return await context.absences.of(command.member(person, "PERSON"), now)
        return await context.absences.list(now)

    found = command.run(work)
    output_list(
        found,
        _plain,
        lambda absence: [Line(absence_text(absence))],
        as_json=json,
        empty=f"{person} is not away." if person else "No one is away.",
    )


@app.command("clear", epilog=_CODES)
def clear_absences(*, as_: As = "", timeout: Timeout = TIMEOUT, json: Json = False) -> None:
    """Remove your absences, including future ones."""

    async def work(context: CliContext) -> Exit:
        person = command.operator(as_).person
        await context.require_records()
        gone = await context.absences.clear(person, datetime.now(UTC))
        return await _finish(context, person, {"absences": (), "replaced": gone}, json=json)

    raise typer.Exit(command.run(work, timeout))


async def _finish(
    context: CliContext, person: str, changed: dict[str, tuple[Absence, ...]], *, json: bool
) -> Exit:
    """Print the change, and refresh the open requests that wait for the person."""
    refreshed, late = await execution.refresh_requests_of(context, person, command.key_or_new(""))
    if json:
        document: dict[str, Any] = {
            name: [_plain(absence) for absence in absences] for name, absences in changed.items()
        }
        show_json(document | {"told": list(refreshed), "not_told": list(late)})
    else:
        saved = [Line(absence_text(absence)) for absence in changed["absences"]]
        removed = [Line(f"Removed: {absence_text(absence)}") for absence in changed["replaced"]]
        refreshing = [Line(f"{id_} is refreshing its approvers.") for id_ in refreshed]
        show([*saved, *removed, *refreshing])
        if not saved and not removed:
            remark(f"{person} was not away.")
    if late:
        remark(
            "Some open requests were not refreshed. They will refresh at their next reminder or "
            f"escalation, or when you repeat the command: {', '.join(late)}"
        )
    return Exit.UNCONFIRMED if late else Exit.DONE


def _plain(absence: Absence) -> dict[str, str]:
    return {
        "person": absence.person,
        "delegate": absence.delegate,
        "starts": absence.starts.isoformat(),
        "ends": absence.ends.isoformat(),
    }


def _instant(written: str, option: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """Parse a day or a time. A last day (`end`) lasts until its midnight."""
    try:
        day = date.fromisoformat(written.strip()) + timedelta(days=1 if end else 0)
        at = datetime.combine(day, time(), zone)
    except ValueError:
        try:
            at = datetime.fromisoformat(written.strip())
        except ValueError:
            raise CommandError(
                f"{option}: “{written}” is not a date or time. Write 2026-12-24, or "
                "“2026-12-24 09:00”."
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=zone)
    except OverflowError:
        raise CommandError(f"{option}: “{written}” is too far in the future.") from None
    return at.astimezone(UTC)
