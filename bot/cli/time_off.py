"""`countersign time-off`: the days off that a person has and has booked in a calendar year."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli import command
from bot.cli.command import Json
from bot.cli.context import CliContext
from bot.cli.terminal import CommandError, Exit, Line, output
from records.time_off import NotEnoughDaysError, YearBalance

_CODES = (
    "Exit codes: 0 done. 2 failed: an argument is invalid, or the database is down. 6 refused: more "
    "days are booked already; nothing was changed."
)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="The person's Slack member ID.")]

app = typer.Typer(
    help="Days off: how many a person has and has booked.", epilog=_CODES, no_args_is_help=True
)


@app.command("grant", epilog=_CODES)
def grant(
    person: Person,
    year: Annotated[int, typer.Argument(min=2000, max=9999, help="The calendar year.")],
    days: Annotated[int, typer.Argument(min=0, max=366, help="All days off in that year.")],
    *,
    json: Json = False,
) -> None:
    """Set how many days off a person has in a calendar year. Safe to repeat.

    DAYS is the total for the year, including the days that are already booked. People without a
    grant have 30 days.
    """

    async def work(context: CliContext) -> YearBalance:
        command.member(person, "PERSON")
        await context.require_records()
        try:
            return await context.time_off.grant(person, year, days)
        except NotEnoughDaysError as error:
            raise CommandError(
                f"{person} has already booked {error.wanted} days in {year}. "
                f"The total cannot be {days}.",
                Exit.REFUSED,
            ) from None

    _print(person, command.run(work), json=json)


@app.command("show")
def show_balance(
    person: Person,
    *,
    year: Annotated[
        int | None, typer.Option(min=2000, max=9999, help="The calendar year [this year].")
    ] = None,
    json: Json = False,
) -> None:
    """Show how many days off a person has, has booked and has left in a calendar year."""

    async def work(context: CliContext) -> YearBalance:
        command.member(person, "PERSON")
        await context.require_records()
        return await context.time_off.balance(person, year or datetime.now(UTC).year)

    _print(person, command.run(work), json=json)


def _print(person: str, balance: YearBalance, *, json: bool) -> None:
    document = {
        "person": person,
        "year": balance.year,
        "granted": balance.granted,
        "booked": balance.booked,
        "left": balance.left,
    }
    text = (
        f"{person} has {balance.granted} days off in {balance.year}: "
        f"{balance.booked} booked, {balance.left} left."
    )
    output(document, [Line(text)], as_json=json)
