"""Absences: who is away, from when until when, and their delegates."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Row, delete, insert, select

from records.database import Database
from records.homes import mark_stale
from records.schema import absences
from records.transaction import Transaction
from workflows.rules.approvals.seats import MAX_DELEGATION_DEPTH
from workflows.rules.people.actors import Absence


class AbsenceError(ValueError):
    """An absence that is not possible. `code` selects the text that explains the refusal."""

    code = "absence_impossible"

    def __init__(self, absence: Absence) -> None:
        super().__init__(f"{self.code}: {absence.person} to {absence.delegate}")
        self.absence = absence


class SelfDelegationError(AbsenceError):
    """A person cannot be their own delegate."""

    code = "absence_to_yourself"


class AbsenceBackwardsError(AbsenceError):
    """The absence does not end after it starts."""

    code = "absence_backwards"


class AbsenceOverError(AbsenceError):
    """The absence is over already."""

    code = "absence_in_the_past"


class DelegationCycleError(AbsenceError):
    """The delegate is away at the same time and delegates back, directly or through others."""

    code = "absence_in_a_circle"


class Absences:
    """Everyone's absences. A person's absences never overlap: a later entry replaces an earlier one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, absence: Absence, now: datetime) -> tuple[Absence, ...]:
        """Store an absence and return the absences of the same person that it replaces.

        It replaces every absence that it overlaps as a whole. Safe to repeat: the second time it
        replaces itself.

        Raises:
            SelfDelegationError, AbsenceBackwardsError, AbsenceOverError: the absence is invalid.
            DelegationCycleError: the delegation leads back to the person. Nothing is stored.

        """
        _check(absence, now)
        async with self._database.writing("absences") as connection:
            theirs = await _read(connection, [absence.person], absence.starts)
            replaced = tuple(known for known in theirs if _overlap(known, absence))
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
            former = {known.delegate for known in replaced}
            await mark_stale(connection, {absence.person, absence.delegate, *former}, now)
        return replaced

    async def clear(self, person: str, now: datetime) -> tuple[Absence, ...]:
        """Remove and return the person's absences that have not ended at `now`. Safe to repeat."""
        async with self._database.writing("absences") as connection:
            found = await _read(connection, [person], now)
            await _remove(connection, found)
            await mark_stale(connection, {person, *(absence.delegate for absence in found)}, now)
        return found

    async def list(self, now: datetime) -> tuple[Absence, ...]:
        """Return all absences that have not ended at `now`, ordered by their start."""
        async with self._database.reading() as connection:
            return await _read(connection, None, now)

    async def of(self, person: str, now: datetime) -> tuple[Absence, ...]:
        """Return the person's absences that have not ended at `now`, ordered by their start."""
        async with self._database.reading() as connection:
            return await _read(connection, [person], now)

    async def delegated_to(
        self, person: str, now: datetime, limit: int = 20
    ) -> tuple[Absence, ...]:
        """Return the absences in which the person is the delegate, ordered by their start."""
        theirs = select(absences).where(absences.c.delegate == person, absences.c.ends > now)
        first = theirs.order_by(absences.c.starts, absences.c.person).limit(limit)
        async with self._database.reading() as connection:
            return tuple(_absence(row) for row in await connection.execute(first))

    async def reaching(self, people: Iterable[str], now: datetime) -> tuple[Absence, ...]:
        """Return the absences of `people`, of their delegates, of the delegates' delegates and so on.

        Only absences that have not ended at `now`, each once. Follows as many delegations as the
        rules do (`seats.FARTHEST`).
        """
        read: set[str] = set()
        found: list[Absence] = []
        new = set(people)
        async with self._database.reading() as connection:
            for _ in range(MAX_DELEGATION_DEPTH):
                if not new:
                    break
                read |= new
                latest = await _read(connection, new, now)
                found += latest
                new = {absence.delegate for absence in latest} - read
        return tuple(found)


def _check(absence: Absence, now: datetime) -> None:
    if absence.person == absence.delegate:
        raise SelfDelegationError(absence)
    if absence.ends <= absence.starts:
        raise AbsenceBackwardsError(absence)
    if absence.ends <= now:
        raise AbsenceOverError(absence)


def _overlap(first: Absence, second: Absence) -> bool:
    return first.starts < second.ends and second.starts < first.ends


async def _leads_back(connection: Transaction, absence: Absence, now: datetime) -> bool:
    """Whether the delegations lead back to the person while all of them are in force."""
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
    for absence in gone:
        await connection.execute(
            delete(absences).where(
                absences.c.person == absence.person, absences.c.starts == absence.starts
            )
        )


def _absence(row: Row[tuple[object, ...]]) -> Absence:
    return Absence(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
