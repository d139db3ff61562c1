"""`countersign away`: who is away, and who stands in for them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.cli import command
from bot.cli.command import PATIENCE, As, Json, Patience
from bot.cli.request_output import absence_words
from bot.cli.terminal import CommandError, Exit, Line, remark, show, show_json
from records.absences import AbsenceError
from views import notices
from views.translator import ENGLISH
from workflows.rules.people.actors import Absence

if TYPE_CHECKING:
    from bot.cli.context import CliContext

_CODES = (
    "Exit codes: 0 done. 2 it cannot be done: an option is wrong, the database is down. 5 it is "
    "noted, but not every open request has heard of it yet: repeat the command. 6 refused by the "
    "rules: nothing was changed."
)

app = typer.Typer(
    help="Who is away, and who stands in for them meanwhile.", epilog=_CODES, no_args_is_help=True
)


@app.command("set", epilog=_CODES)
def set_absence(
    *,
    to: Annotated[str, typer.Option(metavar="PERSON", help="Who stands in, by Slack member id.")],
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="The last day, or the instant of the return.")
    ],
    starts: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="The first day, or the instant (now).")
    ] = "",
    as_: As = "",
    patience: Patience = PATIENCE,
    json: Json = False,
) -> None:
    """Be away: somebody stands in for you, also for requests that are open already.

    WHEN is 2026-12-24, or “2026-12-24 09:00” in the policy file's time zone, or with its own
    offset: 2026-12-24T09:00+01:00. It replaces every absence of yours that it overlaps.
    """

    async def work(context: "CliContext") -> Exit:
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
        others = tuple(one for one in replaced if one != absence)
        return await _tell(context, person, {"absences": (absence,), "replaced": others}, json=json)

    raise typer.Exit(command.run(work, patience))


@app.command("show")
def show_absences(
    *,
    person: Annotated[
        str, typer.Argument(metavar="[PERSON]", help="Only theirs, by Slack member id.")
    ] = "",
    json: Json = False,
) -> None:
    """Show who is away now or will be."""

    async def work(context: "CliContext") -> tuple[Absence, ...]:
        now = datetime.now(UTC)
        await context.require_records()
        if person:
            return await context.absences.of(command.member(person, "PERSON"), now)
        return await context.absences.list(now)

    found = command.run(work)
    if json:
        show_json([_plain(one) for one in found])
        return
    show(Line(absence_words(one)) for one in found)
    if not found:
        remark("Nobody is away." if not person else f"{person} is not away.")


@app.command("clear", epilog=_CODES)
def clear_absences(*, as_: As = "", patience: Patience = PATIENCE, json: Json = False) -> None:
    """Be back: forget your absences, those to come too."""

    async def work(context: "CliContext") -> Exit:
        person = command.operator(as_).person
        await context.require_records()
        gone = await context.absences.clear(person, datetime.now(UTC))
        return await _tell(context, person, {"absences": (), "replaced": gone}, json=json)

    raise typer.Exit(command.run(work, patience))


async def _tell(
    context: "CliContext", person: str, changed: dict[str, tuple[Absence, ...]], *, json: bool
) -> Exit:
    """Print what was noted, and have the open requests that wait for the person hear of it."""
    from bot.cli import execution  # noqa: PLC0415 - loads Temporal's client, see `command.run`

    told, late = await execution.refresh_requests_of(context, person, command.key_or_new(""))
    if json:
        absences: dict[str, Any] = {
            name: [_plain(one) for one in some] for name, some in changed.items()
        }
        show_json(absences | {"told": list(told), "not_told": list(late)})
    else:
        noted = [Line(absence_words(one)) for one in changed["absences"]]
        gone = [Line(f"No more: {absence_words(one)}") for one in changed["replaced"]]
        heard = [Line(f"{one} reads its people again.") for one in told]
        show([*noted, *gone, *heard])
        if not noted and not gone:
            remark(f"{person} was not away.")
    if late:
        remark(
            "Not every open request has heard of it yet. They read it at their next reminder or "
            f"escalation, or when you repeat the command: {', '.join(late)}"
        )
    return Exit.UNCONFIRMED if late else Exit.DONE


def _plain(one: Absence) -> dict[str, str]:
    return {
        "person": one.person,
        "delegate": one.delegate,
        "starts": one.starts.isoformat(),
        "ends": one.ends.isoformat(),
    }


def _instant(written: str, option: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """Read a day or an instant; a day that ends something is over at its midnight."""
    try:
        day = date.fromisoformat(written.strip()) + timedelta(days=1 if end else 0)
        at = datetime.combine(day, time(), zone)
    except ValueError:
        try:
            at = datetime.fromisoformat(written.strip())
        except ValueError:
            raise CommandError(
                f"{option}: “{written}” is no day or instant. Write 2026-12-24, or "
                "“2026-12-24 09:00”."
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=zone)
    except OverflowError:
        raise CommandError(f"{option}: “{written}” is too far away.") from None
    return at.astimezone(UTC)
