"""`countersign time-off`: granting days off and showing a person's balance."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from records.database import Database
from records.time_off import DEFAULT_DAYS, TimeOff
from tests.bot.cli_driver import BORIS, CliDriver

ROOT = Path(__file__).resolve().parent.parent.parent
YEAR = datetime.now(UTC).year


async def test_days_are_granted_and_shown(cli: CliDriver, database: Database) -> None:
    await TimeOff(database).book("key", "HR-1", BORIS, {YEAR: 4})

    before = await cli.run("time-off", "show", BORIS)
    granted = await cli.run("time-off", "grant", BORIS, str(YEAR), "35")
    shown = await cli.run("time-off", "show", BORIS, "--year", str(YEAR), "--json")
    next_year = await cli.run("time-off", "show", BORIS, "--year", str(YEAR + 1))

    assert (before.code, before.out) == (
        0,
        f"{BORIS} has {DEFAULT_DAYS} days off in {YEAR}: 4 booked, {DEFAULT_DAYS - 4} left.\n",
    )
    assert (granted.code, granted.out) == (
        0,
        f"{BORIS} has 35 days off in {YEAR}: 4 booked, 31 left.\n",
    )
    assert shown.json == {"person": BORIS, "year": YEAR, "granted": 35, "booked": 4, "left": 31}
    assert next_year.out == (
        f"{BORIS} has {DEFAULT_DAYS} days off in {YEAR + 1}: 0 booked, {DEFAULT_DAYS} left.\n"
    )


async def test_fewer_days_than_are_booked_are_refused(cli: CliDriver, database: Database) -> None:
    await TimeOff(database).book("key", "HR-1", BORIS, {YEAR: 4})

    refused = await cli.run("time-off", "grant", BORIS, str(YEAR), "3")
    exactly = await cli.run("time-off", "grant", BORIS, str(YEAR), "4", "--json")

    assert (refused.code, refused.out) == (6, "")
    assert refused.err == f"{BORIS} has already booked 4 days in {YEAR}. The total cannot be 3.\n"
    assert (exactly.code, exactly.json["left"]) == (0, 0)


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "boris", str(YEAR), "30"),
        ("grant", BORIS, "26", "30"),
        ("grant", BORIS, str(YEAR), "367"),
        ("grant", BORIS, str(YEAR), "many"),
        ("show", "boris"),
    ],
)
async def test_invalid_arguments_are_reported(cli: CliDriver, words: tuple[str, ...]) -> None:
    result = await cli.run("time-off", *words)

    assert (result.code, result.out) == (2, "")
    assert result.err


@pytest.mark.parametrize("page", ["README.md", "docs/hr.md"])
def test_the_command_is_documented(page: str) -> None:
    assert "countersign time-off grant" in (ROOT / page).read_text()
