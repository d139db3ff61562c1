"""The audit port on a real database: what a workflow sends is what the bot reads back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.audit import AuditActivities
from records.audit import AuditTrail
from records.database import Database
from records.requests import Requests
from tests.records.builders import ANA, NOON, fact, facts, order
from workflows.ports import AuditBatch
from workflows.rules.face import ApprovalFace, LevelFace
from workflows.rules.order import OrderFace, OrderStatus, Step, StepName, StepStatus
from workflows.rules.people import Actor, Origin
from workflows.rules.request import Content, Counted, Status, Verdict

FACES: TypeAdapter[ApprovalFace | OrderFace] = TypeAdapter(ApprovalFace | OrderFace)
BORIS = Actor(person="UBORIS", origin=Origin.CLI, operator="root")
APPROVAL = ApprovalFace(
    request_id="ORD-1.approval",
    title="Customer order",
    channel="#approvals",
    language="en",
    mention_approvers=True,
    requester=ANA,
    content=Content(title="ORD-1 for Grüße", amount=order().total),
    status=Status.APPROVED,
    rule="over_1000",
    levels=(
        LevelFace(
            number=1,
            name="sales",
            sources=("user:UBORIS",),
            eligible=("UBORIS",),
            needed=1,
            blocked="",
            expires_at=NOON,
            decisions=(Counted(person="UBORIS", verdict=Verdict.APPROVE, reason="", at=NOON),),
            passed=True,
            reject_reason_required=True,
        ),
    ),
    levels_in_all=1,
    content_revision=1,
    card_version=3,
    submitted_at=NOON,
    closed_at=NOON,
    closed_by=BORIS,
    closing_rule="quorum",
    closing_reason="",
)
ORDER = OrderFace(
    order=order(),
    requester=ANA,
    title="Customer order",
    channel="#approvals",
    language="en",
    status=OrderStatus.PROCESSING,
    approval=APPROVAL,
    steps=(Step(name=StepName.RESERVE, status=StepStatus.DONE, reference="RES-1"),),
    failure="",
    card_version=5,
    received_at=NOON,
    ended_at=None,
)


def _batch(face: ApprovalFace | OrderFace, *numbers: int) -> AuditBatch:
    return AuditBatch(request_id="ORD-1", owner_id="ORD-1", facts=facts(*numbers), face=face)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{tmp_path}/records.db") as database:
        await database.upgrade()
        yield database


@pytest.mark.parametrize("face", [APPROVAL, ORDER], ids=["approval", "order"])
async def test_an_appended_face_is_read_back_whole(
    database: Database, face: ApprovalFace | OrderFace
) -> None:
    activities = AuditActivities(database)
    await ActivityEnvironment().run(activities.append, _batch(face, 1, 2))
    await ActivityEnvironment().run(activities.append, _batch(face, 1, 2))

    record = await Requests(database).get("ORD-1")

    assert record is not None
    assert FACES.validate_json(record.face) == face
    assert (record.kind, record.requester) == (face.kind, "UANA")
    assert record.status == face.status.value
    assert await AuditTrail(database).facts("ORD-1") == facts(1, 2)


async def test_another_fact_under_a_known_number_is_not_retried(database: Database) -> None:
    activities = AuditActivities(database)
    await activities.append(_batch(ORDER, 1))
    other = replace(_batch(ORDER, 1), facts=(fact(1, reason="another"),))

    with pytest.raises(ApplicationError) as refused:
        await activities.append(other)

    assert (refused.value.type, refused.value.non_retryable) == ("audit.conflict", True)


async def test_lost_facts_are_waited_for(database: Database) -> None:
    activities = AuditActivities(database)
    await activities.append(_batch(ORDER, 1))

    with pytest.raises(ApplicationError) as refused:
        await activities.append(_batch(ORDER, 3))
    await activities.append(_batch(ORDER, 2))
    await activities.append(_batch(ORDER, 3))

    assert (refused.value.type, refused.value.non_retryable) == ("audit.gap", False)
    assert await AuditTrail(database).facts("ORD-1") == facts(1, 2, 3)
