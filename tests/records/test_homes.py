"""Stale homes: queued with the facts, claimed by one bot, and kept until they are published."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from records.absences import Absences
from records.audit import AuditConflictError, AuditTrail
from records.database import Database
from records.homes import Claim, Homes
from tests.records.builders import NOON, fact, facts
from tests.records.test_inbox import BORIS, CLARA, asked, waits
from workflows.rules.people.actors import Absence

LEASE, REST = timedelta(seconds=30), timedelta(seconds=2)
SOON = NOON + REST


async def claim(database: Database, limit: int = 10, at: timedelta = REST) -> tuple[Claim, ...]:
    return await Homes(database).claim(NOON + at, lease=LEASE, rest=REST, limit=limit)


async def opened(database: Database, *people: str) -> Homes:
    homes = Homes(database)
    for person in people:
        await homes.set_view(person, "{}", NOON)
    return homes


async def test_a_view_that_has_changed_is_not_replaced(database: Database) -> None:
    homes = await opened(database, BORIS)
    await homes.replace_view(BORIS, "{}", "here", SOON)
    await homes.replace_view(BORIS, "{}", "there", SOON)
    await homes.replace_view(CLARA, "{}", "here", SOON)
    boris = await homes.get(BORIS)

    assert boris is not None
    assert boris.view == "here"
    assert await homes.get(CLARA) is None


async def test_former_and_current_approvers_and_the_requester_are_queued(
    database: Database,
) -> None:
    homes = await opened(database, BORIS, CLARA, "UANA", "UDORA")
    trail = AuditTrail(database)
    await trail.append(facts(1), asked("ORD-1", waits(BORIS)))

    assert await homes.stale() == ("UANA", BORIS)

    await trail.append(facts(2), asked("ORD-1", waits(CLARA), waits("UEMIL")))

    assert await homes.stale() == ("UANA", BORIS, CLARA)


async def test_refused_facts_queue_no_home(database: Database) -> None:
    homes = await opened(database, CLARA)
    trail = AuditTrail(database)
    await trail.append(facts(1), asked("ORD-1"))

    with pytest.raises(AuditConflictError):
        await trail.append((fact(1, reason="another"), fact(2)), asked("ORD-1", waits(CLARA)))

    assert await homes.stale() == ()


async def test_an_absence_queues_the_homes_of_the_person_and_the_delegate(
    database: Database,
) -> None:
    homes = await opened(database, BORIS, CLARA, "UDORA")
    away = Absence(person=BORIS, delegate=CLARA, starts=NOON, ends=NOON + timedelta(days=1))
    await Absences(database).set(away, NOON)

    assert await homes.stale() == (BORIS, CLARA)

    await Absences(database).set(replace(away, delegate="UDORA"), NOON)

    assert await homes.stale() == (BORIS, CLARA, "UDORA")


async def test_two_bots_never_claim_the_same_home_at_the_same_time(
    database: Database, url: str
) -> None:
    """Verified by breaking it: without the lease, both bots got every home."""
    people = [f"U{number:02}" for number in range(20)]
    await opened(database, *people)
    await AuditTrail(database).append(facts(1), asked("ORD-1", *map(waits, people)))

    async with Database(url) as other:
        found = await asyncio.gather(*(claim(program) for program in (database, other) * 2))

    claimed = [claim.person for claims in found for claim in claims]
    assert sorted(claimed) == people


async def test_a_claim_expires_with_its_lease(database: Database) -> None:
    await opened(database, BORIS)
    await AuditTrail(database).append(facts(1), asked("ORD-1", waits(BORIS)))
    (first,) = await claim(database)

    assert await claim(database, at=REST + LEASE / 2) == ()
    assert await claim(database, at=REST + LEASE) == (first,)


async def test_a_change_during_publishing_makes_the_home_stale_again(database: Database) -> None:
    """Verified by breaking it: if `done` deleted any row, the second change was lost."""
    homes = await opened(database, BORIS)
    trail = AuditTrail(database)
    await trail.append(facts(1), asked("ORD-1", waits(BORIS)))
    (first,) = await claim(database)
    await trail.append(facts(2), asked("ORD-1"))
    await homes.done(first)

    (second,) = await claim(database)
    await homes.done(second)

    assert await homes.stale() == ()


async def test_a_home_that_was_just_published_is_not_claimed(database: Database) -> None:
    homes = await opened(database, BORIS)
    await AuditTrail(database).append(facts(1), asked("ORD-1", waits(BORIS)))
    await homes.shown(BORIS, "hash", NOON)

    assert await claim(database, at=REST / 2) == ()
    assert len(await claim(database)) == 1


async def test_a_failed_home_stays_stale_and_is_due_again_later(database: Database) -> None:
    homes = await opened(database, BORIS)
    await AuditTrail(database).append(facts(1), asked("ORD-1", waits(BORIS)))
    (first,) = await claim(database)
    await homes.failed(first, SOON + timedelta(seconds=7))

    assert await claim(database, at=timedelta(seconds=8)) == ()
    (again,) = await claim(database, at=timedelta(seconds=9))
    assert again.tries == first.tries + 1


async def test_a_removed_home_is_no_longer_stale(database: Database) -> None:
    homes = await opened(database, BORIS)
    await AuditTrail(database).append(facts(1), asked("ORD-1", waits(BORIS)))

    await homes.forget(BORIS)

    assert await homes.stale() == ()
    assert await homes.get(BORIS) is None
    await AuditTrail(database).append(facts(2), asked("ORD-1", waits(BORIS)))
    assert await homes.stale() == ()
