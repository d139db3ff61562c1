"""Refusals: one chain over all requests counts every attempt, and every changed byte is detected."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from records import refusals as module
from records.database import Database
from records.refusals import COUNT_WINDOW, Refusal, Refusals, row_hash
from records.schema import refusals as table
from records.schema import refusals_head
from records.trail import Flaw
from tests.records.builders import ANA, NOON
from tests.records.stories import change
from workflows.rules.people.actors import Origin

FIRST = Refusal(request_id="ORD-1", actor=ANA, verb="decide", code="own_request", at=NOON)
OTHERS: dict[str, dict[str, Any]] = {
    "request": {"request_id": "ORD-2"},
    "person": {"actor": replace(ANA, person="UBORIS")},
    "origin": {"actor": replace(ANA, origin=Origin.CLI)},
    "operator": {"actor": replace(ANA, operator="root")},
    "verb": {"verb": "comment"},
    "code": {"code": "already_decided"},
    "minute": {"at": NOON + COUNT_WINDOW},
}
TEXTS = ("request_id", "actor", "verb", "code", "at", "last_at", "chain_hash")


def later(seconds: float, **changes: Any) -> Refusal:
    return replace(FIRST, at=NOON + timedelta(seconds=seconds), **changes)


async def rows(refusals: Refusals) -> list[tuple[int, str, int]]:
    return [(row.number, row.refusal.code, row.times) async for row in refusals.all()]


@pytest.fixture
async def refusals(database: Database) -> Refusals:
    """Three different refusals, the second of them counted twice."""
    refusals = Refusals(database)
    for code in ("own_request", "level_closed", "stale_content", "level_closed"):
        await refusals.append(replace(FIRST, code=code))
    return refusals


async def test_an_empty_chain_has_no_flaw(database: Database) -> None:
    verification = await Refusals(database).verify()

    assert (verification.flaw, verification.facts) == (None, 0)


async def test_refusals_keep_their_order(database: Database) -> None:
    refusals = Refusals(database)
    first, second, elsewhere = (
        replace(FIRST, request_id=request_id, code=code)
        for request_id, code in (
            ("ORD-1", "own_request"),
            ("ORD-1", "already_decided"),
            ("ORD-2", "own_request"),
        )
    )
    for refusal in (first, elsewhere, second, first):
        await refusals.append(refusal)

    assert await refusals.of("ORD-1") == (first, second)
    assert await refusals.of("ORD-2") == (elsewhere,)


@pytest.mark.parametrize("seconds", [0, 0.001, 59.999, -59.999])
async def test_the_same_refusal_within_a_minute_is_counted(
    database: Database, seconds: float
) -> None:
    refusals = Refusals(database)
    await refusals.append(FIRST)
    await refusals.append(later(seconds))

    (only,) = [row async for row in refusals.all()]

    assert (only.number, only.refusal, only.times) == (1, FIRST, 2)
    assert only.last_at == max(NOON, later(seconds).at)
    assert (await refusals.verify()).intact


async def test_the_minute_starts_with_the_first_attempt(database: Database) -> None:
    refusals = Refusals(database)
    for seconds in (0, 40, 80, 90):
        await refusals.append(later(seconds))

    assert await rows(refusals) == [(1, "own_request", 2), (2, "own_request", 2)]
    assert (await refusals.verify()).intact


@pytest.mark.parametrize("name", OTHERS)
async def test_a_different_refusal_gets_its_own_row(database: Database, name: str) -> None:
    refusals = Refusals(database)
    await refusals.append(FIRST)
    await refusals.append(replace(FIRST, **OTHERS[name]))

    assert [times for *_, times in await rows(refusals)] == [1, 1]
    assert (await refusals.verify()).intact


async def test_counting_in_an_earlier_row_rehashes_the_later_rows(refusals: Refusals) -> None:
    assert await rows(refusals) == [
        (1, "own_request", 1),
        (2, "level_closed", 2),
        (3, "stale_content", 1),
    ]
    assert (await refusals.verify()).intact


async def test_a_refusal_is_not_counted_in_a_row_with_too_many_later_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting it there would rehash all of the later rows."""
    monkeypatch.setattr(module, "MAX_REHASHED_ROWS", 2)
    refusals = Refusals(database)
    for code in ("own_request", "a", "b", "own_request", "c", "own_request"):
        await refusals.append(replace(FIRST, code=code))

    assert await rows(refusals) == [
        (1, "own_request", 2),
        (2, "a", 1),
        (3, "b", 1),
        (4, "c", 1),
        (5, "own_request", 1),
    ]
    assert (await refusals.verify()).intact


async def test_concurrent_programs_neither_fork_the_chain_nor_lose_an_attempt(
    database: Database, url: str
) -> None:
    """test_processes.py does the same with real processes."""
    async with Database(url) as other:
        await asyncio.gather(
            *(
                Refusals(program).append(later(nth, code=f"code_{nth % 3}"))
                for nth in range(12)
                for program in (database, other)
            )
        )

    found = await rows(Refusals(database))
    assert sorted((code, times) for _, code, times in found) == [
        ("code_0", 8),
        ("code_1", 8),
        ("code_2", 8),
    ]
    assert (await Refusals(database).verify()).intact


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    forgery=st.tuples(
        st.integers(1, 3),
        st.sampled_from(TEXTS),
        st.integers(0, 200),
        st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.just("")),
    )
)
async def test_every_changed_character_is_detected(
    refusals: Refusals, database: Database, forgery: tuple[int, str, int, str]
) -> None:
    number, column, position, character = forgery
    ours = table.c.number == number
    async with database.reading() as connection:
        right = await connection.scalar(select(table.c[column]).where(ours))
    at = position % len(right)
    forged = right[:at] + character + right[at + 1 :]
    assume(forged != right)

    async with database.writing() as connection:
        await connection.execute(update(table).where(ours).values({column: forged}))
    verification = await refusals.verify()
    async with database.writing() as connection:  # the database is shared by the examples
        await connection.execute(update(table).where(ours).values({column: right}))

    assert (verification.flaw, verification.sequence) == (Flaw.ALTERED, number)


@pytest.mark.parametrize(
    ("statement", "flaw", "number"),
    [
        ("UPDATE refusals SET times = 1 WHERE number = 2", Flaw.ALTERED, 2),
        ("UPDATE refusals SET number = 9 WHERE number = 2", Flaw.MISSING, 2),
        ("DELETE FROM refusals WHERE number = 1", Flaw.MISSING, 1),
        ("DELETE FROM refusals WHERE number = 3", Flaw.CUT_SHORT, 3),
        ("UPDATE refusals_head SET number = 2", Flaw.ALTERED, 3),
        ("UPDATE refusals_head SET number = 4", Flaw.CUT_SHORT, 4),
        ("UPDATE refusals_head SET chain_hash = 'x'", Flaw.ALTERED, 3),
        ("DELETE FROM refusals_head", Flaw.CUT_SHORT, 4),
    ],
)
async def test_a_changed_number_a_missing_row_and_a_changed_head_are_detected(
    refusals: Refusals, database: Database, statement: str, flaw: Flaw, number: int
) -> None:
    await change(database, statement)

    verification = await refusals.verify()

    assert (verification.flaw, verification.sequence) == (flaw, number)


async def test_a_tampered_row_is_not_rehashed_by_the_next_attempt(
    refusals: Refusals, database: Database
) -> None:
    await change(database, "UPDATE refusals SET code = 'forged' WHERE number = 2")

    await refusals.append(FIRST)
    await refusals.append(later(1, code="another"))
    verification = await refusals.verify()

    assert (verification.flaw, verification.sequence) == (Flaw.ALTERED, 2)
    assert [code for _, code, _ in await rows(refusals)][3:] == ["own_request", "another"]


async def test_an_added_row_is_detected(refusals: Refusals, database: Database) -> None:
    async with database.writing() as connection:
        row = (await connection.execute(select(table).where(table.c.number == 3))).mappings().one()
        head = await connection.scalar(select(refusals_head.c.chain_hash))
        forged = dict(row) | {"number": 4, "code": "forged"}
        forged["chain_hash"] = row_hash(head, forged)
        await connection.execute(insert(table).values(forged))

    verification = await refusals.verify()

    assert (verification.flaw, verification.sequence) == (Flaw.ALTERED, 4)
