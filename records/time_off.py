"""Time off: how many days off each person has in a calendar year, and which are booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from records.database import Database
from records.schema import time_off_balances, time_off_bookings, time_off_days
from records.steps import KeyReusedError, StepTable
from records.transaction import Transaction

DEFAULT_DAYS = 30
"""Days off per calendar year, unless a person was granted another number."""


class BookingState(StrEnum):
    """Whether the days are booked or were given back."""

    BOOKED = "booked"
    GIVEN_BACK = "given_back"


_STEPS = StepTable(table=time_off_bookings, prefix="OFF", undone=BookingState.GIVEN_BACK)


class NotEnoughDaysError(Exception):
    """More days of a year were wanted than are left."""

    def __init__(self, year: int, wanted: int, left: int) -> None:
        super().__init__(f"{wanted} days of {year} wanted, {left} left")
        self.year = year
        self.wanted = wanted
        self.left = left


@dataclass(frozen=True, kw_only=True, slots=True)
class YearBalance:
    """One person's days of one year."""

    year: int
    granted: int
    booked: int

    @property
    def left(self) -> int:
        """Days that can still be booked."""
        return self.granted - self.booked


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """A booking's reference, and the balances of its years after it."""

    reference: str
    balances: tuple[YearBalance, ...]


class TimeOff:
    """Days off, granted and booked. Changes for one person run one after another."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(
        self, key: str, request_id: str, person: str, days: Mapping[int, int]
    ) -> Booking:
        """Book days of each year, all or nothing. Safe to repeat with the same key.

        Raises:
            NotEnoughDaysError: too few days of a year are left. Nothing was booked.
            StepUndoneError: the key's days were given back.
            KeyReusedError: the key is in use for another booking.

        """
        async with self._database.writing(_subject(person)) as connection:
            known = await _STEPS.find_done(connection, key, request_id=request_id, person=person)
            if known is None:
                await _take(connection, person, days)
                await _STEPS.add(
                    connection, key, BookingState.BOOKED, request_id=request_id, person=person
                )
                rows = [{"key": key, "year": year, "days": days[year]} for year in sorted(days)]
                await connection.execute(insert(time_off_days), rows)
            elif await _days_of(connection, key) != dict(days):
                raise KeyReusedError(key)
            balances = [await _balance(connection, person, year) for year in sorted(days)]
        return Booking(reference=_STEPS.reference(key), balances=tuple(balances))

    async def give_back(self, key: str, request_id: str, person: str) -> None:
        """Give back the days that the key booked, if any, and refuse the key from now on.

        Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another request's or person's booking.

        """
        async with self._database.writing(_subject(person)) as connection:
            known = await _STEPS.find(connection, key, request_id=request_id, person=person)
            if known is None:
                await _STEPS.add(
                    connection, key, BookingState.GIVEN_BACK, request_id=request_id, person=person
                )
            elif known.state == BookingState.BOOKED:
                for year, days in (await _days_of(connection, key)).items():
                    await _add_booked(connection, person, year, -days)
                await _STEPS.update(connection, key, state=BookingState.GIVEN_BACK)

    async def grant(self, person: str, year: int, days: int) -> YearBalance:
        """Set a person's total days off in a year, and return the new balance. Safe to repeat.

        Raises:
            NotEnoughDaysError: more days are booked already: `wanted` of them.

        """
        async with self._database.writing(_subject(person)) as connection:
            before = await _balance(connection, person, year)
            if days < before.booked:
                raise NotEnoughDaysError(year, before.booked, days)
            await _store(connection, person, YearBalance(year=year, granted=days, booked=0))
            return await _balance(connection, person, year)

    async def balance(self, person: str, year: int) -> YearBalance:
        """Return a person's balance of a year."""
        async with self._database.reading() as connection:
            return await _balance(connection, person, year)


def _subject(person: str) -> str:
    return f"time off of {person}"


async def _take(connection: Transaction, person: str, days: Mapping[int, int]) -> None:
    for year in sorted(days):
        before = await _balance(connection, person, year)
        if days[year] > before.left:
            raise NotEnoughDaysError(year, days[year], before.left)
        await _store(connection, person, before)
        await _add_booked(connection, person, year, days[year])


async def _add_booked(connection: Transaction, person: str, year: int, days: int) -> None:
    await connection.execute(
        update(time_off_balances)
        .where(time_off_balances.c.person == person, time_off_balances.c.year == year)
        .values(booked=time_off_balances.c.booked + days)
    )


async def _store(connection: Transaction, person: str, balance: YearBalance) -> None:
    """Store the granted days. The row is created when it is first needed."""
    row = (time_off_balances.c.person == person) & (time_off_balances.c.year == balance.year)
    known = await connection.scalar(select(time_off_balances.c.granted).where(row))
    if known is None:
        values = {"person": person, "year": balance.year, "granted": balance.granted, "booked": 0}
        await connection.execute(insert(time_off_balances).values(values))
    elif known != balance.granted:
        changed = update(time_off_balances).where(row).values(granted=balance.granted)
        await connection.execute(changed)


async def _balance(connection: Transaction, person: str, year: int) -> YearBalance:
    found = await connection.execute(
        select(time_off_balances.c.granted, time_off_balances.c.booked).where(
            time_off_balances.c.person == person, time_off_balances.c.year == year
        )
    )
    row = found.one_or_none()
    if row is None:
        return YearBalance(year=year, granted=DEFAULT_DAYS, booked=0)
    return YearBalance(year=year, granted=row.granted, booked=row.booked)


async def _days_of(connection: Transaction, key: str) -> dict[int, int]:
    found = await connection.execute(
        select(time_off_days.c.year, time_off_days.c.days).where(time_off_days.c.key == key)
    )
    return {row.year: row.days for row in found}
