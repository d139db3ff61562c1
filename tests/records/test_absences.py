"""Absences: they never overlap, never form cycles, and all delegates are found."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from records.absences import (
    AbsenceBackwardsError,
    AbsenceOverError,
    Absences,
    DelegationCycleError,
    SelfDelegationError,
)
from records.database import Database
from workflows.rules.people.actors import Absence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def away(person: str, delegate: str, first: float, last: float) -> Absence:
    """Return an absence between two days, counted from now."""
    return Absence(
        person=person,
        delegate=delegate,
        starts=NOW + timedelta(days=first),
        ends=NOW + timedelta(days=last),
    )


async def test_an_absence_is_listed_until_it_has_ended(database: Database) -> None:
    absences = Absences(database)
    emil, clara = away("U0EMIL", "U0FAY", 0, 7), away("U0CLARA", "U0BORIS", -2, 1)
    assert await absences.set(emil, NOW) == ()
    assert await absences.set(clara, NOW) == ()

    assert await absences.list(NOW) == (clara, emil)
    assert await absences.of("U0EMIL", NOW) == (emil,)
    assert await absences.of("U0FAY", NOW) == ()
    assert await absences.list(NOW + timedelta(days=1)) == (emil,)
    assert await absences.list(NOW + timedelta(days=7)) == ()


@pytest.mark.parametrize(
    ("absence", "refusal"),
    [
        (away("U0EMIL", "U0EMIL", 0, 7), SelfDelegationError),
        (away("U0EMIL", "U0FAY", 7, 7), AbsenceBackwardsError),
        (away("U0EMIL", "U0FAY", 7, 1), AbsenceBackwardsError),
        (away("U0EMIL", "U0FAY", -7, 0), AbsenceOverError),
    ],
)
async def test_an_invalid_absence_is_refused(
    database: Database, absence: Absence, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await Absences(database).set(absence, NOW)

    assert await Absences(database).list(NOW) == ()


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ([away("B", "A", 0, 7)], True),  # straight back
        ([away("B", "C", 0, 7), away("C", "A", 0, 7)], True),  # through one other person
        ([away("B", "C", 0, 7), away("C", "A", 6, 9)], True),  # for a day
        ([away("B", "A", 7, 9)], False),  # not at the same time
        ([away("B", "C", 0, 3), away("C", "A", 3, 7)], False),  # never at the same time
        ([away("B", "C", 0, 7), away("C", "B", 8, 9)], False),  # later, and not through A
        ([away("B", "A", 0, 2), away("B", "C", 3, 7)], True),
    ],
)
async def test_delegations_never_lead_back_to_the_person(
    database: Database, before: list[Absence], *, refused: bool
) -> None:
    absences = Absences(database)
    for absence in before:
        await absences.set(absence, NOW)

    if refused:
        with pytest.raises(DelegationCycleError):
            await absences.set(away("A", "B", 0, 7), NOW)
    else:
        await absences.set(away("A", "B", 0, 7), NOW)

    assert (len(await absences.list(NOW)) == len(before)) is refused


async def test_two_people_cannot_delegate_to_each_other_concurrently(database: Database) -> None:
    absences = Absences(database)

    results = await asyncio.gather(
        absences.set(away("A", "B", 0, 7), NOW),
        absences.set(away("B", "A", 0, 7), NOW),
        return_exceptions=True,
    )

    assert sum(isinstance(result, DelegationCycleError) for result in results) == 1
    assert len(await absences.list(NOW)) == 1


async def test_an_absence_replaces_exactly_those_that_it_overlaps(
    database: Database,
) -> None:
    absences = Absences(database)
    first, second, later = away("A", "B", 0, 3), away("A", "C", 4, 6), away("A", "B", 20, 22)
    others = away("B", "C", 1, 2)
    for absence in (first, second, later, others):
        await absences.set(absence, NOW)

    replaced = await absences.set(away("A", "D", 2, 5), NOW)

    assert replaced == (first, second)
    assert await absences.list(NOW) == (others, away("A", "D", 2, 5), later)
    assert await absences.set(away("A", "D", 2, 5), NOW) == (away("A", "D", 2, 5),)


async def test_an_ended_absence_causes_no_cycle(database: Database) -> None:
    absences = Absences(database)
    await absences.set(away("A", "B", -5, 1), NOW)
    later = NOW + timedelta(days=2)

    await absences.set(away("A", "B", -5, 9), later)

    assert await absences.list(later) == (away("A", "B", -5, 9),)


async def test_clearing_does_not_affect_other_people(database: Database) -> None:
    absences = Absences(database)
    mine, theirs = away("A", "B", 0, 3), away("B", "C", 4, 6)
    await absences.set(mine, NOW)
    await absences.set(theirs, NOW)

    assert await absences.clear("A", NOW) == (mine,)
    assert await absences.clear("A", NOW) == ()
    assert await absences.list(NOW) == (theirs,)


async def test_delegates_are_followed_as_far_as_the_rules_allow(
    database: Database,
) -> None:
    absences = Absences(database)
    chain = [away(f"P{n}", f"P{n + 1}", 0, 7) for n in range(8)]
    for absence in (*chain, away("OTHER", "P1", 0, 7)):
        await absences.set(absence, NOW)

    assert await absences.reaching(["P0"], NOW) == tuple(chain[:5])
    assert set(await absences.reaching(["P0", "P4"], NOW)) == set(chain)
    assert await absences.reaching([], NOW) == ()
    assert await absences.reaching(["P0"], NOW + timedelta(days=7)) == ()
