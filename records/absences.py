"""Absences: who is away from when until when, and who stands in for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Row, delete, insert, select

from records.database import Database
from records.homes import mark_stale
from records.schema import absences
from records.transaction import Transaction
from workflows.rules.approvals.seats import FARTHEST
from workflows.rules.people.actors import Absence


class AbsenceError(ValueError):
    """An absence that cannot be. `code` names the refusal for the sentence that explains it."""

    code = "absence_impossible"

    def __init__(self, absence: Absence) -> None:
        super().__init__(f"{self.code}: {absence.person} to {absence.delegate}")
        self.absence = absence


class SelfDelegationError(AbsenceError):
    """Nobody stands in for themselves."""

    code = "absence_to_yourself"


class AbsenceBackwardsError(AbsenceError):
    """It ends before it starts, or as it starts."""

    code = "absence_backwards"


class AbsenceOverError(AbsenceError):
    """It has ended already."""

    code = "absence_in_the_past"


class DelegationCycleError(AbsenceError):
    """The stand-in is away meanwhile, and hands on to the same person again, perhaps through others."""

    code = "absence_in_a_circle"


class Absences:
    """Who is away. Nobody has two absences at one time: the later word replaces the earlier."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, absence: Absence, now: datetime) -> tuple[Absence, ...]:
        """Write an absence down and return those of the same person that it replaces.

        It replaces every absence of theirs that it overlaps, as a whole. Safe to repeat: the
        second time it replaces itself.

        Raises:
            AwayToYourselfError, AwayBackwardsError, AwayInThePastError: as it stands.
            AwayInACircleError: through other people's absences. Nothing is written then.

        """
        _check(absence, now)
        async with self._database.writing("absences") as connection:
            theirs = await _read(connection, [absence.person], absence.starts)
            replaced = tuple(one for one in theirs if _overlap(one, absence))
            if await _leads_back(connection, absence, now):
                raise DelegationCycleError(absence)
            await _remove(connection, replaced)
            await connection.execute(
                insert(absences).values(
                    person=absence.person,
                    starts=absence.starts,
                    ends=absence.ends,
                    delegate=absence.delegate,
                )
            )
            told = {absence.person, absence.delegate, *(one.delegate for one in replaced)}
            await mark_stale(connection, told, now)
        return replaced

    async def clear(self, person: str, now: datetime) -> tuple[Absence, ...]:
        """Remove the person's absences that have not ended at `now`, and return them.

        Safe to repeat: the second time there is nothing to remove.
        """
        async with self._database.writing("absences") as connection:
            found = await _read(connection, [person], now)
            await _remove(connection, found)
            await mark_stale(connection, {person, *(one.delegate for one in found)}, now)
        return found

    async def list(self, now: datetime) -> tuple[Absence, ...]:
        """Return everybody's absences that have not ended at `now`, by beginning."""
        async with self._database.reading() as connection:
            return await _read(connection, None, now)

    async def of(self, person: str, now: datetime) -> tuple[Absence, ...]:
        """Return the person's absences that have not ended at `now`, by beginning."""
        async with self._database.reading() as connection:
            return await _read(connection, [person], now)

    async def delegated_to(
        self, person: str, now: datetime, limit: int = 20
    ) -> tuple[Absence, ...]:
        """Return the absences in which the person stands in for somebody, by beginning."""
        theirs = select(absences).where(absences.c.delegate == person, absences.c.ends > now)
        first = theirs.order_by(absences.c.starts, absences.c.person).limit(limit)
        async with self._database.reading() as connection:
            return tuple(_absence(row) for row in await connection.execute(first))

    async def reaching(self, people: Iterable[str], now: datetime) -> tuple[Absence, ...]:
        """Return the absences of `people` and of everybody who would stand in for them.

        Those that have not ended at `now`, through as many stand-ins as the rules follow
        (`seats.FARTHEST`), each absence once.
        """
        asked: set[str] = set()
        found: list[Absence] = []
        new = set(people)
        async with self._database.reading() as connection:
            for _ in range(FARTHEST):
                if not new:
                    break
                asked |= new
                latest = await _read(connection, new, now)
                found += latest
                new = {one.delegate for one in latest} - asked
        return tuple(found)


def _check(absence: Absence, now: datetime) -> None:
    if absence.person == absence.delegate:
        raise SelfDelegationError(absence)
    if absence.ends <= absence.starts:
        raise AbsenceBackwardsError(absence)
    if absence.ends <= now:
        raise AbsenceOverError(absence)


def _overlap(one: Absence, other: Absence) -> bool:
    return one.starts < other.ends and other.starts < one.ends


async def _leads_back(connection: Transaction, absence: Absence, now: datetime) -> bool:
    """Say whether the seat comes back to its owner while every hand-over on the way holds."""
    windows = [(absence.delegate, absence.starts, absence.ends, frozenset({absence.delegate}))]
    while windows:
        person, starts, ends, passed = windows.pop()
        for onward in await _read(connection, [person], now):
            begins, stops = max(starts, onward.starts), min(ends, onward.ends)
            if begins >= stops or onward.delegate in passed:
                continue
            if onward.delegate == absence.person:
                return True
            windows.append((onward.delegate, begins, stops, passed | {onward.delegate}))
    return False


async def _read(
    connection: Transaction, people: Iterable[str] | None, now: datetime
) -> tuple[Absence, ...]:
    wanted = select(absences).where(absences.c.ends > now)
    if people is not None:
        wanted = wanted.where(absences.c.person.in_(sorted(people)))
    found = await connection.execute(wanted.order_by(absences.c.starts, absences.c.person))
    return tuple(_absence(row) for row in found)


async def _remove(connection: Transaction, gone: Sequence[Absence]) -> None:
    for one in gone:
        await connection.execute(
            delete(absences).where(absences.c.person == one.person, absences.c.starts == one.starts)
        )


def _absence(row: Row[tuple[object, ...]]) -> Absence:
    return Absence(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
