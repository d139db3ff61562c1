"""Who is away, from the command line: noted, shown, refused, and heard of by open requests."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.command_line import BORIS, CLARA, FAY, GUS, CommandLine
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.audit import Fact


def day(number: int) -> str:
    """Return a day so many days from now, in Berlin's winter or summer alike."""
    return (datetime.now(UTC) + timedelta(days=number)).date().isoformat()


@pytest.mark.usefixtures("worker")
async def test_open_requests_hear_of_an_absence_and_of_its_end(shell: CommandLine) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)

    noted = await shell.type("away", "set", "--to", GUS, "--until", day(7), "--as", BORIS)
    await shell.until(request, GUS, Verb.APPROVE)
    shown = await shell.type("away", "show", "--json")
    stands_in = await shell.request("show", request)
    back = await shell.type("away", "clear", "--as", BORIS, "--json")
    nobody = await shell.type("away", "show")
    again = await shell.type("away", "clear", "--as", BORIS)

    assert noted.code == 0, noted.err
    first, second = noted.out.splitlines()
    assert first.startswith("U0BORIS is away from ")
    assert first.endswith("; U0GUS can decide for them")
    assert second == f"{request} is refreshing its approvers."
    assert [(one["person"], one["delegate"]) for one in shown.json] == [(BORIS, GUS)]
    assert "U0GUS can decide for U0BORIS, from " in stands_in.out
    assert (back.code, back.json["told"], back.json["absences"]) == (0, [request], [])
    assert [one["delegate"] for one in back.json["replaced"]] == [GUS]
    assert (nobody.code, nobody.out, nobody.err) == (0, "", "No one is away.\n")
    assert (again.code, again.err) == (0, "U0BORIS was not away.\n")


async def test_days_and_instants_are_the_houses_own(shell: CommandLine) -> None:
    year = datetime.now(UTC).year + 1
    winter = ("away", "set", "--to", CLARA, "--as", BORIS, "--json")

    days = await shell.type(*winter, "--from", f"{year}-12-24", "--until", f"{year}-12-26")
    hours = await shell.type(
        *winter, "--from", f"{year}-12-24 09:00", "--until", f"{year}-12-26T12:00-05:00"
    )
    mine = await shell.type("away", "show", BORIS)
    theirs = await shell.type("away", "show", CLARA)

    (one,) = days.json["absences"]
    assert (one["starts"], one["ends"]) == (
        f"{year}-12-23T23:00:00+00:00",
        f"{year}-12-26T23:00:00+00:00",
    )
    (one,) = hours.json["absences"]
    assert (one["starts"], one["ends"]) == (
        f"{year}-12-24T08:00:00+00:00",
        f"{year}-12-26T17:00:00+00:00",
    )
    assert hours.json["replaced"] == days.json["absences"]
    assert mine.out == (
        f"U0BORIS is away from {year}-12-24 08:00 UTC until {year}-12-26 17:00 UTC; "
        "U0CLARA can decide for them\n"
    )
    assert theirs.err == "U0CLARA is not away.\n"


async def test_an_absence_that_cannot_be_is_refused(shell: CommandLine) -> None:
    await shell.type("away", "set", "--to", BORIS, "--until", day(9), "--as", CLARA)

    for words in (
        ("--to", BORIS, "--until", day(3)),
        ("--to", CLARA, "--until", day(3)),
        ("--to", GUS, "--until", day(-3)),
        ("--to", GUS, "--until", day(3), "--from", day(5)),
    ):
        said = await shell.type("away", "set", *words, "--as", BORIS)
        assert (said.code, said.out) == (6, ""), words
        assert "absence_" not in said.err
        assert said.err.count("\n") == 1

    wrong = await shell.type("away", "set", "--to", GUS, "--until", "soon", "--as", BORIS)
    nobody = await shell.type("away", "set", "--to", GUS, "--until", day(3))
    far = await shell.type("away", "set", "--to", GUS, "--until", "9999-12-31", "--as", BORIS)

    for said, sentence in (
        (wrong, "--until: “soon” is not a date or time."),
        (nobody, "Use --as to name the person"),
        (far, "--until: “9999-12-31” is too far in the future."),
    ):
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(sentence)


@pytest.mark.usefixtures("worker")
async def test_with_temporal_down_an_absence_is_noted_and_says_who_has_not_heard(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await shell.ask()
    await shell.fact(request, Fact.LEVEL_OPENED)
    with monkeypatch.context() as patched:
        patched.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        noted = await shell.type("away", "set", "--to", FAY, "--until", day(2), "--as", BORIS)

    repeated = await shell.type("away", "set", "--to", FAY, "--until", day(2), "--as", BORIS)

    assert noted.code == 5
    assert noted.out.startswith("U0BORIS is away from ")
    assert noted.err.startswith("Temporal does not answer at 127.0.0.1:1.")
    assert request in noted.err
    assert repeated.code == 0
    assert f"{request} is refreshing its approvers." in repeated.out
