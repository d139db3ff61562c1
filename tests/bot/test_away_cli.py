"""`countersign away`: recording, showing and rejecting absences, and refreshing open requests."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.cli_driver import BORIS, CLARA, FAY, GUS, CliDriver
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.audit import Fact


def day(number: int) -> str:
    """Return the date this many days from now in Berlin."""
    return (datetime.now(UTC) + timedelta(days=number)).date().isoformat()


@pytest.mark.usefixtures("worker")
async def test_open_requests_are_refreshed_when_an_absence_starts_and_ends(cli: CliDriver) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)

    noted = await cli.run("away", "set", "--to", GUS, "--until", day(7), "--as", BORIS)
    await cli.until(request, GUS, Verb.APPROVE)
    shown = await cli.run("away", "show", "--json")
    stands_in = await cli.request("show", request)
    back = await cli.run("away", "clear", "--as", BORIS, "--json")
    none_away = await cli.run("away", "show")
    again = await cli.run("away", "clear", "--as", BORIS)

    assert noted.code == 0, noted.err
    first, second = noted.out.splitlines()
    assert first.startswith("U0BORIS is away from ")
    assert first.endswith("; U0GUS can decide for them")
    assert second == f"{request} is refreshing its approvers."
    assert [(row["person"], row["delegate"]) for row in shown.json] == [(BORIS, GUS)]
    assert "U0GUS can decide for U0BORIS, from " in stands_in.out
    assert (back.code, back.json["told"], back.json["absences"]) == (0, [request], [])
    assert [absence["delegate"] for absence in back.json["replaced"]] == [GUS]
    assert (none_away.code, none_away.out, none_away.err) == (0, "", "No one is away.\n")
    assert (again.code, again.err) == (0, "U0BORIS was not away.\n")


async def test_days_are_in_the_organisations_time_zone(cli: CliDriver) -> None:
    year = datetime.now(UTC).year + 1
    winter = ("away", "set", "--to", CLARA, "--as", BORIS, "--json")

    days = await cli.run(*winter, "--from", f"{year}-12-24", "--until", f"{year}-12-26")
    hours = await cli.run(
        *winter, "--from", f"{year}-12-24 09:00", "--until", f"{year}-12-26T12:00-05:00"
    )
    mine = await cli.run("away", "show", BORIS)
    theirs = await cli.run("away", "show", CLARA)

    (absence,) = days.json["absences"]
    assert (absence["starts"], absence["ends"]) == (
        f"{year}-12-23T23:00:00+00:00",
        f"{year}-12-26T23:00:00+00:00",
    )
    (absence,) = hours.json["absences"]
    assert (absence["starts"], absence["ends"]) == (
        f"{year}-12-24T08:00:00+00:00",
        f"{year}-12-26T17:00:00+00:00",
    )
    assert hours.json["replaced"] == days.json["absences"]
    assert mine.out == (
        f"U0BORIS is away from {year}-12-24 08:00 UTC until {year}-12-26 17:00 UTC; "
        "U0CLARA can decide for them\n"
    )
    assert theirs.err == "U0CLARA is not away.\n"


async def test_an_invalid_absence_is_rejected(cli: CliDriver) -> None:
    await cli.run("away", "set", "--to", BORIS, "--until", day(9), "--as", CLARA)

    for words in (
        ("--to", BORIS, "--until", day(3)),
        ("--to", CLARA, "--until", day(3)),
        ("--to", GUS, "--until", day(-3)),
        ("--to", GUS, "--until", day(3), "--from", day(5)),
    ):
        result = await cli.run("away", "set", *words, "--as", BORIS)
        assert (result.code, result.out) == (6, ""), words
        assert "absence_" not in result.err
        assert result.err.count("\n") == 1

    wrong = await cli.run("away", "set", "--to", GUS, "--until", "soon", "--as", BORIS)
    no_actor = await cli.run("away", "set", "--to", GUS, "--until", day(3))
    far = await cli.run("away", "set", "--to", GUS, "--until", "9999-12-31", "--as", BORIS)

    for result, sentence in (
        (wrong, "--until: “soon” is not a date or time."),
        (no_actor, "Use --as to name the person"),
        (far, "--until: “9999-12-31” is too far in the future."),
    ):
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(sentence)


@pytest.mark.usefixtures("worker")
async def test_with_temporal_down_an_absence_is_recorded_and_unreached_requests_are_listed(
    cli: CliDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await cli.create_request()
    await cli.fact(request, Fact.LEVEL_OPENED)
    with monkeypatch.context() as patched:
        patched.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        noted = await cli.run("away", "set", "--to", FAY, "--until", day(2), "--as", BORIS)

    repeated = await cli.run("away", "set", "--to", FAY, "--until", day(2), "--as", BORIS)

    assert noted.code == 5
    assert noted.out.startswith("U0BORIS is away from ")
    assert noted.err.startswith("Temporal does not answer at 127.0.0.1:1.")
    assert request in noted.err
    assert repeated.code == 0
    assert f"{request} is refreshing its approvers." in repeated.out
