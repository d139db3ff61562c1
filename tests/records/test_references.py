"""A deleted trail is found as long as any other record refers to it."""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from records.audit import AuditTrail
from records.cards import CardMessage, Cards
from records.database import Database
from records.payouts import Payouts
from records.personnel import Personnel
from records.references import REFERENCES, TRAIL_COLUMNS
from records.schema import audit_events, metadata, requests
from records.time_off import TimeOff
from records.trail import Flaw
from tests.records.builders import facts, state
from tests.rules.builders import ANA, usd
from workflows.rules.hr.request import HrRequest, HrType

NOT_REFERENCES = {
    "refusals.request_id": "a person can try something with a request that never existed",
    "received_payments.order_id": "a payment can name an order that never existed",
    "waiting.request_id": "cannot exist without its row in requests (foreign key)",
    "watches.request_id": "cannot exist without its row in requests (foreign key)",
}


def test_every_column_that_names_a_request_is_a_reference_or_not_for_a_reason() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in ("request_id", "order_id", "owner_id")
    }
    used = {str(column) for column in (*TRAIL_COLUMNS, *REFERENCES)}

    assert used | set(NOT_REFERENCES) == named
    assert not used & set(NOT_REFERENCES)


async def _delete_trail(database: Database, request_id: str) -> None:
    async with database.writing() as connection:
        for table in (audit_events, requests):
            await connection.execute(delete(table).where(table.c.request_id == request_id))


async def _ids(trail: AuditTrail) -> list[str]:
    return [request_id async for request_id in trail.request_ids()]


@pytest.mark.parametrize("kind", ["payout", "entry", "booking", "card", "child"])
async def test_a_deleted_trail_is_missed_by_its_other_records(
    database: Database, kind: str
) -> None:
    trail = AuditTrail(database)
    match kind:
        case "payout":
            await Payouts(database).queue("HR-1;payout", "HR-1", ANA, usd("10.00"))
        case "entry":
            entry = HrRequest(request_id="HR-1", type=HrType.PROMOTION, title="Up")
            await Personnel(database).register("HR-1;register", ANA, entry)
        case "booking":
            await TimeOff(database).book("HR-1;days", "HR-1", ANA, {2027: 5})
        case "card":
            card = CardMessage(channel="C0HR", ts="1.1", request_id="HR-1")
            await Cards(database).record([card])
        case _:
            child = replace(state("HR-1.approval", kind="approval"), owner_id="HR-1")
            await trail.append(facts(1, request_id="HR-1.approval"), child)

    assert "HR-1" in await _ids(trail)
    found = await trail.verify("HR-1")
    assert (found.flaw, found.sequence) == (Flaw.DELETED, 1)


async def test_a_deleted_approval_is_missed_by_its_order(database: Database) -> None:
    trail = AuditTrail(database)
    with_approval = replace(state("ORD-1"), face='{"approval":{"status":"approved"}}')
    without = replace(state("ORD-2"), face='{"approval":null}')
    await trail.append(facts(1, request_id="ORD-1"), with_approval)
    await trail.append(facts(1, request_id="ORD-2"), without)

    assert {"ORD-1.approval", "ORD-2.approval"} <= set(await _ids(trail))
    assert (await trail.verify("ORD-1.approval")).flaw is Flaw.DELETED
    assert (await trail.verify("ORD-2.approval")).flaw is Flaw.NOTHING_WRITTEN


async def test_a_trail_with_its_facts_is_not_reported(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(facts(1, request_id="ORD-1"), state("ORD-1"))
    await Payouts(database).queue("ORD-1;payout", "ORD-1", ANA, usd("10.00"))

    assert (await trail.verify("ORD-1")).flaw is None

    await _delete_trail(database, "ORD-1")

    assert (await trail.verify("ORD-1")).flaw is Flaw.DELETED
