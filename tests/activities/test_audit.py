"""The audit port on a real database: the bot reads what the workflow appended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.audit import AuditActivities
from records.audit import AuditTrail
from records.database import Database
from records.refusals import Refusals
from records.requests import Requests
from records.snapshots import decode_snapshot
from tests.any_policy import AnyPolicy
from tests.records.builders import ANA, NOON, fact, facts, order
from workflows.ports.approvals import START_REFUSED, AuditBatch
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.approvals.request import Delegate, RecordedDecision, Remark, Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot, NamedApprover
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, Step, StepName
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.content import Content
from workflows.rules.shared.saga import StepStatus

BORIS = Actor(person="UBORIS", origin=Origin.CLI, operator="root")
LEVEL = LevelSnapshot(
    number=1,
    name="sales",
    sources=("group:sales-leads", "email:clara@example.com"),
    unreadable=("email:clara@example.com",),
    eligible=("UBORIS", "UCLARA"),
    asked=(NamedApprover(person="UBORIS", source="group:sales-leads"),),
    delegates=(Delegate(person="UDINA", seat="UCLARA", starts=NOON),),
    needed=2,
    blocked="",
    expires_at=NOON,
    decisions=(
        RecordedDecision(
            person="UBORIS", verdict=Verdict.APPROVE, reason="", at=NOON, seat="UBORIS"
        ),
    ),
    passed=False,
    reminders=1,
    escalations=0,
    reassigned=None,
    approve_reason_required=False,
    reject_reason_required=True,
)
APPROVAL = ApprovalSnapshot(
    request_id="ORD-1.approval",
    policy="order",
    title="Customer order",
    currency="USD",
    channel="#approvals",
    admin_channel="#approvals-admin",
    language="en",
    mention_approvers=True,
    requester=ANA,
    content=Content(title="ORD-1 for Grüße", amount=order().total),
    status=Status.PENDING,
    rule=RouteReason(policy="order"),
    levels=(LEVEL,),
    levels_in_all=1,
    content_revision=1,
    changes=(),
    change_request=None,
    amendable=False,
    voided=0,
    comments=1,
    remarks=(Remark(person="UCLARA", text="why so late?", at=NOON),),
    card_version=3,
    submitted_at=NOON,
    changed_at=NOON,
    closed_at=None,
    closed_by=None,
    closing_rule="",
    closing_reason="",
)
CLOSED = replace(
    APPROVAL,
    status=Status.APPROVED,
    levels=(replace(LEVEL, passed=True),),
    closed_at=NOON,
    closed_by=BORIS,
    closing_rule="quorum",
)
ORDER = OrderSnapshot(
    order=order(),
    requester=ANA,
    title="Customer order",
    channel="#approvals",
    language="en",
    status=OrderStatus.PROCESSING,
    approval=CLOSED,
    steps=(Step(name=StepName.RESERVE, status=StepStatus.DONE, reference="RES-1"),),
    failure="",
    card_version=5,
    received_at=NOON,
    changed_at=NOON,
    ended_at=None,
)


def _batch(snapshot: ApprovalSnapshot | OrderSnapshot, *numbers: int) -> AuditBatch:
    return AuditBatch(request_id="ORD-1", owner_id="ORD-1", facts=facts(*numbers), face=snapshot)


@pytest.mark.parametrize("snapshot", [APPROVAL, CLOSED, ORDER], ids=["open", "closed", "order"])
async def test_an_appended_snapshot_is_read_back_unchanged(
    database: Database, snapshot: ApprovalSnapshot | OrderSnapshot
) -> None:
    activities = AuditActivities(database, AnyPolicy(), lambda: NOON)
    await ActivityEnvironment().run(activities.append, _batch(snapshot, 1, 2))
    await ActivityEnvironment().run(activities.append, _batch(snapshot, 1, 2))

    record = await Requests(database).get("ORD-1")

    assert record is not None
    assert decode_snapshot(record.face) == snapshot
    assert (record.kind, record.requester) == (snapshot.kind, "UANA")
    assert record.status == snapshot.status.value
    assert await AuditTrail(database).facts("ORD-1") == facts(1, 2)


async def test_a_conflicting_fact_is_logged_and_retried_in_a_minute(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A changed database must not end a request, because an operator may repair it."""
    activities = AuditActivities(database, AnyPolicy(), lambda: NOON)
    await activities.append(_batch(ORDER, 1, 2))
    other = replace(_batch(ORDER, 2), facts=(fact(2, reason="another"),))

    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(activities.append, other)

    assert (refused.value.type, refused.value.non_retryable) == ("audit.conflict", False)
    assert refused.value.next_retry_delay == timedelta(minutes=1)
    assert [
        (record.levelname, "ORD-1 already has another fact" in record.message)
        for record in caplog.records
    ] == [("ERROR", True)]


async def test_a_conflict_with_the_first_fact_is_a_refused_start(database: Database) -> None:
    """The id belongs to another request: no repair makes the new fact the first."""
    activities = AuditActivities(database, AnyPolicy(), lambda: NOON)
    await activities.append(_batch(ORDER, 1))
    other = replace(_batch(ORDER, 1), facts=(fact(1, reason="another"),))

    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(activities.append, other)

    assert (refused.value.type, refused.value.non_retryable) == (START_REFUSED, True)
    assert refused.value.details[0] == "id_taken"
    assert await AuditTrail(database).facts("ORD-1") == facts(1)
    (refusal,) = await Refusals(database).of("ORD-1")
    assert (refusal.actor, refusal.verb, refusal.code) == (ORDER.requester, "start", "id_taken")


async def test_a_gap_is_retried_until_the_missing_fact_arrives(database: Database) -> None:
    activities = AuditActivities(database, AnyPolicy(), lambda: NOON)
    await activities.append(_batch(ORDER, 1))

    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(activities.append, _batch(ORDER, 3))
    await activities.append(_batch(ORDER, 2))
    await activities.append(_batch(ORDER, 3))

    assert (refused.value.type, refused.value.non_retryable) == ("audit.gap", False)
    assert await AuditTrail(database).facts("ORD-1") == facts(1, 2, 3)


async def test_the_subjects_a_request_depends_on_are_stored_with_its_facts(
    database: Database,
) -> None:
    activities, requests = AuditActivities(database, AnyPolicy(), lambda: NOON), Requests(database)
    subjects = ("group:sales-leads", "user:UBORIS")
    await activities.append(replace(_batch(APPROVAL, 1), watches=subjects))

    assert await requests.open_watching("group:sales-leads") == ("ORD-1",)

    await activities.append(_batch(CLOSED, 2))

    assert await requests.open_watching(*subjects) == ()
