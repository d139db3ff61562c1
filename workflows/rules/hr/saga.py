"""An HR request's rules: obey the approval, then provision step by step, or undo it all.

Each step's compensation is registered before the step is begun.
"""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.request import HrRequest, content_from_request, request_from_content
from workflows.rules.hr.snapshot import (
    STEPS,
    DaysLeft,
    HrChange,
    HrState,
    HrStep,
    HrStepName,
    HrStuck,
    Provisioning,
)
from workflows.rules.orders.order import StepStatus
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.content import content_digest
from workflows.rules.shared.errors import NotAnHrContentError
from workflows.rules.shared.failure import Failure

APPROVAL_LOST = "approval_lost"
"""An operator has terminated the approval: nobody has said yes."""
UNREADABLE = "not_an_hr_content"
"""What was approved is no HR request."""


def receive(request: HrRequest, requester: Actor, policy: Policy, now: datetime) -> HrChange:
    """Begin an HR request: it waits for its approval."""
    state = HrState(
        request=request, requester=requester, policy=policy, received_at=now, changed_at=now
    )
    data = {
        "type": request.type.value,
        "policy": f"{policy.name} {policy.version}".strip(),
        "content_digest": content_digest(content_from_request(request)),
    }
    return _note(HrChange(state=state), Fact.HR_REQUEST_RECEIVED, requester, now, data=data)


def approval_ended(state: HrState, approval: ApprovalSnapshot, now: datetime) -> HrChange:
    """Take the approval's outcome: provision what was approved, as amended, or end."""
    request = _decided(state, approval)
    ended = replace(
        state, request=request or state.request, approval=approval, status=approval.status
    )
    change = _note(
        HrChange(state=ended),
        Fact.APPROVAL_ENDED,
        approval.closed_by or CLOCK,
        now,
        rule=approval.closing_rule,
        data={"outcome": approval.status, "content_digest": content_digest(approval.content)},
    )
    if approval.status is not Status.APPROVED:
        return _end(change, Provisioning.NOT_NEEDED, now)
    if request is None:  # fail closed: what cannot be read is not done
        failed = replace(change.state, failure=Failure(code=UNREADABLE))
        return _end(replace(change, state=failed), Provisioning.FAILED, now)
    steps = tuple(HrStep(name=name) for name in STEPS[request.type])
    going = replace(change.state, steps=steps, provisioning=Provisioning.RUNNING)
    return replace(change, state=going)


def _decided(state: HrState, approval: ApprovalSnapshot) -> HrRequest | None:
    """Return the request as it was amended last, or None where its content is none."""
    try:
        return request_from_content(state.request.request_id, approval.content)
    except NotAnHrContentError:
        return None


def approval_lost(state: HrState, now: datetime) -> HrChange:
    """End a request whose approval was terminated by an operator: fail closed."""
    failure = Failure(code=APPROVAL_LOST)
    lost = replace(state, status=Status.ADMIN_CLOSED, failure=failure)
    return _end(HrChange(state=lost), Provisioning.NOT_NEEDED, now)


def next_step(state: HrState) -> HrStepName:
    """Return the step that is to be begun now."""
    return next(step.name for step in state.steps if step.status is StepStatus.WAITING)


def step_started(state: HrState, name: HrStepName, now: datetime) -> HrChange:
    """Register the step's compensation and note that it is under way, in one fact."""
    state = replace(state, owed=(*state.owed, name))
    step = replace(state.step(name), status=StepStatus.RUNNING)
    return _note_step(state, step, Fact.STEP_STARTED, now, compensation=f"undo {name}")


def step_completed(
    state: HrState, name: HrStepName, reference: str, left: tuple[DaysLeft, ...], now: datetime
) -> HrChange:
    """Note a step's success; after the last one all is done."""
    step = HrStep(name=name, status=StepStatus.DONE, reference=reference, left=left)
    change = _note_step(state, step, Fact.STEP_COMPLETED, now)
    if any(one.status is not StepStatus.DONE for one in change.state.steps):
        return change
    owing_nothing = replace(change.state, owed=())
    return _end(replace(change, state=owing_nothing), Provisioning.DONE, now)


def step_failed(state: HrState, name: HrStepName, problem: Failure, now: datetime) -> HrChange:
    """Note a step's failure: from here on what is owed is undone.

    The failed step owes its compensation too: it may have acted although its answer was an error.
    """
    step = replace(state.step(name), status=StepStatus.FAILED, problem=problem)
    change = _note_step(state, step, Fact.STEP_FAILED, now)
    turned = replace(change.state, provisioning=Provisioning.COMPENSATING, failure=problem)
    return replace(change, state=turned)


def steps_to_compensate(state: HrState) -> tuple[HrStepName, ...]:
    """Return what must be undone, the latest first."""
    return state.owed[::-1]


def step_compensated(state: HrState, name: HrStepName, now: datetime) -> HrChange:
    """Note that a step was undone. One that failed keeps saying that, and why."""
    step = state.step(name)
    if step.status is StepStatus.DONE:
        step = replace(step, status=StepStatus.COMPENSATED)
    owed = tuple(one for one in state.owed if one is not name)
    return _note_step(replace(state, owed=owed, stuck=None), step, Fact.STEP_COMPENSATED, now)


def compensation_failed(
    state: HrState, name: HrStepName, problem: Failure, now: datetime
) -> HrChange:
    """Note that an undo could not be done in its tries. It stays owed and is tried again."""
    stuck = HrStuck(step=name, problem=problem, since=now)
    data = {"step": name.value, "error": problem.code}
    change = HrChange(state=replace(state, stuck=stuck))
    return _note(change, Fact.COMPENSATION_FAILED, CLOCK, now, data=data)


def compensated(state: HrState, now: datetime) -> HrChange:
    """End a request of which nothing is owed any more: approved, and not provisioned."""
    return _end(HrChange(state=state), Provisioning.FAILED, now)


def _end(change: HrChange, provisioning: Provisioning, now: datetime) -> HrChange:
    state = replace(change.state, provisioning=provisioning, stuck=None, ended_at=now)
    data = {"status": state.status.value, "provisioning": provisioning.value}
    if state.failure is not None:
        data["error"] = state.failure.code
    return _note(replace(change, state=state), Fact.HR_REQUEST_ENDED, CLOCK, now, data=data)


def _note_step(state: HrState, step: HrStep, kind: Fact, now: datetime, **data: str) -> HrChange:
    steps = tuple(step if step.name is old.name else old for old in state.steps)
    error = step.problem.code if step.problem else ""
    told = {"step": step.name.value, "reference": step.reference, "error": error}
    change = HrChange(state=replace(state, steps=steps))
    return _note(change, kind, CLOCK, now, data=told | data)


def _note(  # noqa: PLR0913 - a fact has this many parts
    change: HrChange,
    kind: Fact,
    actor: Actor,
    now: datetime,
    *,
    rule: str = "",
    data: dict[str, str],
) -> HrChange:
    state = change.state
    event = AuditEvent(
        request_id=state.request.request_id,
        sequence=state.sequence + 1,
        kind=kind,
        at=now,
        actor=actor,
        content_revision=state.approval.content_revision if state.approval else 1,
        rule=rule,
        data=data,
    )
    return HrChange(
        state=replace(state, sequence=event.sequence, changed_at=now),
        facts=(*change.facts, event),
    )
