"""The audit trail: each fact is stored once and in order, and every changed byte is detected."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from records.audit import AuditConflictError, AuditGapError, AuditTrail
from records.database import Database
from records.schema import audit_events, requests
from records.trail import Flaw
from tests.records.builders import fact, facts, state
from workflows.rules.shared.audit import GENESIS, chain_hash

COLUMNS = ("kind", "at", "actor", "rule", "reason", "data", "chain_hash", "request_id")
NUMBERS = ("sequence", "content_revision", "level")


async def _change(database: Database, statement: str, **values: object) -> None:
    async with database.writing() as connection:
        changed = await connection.execute(text(statement).bindparams(**values))
        assert changed.rowcount == 1


async def test_facts_are_read_as_they_were_appended(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    await trail.append(facts(3), state())

    assert await trail.facts("ORD-1") == facts(1, 2, 3)
    assert (await trail.verify("ORD-1")).intact
    assert (await trail.verify("ORD-1")).facts == 3


async def test_appending_the_same_facts_again_changes_nothing(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    await trail.append(facts(1, 2), state())

    assert await trail.facts("ORD-1") == facts(1, 2)


async def test_an_overlapping_append_adds_only_new_facts(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    await trail.append(facts(2, 3), state())
    await trail.append(facts(1), state())

    assert await trail.facts("ORD-1") == facts(1, 2, 3)
    assert (await trail.verify("ORD-1")).intact


async def test_concurrent_appends_of_the_same_facts_store_them_once(
    database: Database, url: str
) -> None:
    async with Database(url) as other:
        await asyncio.gather(
            *(
                AuditTrail(program).append(facts(1, 2, 3), state())
                for program in (database, other) * 10
            )
        )

    assert await AuditTrail(database).facts("ORD-1") == facts(1, 2, 3)


@pytest.mark.parametrize("known", [(1,), (1, 2), (1, 2, 3)])
async def test_another_fact_with_a_known_number_is_a_conflict_and_stores_nothing(
    database: Database, known: tuple[int, ...]
) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(*known), state())
    other = (*facts(*known)[:-1], fact(known[-1], reason="another"), fact(known[-1] + 1))

    with pytest.raises(AuditConflictError) as refused:
        await trail.append(other, state(status="approved"))

    assert (refused.value.request_id, refused.value.sequence) == ("ORD-1", known[-1])
    assert await trail.facts("ORD-1") == facts(*known)


@pytest.mark.parametrize(
    ("known", "appended", "expected"),
    [((), (2,), 1), ((1,), (3,), 2), ((1,), (2, 4), 3), ((1, 2), (4, 5), 3), ((), (0, 1), 1)],
)
async def test_a_gap_is_refused_and_stores_nothing(
    database: Database, known: tuple[int, ...], appended: tuple[int, ...], expected: int
) -> None:
    trail = AuditTrail(database)
    if known:
        await trail.append(facts(*known), state())

    with pytest.raises(AuditGapError) as refused:
        await trail.append(facts(*appended), state())

    assert refused.value.expected == expected
    assert await trail.facts("ORD-1") == facts(*known)


async def test_facts_of_another_request_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="ORD-2"):
        await AuditTrail(database).append(facts(1, request_id="ORD-2"), state("ORD-1"))
    with pytest.raises(ValueError, match="no facts"):
        await AuditTrail(database).append((), state())


async def test_each_request_has_its_own_chain(database: Database) -> None:
    trail = AuditTrail(database)
    for request_id in ("ORD-1", "ORD-2"):
        await trail.append(facts(1, 2, request_id=request_id), state(request_id))
    await _change(
        database, "UPDATE audit_events SET reason = 'x' WHERE request_id = 'ORD-1' AND sequence = 1"
    )

    assert not (await trail.verify("ORD-1")).intact
    assert (await trail.verify("ORD-2")).intact


async def test_an_unknown_request_has_nothing_to_verify(database: Database) -> None:
    verification = await AuditTrail(database).verify("ORD-404")

    assert (verification.flaw, verification.facts) == (Flaw.NOTHING_WRITTEN, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Forgery:
    sequence: int
    column: str
    position: int
    character: str


FORGERIES = st.builds(
    _Forgery,
    sequence=st.integers(1, 3),
    column=st.sampled_from(COLUMNS),
    position=st.integers(0, 200),
    character=st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.just("")),
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forgery=FORGERIES)
@example(_Forgery(sequence=2, column="at", position=10, character=" "))  # still the same instant
@example(_Forgery(sequence=2, column="data", position=7, character=""))  # still the same JSON
async def test_every_changed_character_is_detected(database: Database, forgery: _Forgery) -> None:
    trail, column = AuditTrail(database), forgery.column
    async with database.writing() as connection:  # the database is shared by the examples
        for table in (audit_events, requests):
            await connection.execute(delete(table))
    await trail.append(facts(1, 2, 3), state())
    written = select(audit_events.c[column]).where(audit_events.c.sequence == forgery.sequence)
    async with database.reading() as connection:
        right = await connection.scalar(written)
    position = forgery.position % len(right)
    forged = right[:position] + forgery.character + right[position + 1 :]
    assume(forged != right)

    await _change(
        database,
        f"UPDATE audit_events SET {column} = :forged WHERE sequence = :sequence",  # noqa: S608 - names of our columns
        forged=forged,
        sequence=forgery.sequence,
    )
    verification = await trail.verify("ORD-1")

    assert not verification.intact
    assert verification.sequence == forgery.sequence


@pytest.mark.parametrize("column", NUMBERS)
async def test_a_changed_number_is_detected(database: Database, column: str) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2, 3), state())
    await _change(database, f"UPDATE audit_events SET {column} = 7 WHERE sequence = 2")  # noqa: S608 - names of our columns

    verification = await trail.verify("ORD-1")

    assert verification.flaw is (Flaw.MISSING if column == "sequence" else Flaw.ALTERED)
    assert verification.sequence == 2


@pytest.mark.parametrize("value", ["[]", "null", '"x"', "not json", '{"a": 1}', "{}"])
@pytest.mark.parametrize("column", ["actor", "data"])
async def test_other_json_in_a_column_is_detected(
    database: Database, column: str, value: str
) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    forge = f"UPDATE audit_events SET {column} = :value WHERE sequence = 1"  # noqa: S608 - names of our columns
    await _change(database, forge, value=value)

    assert (await trail.verify("ORD-1")).flaw in (Flaw.UNREADABLE, Flaw.ALTERED)


@pytest.mark.parametrize(
    ("sequence", "flaw"), [(1, Flaw.MISSING), (2, Flaw.MISSING), (3, Flaw.CUT_SHORT)]
)
async def test_a_deleted_fact_is_detected_even_the_last(
    database: Database, sequence: int, flaw: Flaw
) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2, 3), state())
    await _change(database, "DELETE FROM audit_events WHERE sequence = :it", it=sequence)

    verification = await trail.verify("ORD-1")

    assert (verification.flaw, verification.sequence) == (flaw, sequence)


async def test_an_added_fact_is_detected(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    await trail.append(facts(1, 2, 3, request_id="ORD-2"), state("ORD-2"))
    await _change(database, "UPDATE audit_events SET request_id = 'ORD-1' WHERE sequence = 3")

    assert (await trail.verify("ORD-1")).flaw is Flaw.ALTERED
    assert (await trail.verify("ORD-2")).flaw is Flaw.CUT_SHORT


async def test_a_trail_rewritten_with_all_its_hashes_disagrees_with_the_head(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, 2), state())
    previous = GENESIS
    for forged in (fact(1, reason="forged"), fact(2)):
        previous = chain_hash(previous, forged)
        await _change(
            database,
            "UPDATE audit_events SET reason = :reason, chain_hash = :digest WHERE sequence = :it",
            reason=forged.reason,
            digest=previous,
            it=forged.sequence,
        )

    assert (await trail.verify("ORD-1")).flaw is Flaw.ALTERED
