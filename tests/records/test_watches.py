"""The subjects that an open request depends on are stored with its state, and only while it is open."""

from dataclasses import replace

from sqlalchemy import text

from records.audit import AuditTrail
from records.database import Database
from records.requests import PublicState, Requests
from tests.records.builders import fact, facts, state

SALES, BORIS, CLARA = "group:sales-leads", "user:U0BORIS", "user:U0CLARA"


def watching(*subjects: str, request_id: str = "ORD-1") -> PublicState:
    return replace(state(request_id), watches=frozenset(subjects))


async def test_a_request_is_found_by_each_subject_it_depends_on(database: Database) -> None:
    trail, requests = AuditTrail(database), Requests(database)
    await trail.append(facts(1), watching(SALES, BORIS))
    await trail.append([fact(1, "ORD-2")], watching(BORIS, request_id="ORD-2"))

    assert await requests.open_watching(SALES) == ("ORD-1",)
    assert await requests.open_watching(BORIS) == ("ORD-1", "ORD-2")
    assert await requests.open_watching(SALES, BORIS, CLARA) == ("ORD-1", "ORD-2")
    assert await requests.open_watching(CLARA) == ()
    assert await requests.open_watching() == ()


async def test_the_newest_state_determines_the_subjects(database: Database) -> None:
    trail, requests = AuditTrail(database), Requests(database)
    await trail.append(facts(1), watching(SALES, BORIS))
    await trail.append(facts(2), watching(SALES, CLARA))

    assert await requests.open_watching(BORIS) == ()
    assert await requests.open_watching(SALES) == await requests.open_watching(CLARA) == ("ORD-1",)

    await trail.append(facts(3), watching())

    assert await requests.open_watching(SALES, BORIS, CLARA) == ()


async def test_a_late_repeated_append_does_not_restore_old_subjects(database: Database) -> None:
    trail, requests = AuditTrail(database), Requests(database)
    await trail.append(facts(1), watching(SALES))
    await trail.append(facts(2), watching(BORIS))

    await trail.append(facts(1), watching(SALES))

    assert await requests.open_watching(SALES) == ()
    assert await requests.open_watching(BORIS) == ("ORD-1",)


async def test_the_query_uses_an_index(database: Database) -> None:
    async with database.reading() as connection:
        plan = await connection.execute(
            text("EXPLAIN QUERY PLAN SELECT request_id FROM watches WHERE subject = 'x'")
        )
        words = " ".join(str(row) for row in plan)

    assert "ix_watches_subject" in words
