"""Requests whose workflow was ended outside Countersign: their last snapshots, from the ones before."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.failure import Failure, read_failure
from workflows.rules.shared.saga import StepStatus

ENDED_OUTSIDE = "ended_outside"
"""The closing rule of an approval, and the failure code of an order or HR request."""
_FAILURE = Failure(code=ENDED_OUTSIDE)


class RunEnd(StrEnum):
    """How a workflow was ended. `RESET` means that it was taken back behind its recorded facts."""

    TERMINATED = "terminated"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    COMPLETED = "completed"
    DELETED = "deleted"
    RESET = "reset"


def is_ended_outside(snapshot: OrderSnapshot | HrSnapshot) -> bool:
    """Return whether an order or HR request was ended outside Countersign, so nothing was undone."""
    failure = snapshot.failure
    recorded = read_failure(failure) if isinstance(failure, str) else failure
    return recorded is not None and recorded.code == ENDED_OUTSIDE


def ended_approval(snapshot: ApprovalSnapshot, now: datetime) -> ApprovalSnapshot:
    """Return the approval closed without a decision."""
    return replace(
        snapshot,
        status=Status.ADMIN_CLOSED,
        closed_at=now,
        closed_by=CLOCK,
        closing_rule=ENDED_OUTSIDE,
        amendable=False,
        changed_at=now,
        card_version=snapshot.card_version + 1,
    )


def ended_order(snapshot: OrderSnapshot, now: datetime) -> OrderSnapshot:
    """Return the order failed, with its steps as they were: nothing is undone any longer."""
    failure = str(_FAILURE)
    steps = tuple(
        replace(step, status=StepStatus.FAILED, error=failure)
        if step.status is StepStatus.RUNNING
        else step
        for step in snapshot.steps
    )
    return replace(
        snapshot,
        status=OrderStatus.FAILED,
        failure=failure,
        steps=steps,
        is_cancellable=False,
        stuck=None,
        payment_due=None,
        changed_at=now,
        ended_at=now,
        card_version=snapshot.card_version + 1,
    )


def ended_hr(snapshot: HrSnapshot, now: datetime) -> HrSnapshot:
    """Return the HR request ended, with its steps as they were: nothing is undone any longer."""
    is_pending = snapshot.status is Status.PENDING
    steps = tuple(
        replace(step, status=StepStatus.FAILED, problem=_FAILURE)
        if step.status is StepStatus.RUNNING
        else step
        for step in snapshot.steps
    )
    return replace(
        snapshot,
        status=Status.ADMIN_CLOSED if is_pending else snapshot.status,
        provisioning=Provisioning.NOT_NEEDED if is_pending else Provisioning.FAILED,
        failure=_FAILURE,
        steps=steps,
        stuck=None,
        changed_at=now,
        ended_at=now,
        card_version=snapshot.card_version + 1,
    )


def ending_fact(request_id: str, sequence: int, how: RunEnd, now: datetime) -> AuditEvent:
    """Return the fact that a request was ended outside Countersign."""
    return AuditEvent(
        request_id=request_id,
        sequence=sequence,
        kind=Fact.ENDED_OUTSIDE,
        at=now,
        actor=CLOCK,
        rule=ENDED_OUTSIDE,
        data={"how": how.value},
    )
