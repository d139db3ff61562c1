"""The rules of an HR request: obey the approval's outcome, then provision step by step, or undo.

`rules.shared.saga` has the transitions of the steps.
"""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.policy import Policy, digest
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
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared import saga as machine
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.content import content_digest
from workflows.rules.shared.errors import NotAnHrContentError
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.saga import StepStatus

APPROVAL_LOST = "approval_lost"
"""The failure code when an operator has terminated the approval, so that no one approved."""
UNREADABLE = "not_an_hr_content"
"""The failure code when the approved content is not an HR request."""


def receive(request: HrRequest, requester: Actor, policy: Policy, now: datetime) -> HrChange:
    """Return a new HR request, which waits for its approval."""
    state = HrState(
        request=request, requester=requester, policy=policy, received_at=now, changed_at=now
    )
    data = {
        "type": request.type.value,
        "policy": f"{policy.name} {digest(policy)}",
        "content_digest": content_digest(content_from_request(request)),
    }
    return _note(HrChange(state=state), Fact.HR_REQUEST_RECEIVED, requester, now, data=data)


def approval_ended(state: HrState, approval: ApprovalSnapshot, now: datetime) -> HrChange:
    """Apply the approval's outcome: provision the request as approved (and amended), or end it."""
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
    if request is None:  # fail closed: content that cannot be read is not provisioned
        failed = replace(change.state, failure=Failure(code=UNREADABLE))
        return _end(replace(change, state=failed), Provisioning.FAILED, now)
    steps = tuple(HrStep(name=name) for name in STEPS[request.type])
    going = replace(change.state, steps=steps, provisioning=Provisioning.RUNNING)
    return replace(change, state=going)


def _decided(state: HrState, approval: ApprovalSnapshot) -> HrRequest | None:
    """Return the request as last amended, or None if its content is not an HR request."""
    try:
        return request_from_content(state.request.request_id, approval.content)
    except NotAnHrContentError:
        return None


def approval_lost(state: HrState, now: datetime) -> HrChange:
    """End a request whose approval was terminated by an operator: fail closed."""
    failure = Failure(code=APPROVAL_LOST)
    lost = replace(state, status=Status.ADMIN_CLOSED, failure=failure)
    return _end(HrChange(state=lost), Provisioning.NOT_NEEDED, now)


def refuse_start(state: HrState, code: str, now: datetime) -> HrState:
    """Return the ended state of a request that must not start. It has no fact: no trail has it."""
    failure, status = Failure(code=code), Status.ADMIN_CLOSED
    return replace(
        state,
        status=status,
        failure=failure,
        provisioning=Provisioning.NOT_NEEDED,
        ended_at=now,
    )


def next_step(state: HrState) -> HrStepName:
    """Return the step to begin now."""
    return machine.next_step(state.steps).name


def step_started(state: HrState, name: HrStepName, now: datetime) -> HrChange:
    """Register the step's compensation and record that it is running, in one fact."""
    step = replace(state.step(name), status=StepStatus.RUNNING)
    return _apply(state, _progress(state).start(step, name, f"undo {name}"), now)


def step_completed(
    state: HrState, name: HrStepName, reference: str, left: tuple[DaysLeft, ...], now: datetime
) -> HrChange:
    """Record a step's success; after the last step the request is provisioned."""
    step = HrStep(name=name, status=StepStatus.DONE, reference=reference, left=left)
    move = _progress(state).complete(step)
    change = _apply(state, move, now)
    return _end(change, Provisioning.DONE, now) if move.completes else change


def step_failed(state: HrState, name: HrStepName, failure: Failure, now: datetime) -> HrChange:
    """Record a step's failure: from here on every registered compensation is run.

    That includes the failed step's own: it may have acted although its answer was an error.
    """
    step = replace(state.step(name), status=StepStatus.FAILED, problem=failure)
    change = _apply(state, _progress(state).fail(step), now)
    turned = replace(change.state, provisioning=Provisioning.COMPENSATING, failure=failure)
    return replace(change, state=turned)


def steps_to_compensate(state: HrState) -> tuple[HrStepName, ...]:
    """Return the steps that must be undone, the latest first."""
    return state.owed[::-1]


def step_compensated(state: HrState, name: HrStepName, now: datetime) -> HrChange:
    """Record that a step was undone. A failed step keeps its status and its failure."""
    step = state.step(name)
    step = replace(step, status=machine.status_after_undo(step.status))
    return _apply(replace(state, stuck=None), _progress(state).compensate(step, name), now)


def compensation_failed(
    state: HrState, name: HrStepName, failure: Failure, now: datetime
) -> HrChange:
    """Record that a compensation used up its attempts. It stays owed and is tried again."""
    stuck = HrStuck(step=name, problem=failure, since=now)
    data = {"step": name.value, "error": failure.code}
    change = HrChange(state=replace(state, stuck=stuck))
    return _note(change, Fact.COMPENSATION_FAILED, CLOCK, now, data=data)


def compensated(state: HrState, now: datetime) -> HrChange:
    """End a request that owes no compensation any longer: approved, and not provisioned."""
    return _end(HrChange(state=state), Provisioning.FAILED, now)


def _end(change: HrChange, provisioning: Provisioning, now: datetime) -> HrChange:
    state = replace(change.state, provisioning=provisioning, stuck=None, ended_at=now)
    data = {"status": state.status.value, "provisioning": provisioning.value}
    if state.failure is not None:
        data["error"] = state.failure.code
    return _note(replace(change, state=state), Fact.HR_REQUEST_ENDED, CLOCK, now, data=data)


def _progress(state: HrState) -> machine.Progress[HrStep, HrStepName]:
    return machine.Progress(steps=state.steps, owed=state.owed)


def _apply(state: HrState, move: machine.Move[HrStep, HrStepName], now: datetime) -> HrChange:
    """Return the request after one transition of the step machine, with the transition's fact."""
    change = HrChange(state=replace(state, steps=move.steps, owed=move.owed))
    return _note(change, move.fact, CLOCK, now, data=move.data)


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
