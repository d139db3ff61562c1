"""The read model: the state of the newest fact, stored in the fact's transaction."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.audit import AuditConflictError, AuditTrail
from records.database import Database
from records.requests import Requests
from tests.records.builders import NOON, fact, facts, state


async def test_the_stored_state_is_that_of_the_newest_fact(database: Database) -> None:
    trail, requests = AuditTrail(database), Requests(database)
    await trail.append(facts(1), state(status="pending"))
    closed = replace(state(status="approved"), owner_id="ORD-PARENT")
    await trail.append(facts(2, 3), closed)

    record = await requests.get("ORD-1")

    assert record is not None
    assert (record.status, record.owner_id, record.face) == ("approved", "ORD-PARENT", closed.face)
    assert (record.requester, record.kind, record.sequence) == ("UANA", "order", 3)
    assert record.opened_at == NOON + timedelta(seconds=1)
    assert record.changed_at == NOON + timedelta(seconds=3)


async def test_an_unknown_request_has_no_record(database: Database) -> None:
    assert await Requests(database).get("ORD-404") is None
    assert await Requests(database).orders(requester="UANA") == ()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(repeated=st.lists(st.integers(1, 4), max_size=8))
async def test_late_repeated_appends_never_revert_the_state(
    database: Database, repeated: list[int]
) -> None:
    request_id = f"ORD-{uuid4()}"  # the database is shared by the examples
    trail = AuditTrail(database)

    def append(newest: int) -> asyncio.Future[int]:
        batch = [fact(n, request_id) for n in range(1, newest + 1)]
        return asyncio.ensure_future(trail.append(batch, state(request_id, status=str(newest))))

    await append(2)
    await asyncio.gather(*(append(newest) for newest in repeated))
    record = await Requests(database).get(request_id)

    assert record is not None
    assert record.status == str(max(2, *repeated, 0))
    assert record.sequence == max(2, *repeated, 0)


async def test_refused_facts_do_not_change_the_state(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1), state(status="pending"))

    with pytest.raises(AuditConflictError):
        await trail.append((fact(1, reason="another"), fact(2)), state(status="approved"))
    record = await Requests(database).get("ORD-1")

    assert record is not None
    assert record.status == "pending"


async def test_a_persons_own_requests_are_listed_newest_first(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    for minute, (request_id, requester, kind) in enumerate(
        [
            ("ORD-B", "UANA", "order"),
            ("ORD-A", "UANA", "order"),
            ("ORD-A.approval", "UANA", "approval"),
            ("ORD-C", "UBORIS", "order"),
            ("ORD-D", "UANA", "order"),
        ]
    ):
        opened = replace(fact(1, request_id), at=NOON + timedelta(minutes=minute))
        await trail.append([opened], state(request_id, requester=requester, kind=kind))
    # A later change does not move an old request up.
    late = replace(fact(2, "ORD-B"), at=NOON + timedelta(hours=1))
    await trail.append([late], state("ORD-B", status="approved"))

    latest = await Requests(database).orders(requester="UANA", limit=2)
    everything = await Requests(database).orders(requester="UANA")

    assert [record.request_id for record in latest] == ["ORD-D", "ORD-A"]
    assert [record.request_id for record in everything] == ["ORD-D", "ORD-A", "ORD-B"]
