"""The rules of an order: obey the approval's outcome, then go through the steps, or undo them.

`rules.shared.saga` has the transitions of the steps.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.rules.approvals.policy import Policy
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import (
    ENDED,
    PAYMENT_WINDOW,
    Order,
    OrderChange,
    OrderState,
    OrderStatus,
    PaymentMode,
    Step,
    StepName,
    Stuck,
    content,
)
from workflows.rules.orders.parcel import Parcel, WarehouseItems
from workflows.rules.orders.transitions import (
    apply_move,
    end,
    note,
    progress,
    turned_back,
)
from workflows.rules.people.actors import CLOCK, Actor, DirectoryResult, Standing
from workflows.rules.shared import saga as machine
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.content import content_evidence
from workflows.rules.shared.failure import Failure
from workflows.rules.shared.saga import StepStatus

COMPENSATIONS = {
    StepName.RESERVE: "release",
    StepName.PAY: "refund",
    StepName.SHIP: "recall",
}
"""The compensation of each step. Delivery needs none: a recall returns delivered parcels too."""


def receive(  # noqa: PLR0913 - an order starts with this many parts
    order: Order,
    requester: Actor,
    policy: Policy,
    now: datetime,
    *,
    needs_approval: bool,
    payment_window: timedelta | None = None,
) -> OrderChange:
    """Return a new order, which waits for an approval or is processed at once.

    `payment_window` can only shorten `PAYMENT_WINDOW`.
    """
    state = OrderState(
        order=order,
        requester=requester,
        policy=policy,
        status=OrderStatus.AWAITING_APPROVAL if needs_approval else OrderStatus.PROCESSING,
        payment_window=min(payment_window or PAYMENT_WINDOW, PAYMENT_WINDOW),
        received_at=now,
        changed_at=now,
    )
    data = {
        "total": str(order.total),
        "needs_approval": str(needs_approval).lower(),
        **content_evidence(content(order)),
    }
    return note(OrderChange(state=state), Fact.ORDER_RECEIVED, requester, now, data=data)


_OUTCOMES = {
    Status.APPROVED: OrderStatus.PROCESSING,
    Status.REJECTED: OrderStatus.REJECTED,
    Status.EXPIRED: OrderStatus.EXPIRED,
    Status.WITHDRAWN: OrderStatus.CANCELLED,
    Status.ADMIN_CLOSED: OrderStatus.CANCELLED,
}


def approval_ended(state: OrderState, approval: ApprovalSnapshot, now: datetime) -> OrderChange:
    """Apply the approval's outcome: process the order, or end it with the outcome's status.

    A cancelled order stays cancelled, even if the approval was granted or expired before it could
    be withdrawn. A rejection still counts as a rejection.
    """
    status = _OUTCOMES[approval.status]
    if state.cancelled is not None and status is not OrderStatus.REJECTED:
        status = OrderStatus.CANCELLED
    change = note(
        OrderChange(state=replace(state, approval=approval, status=status)),
        Fact.APPROVAL_ENDED,
        approval.closed_by or CLOCK,
        now,
        rule=approval.closing_rule,
        data={"outcome": approval.status},
    )
    return end(change, status, now) if status in ENDED else change


def approval_lost(state: OrderState, now: datetime) -> OrderChange:
    """End an order whose approval was terminated by an operator: fail closed."""
    if state.cancelled is not None:
        return end(OrderChange(state=state), OrderStatus.CANCELLED, now)
    failed = replace(state, failure=str(Failure(code="approval_lost")))
    return end(OrderChange(state=failed), OrderStatus.FAILED, now)


def refuse_start(state: OrderState, code: str, now: datetime) -> OrderState:
    """Return the ended state of an order that must not start. It has no fact: no trail has it."""
    failure = str(Failure(code=code))
    return replace(state, status=OrderStatus.FAILED, failure=failure, stuck=None, ended_at=now)


def next_step(state: OrderState) -> StepName:
    """Return the step to begin now, or the step that waits for a payment."""
    return machine.next_step(state.steps).name


def step_started(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Register the step's compensation and record that it is running, in one fact."""
    if name is StepName.SHIP:
        parcels = tuple(replace(parcel, owed=True) for parcel in state.parcels)
        state = replace(state, parcels=parcels)
    step = Step(name=name, status=StepStatus.RUNNING)
    move = progress(state).start(step, name, COMPENSATIONS.get(name, ""))
    change = apply_move(state, move, now)
    if name is StepName.PAY and state.order.payment is PaymentMode.AWAIT:
        return _awaiting_payment(change, now)
    return change


def _awaiting_payment(change: OrderChange, now: datetime) -> OrderChange:
    due = now + change.state.payment_window
    state = replace(change.state, status=OrderStatus.AWAITING_PAYMENT, payment_due=due)
    data = {"due": due.isoformat()}
    return note(replace(change, state=state), Fact.PAYMENT_AWAITED, CLOCK, now, data=data)


def payment_window_ended(state: OrderState, now: datetime) -> OrderChange:
    """Turn back an order that was not paid in time."""
    change = OrderChange(state=turned_back(state, OrderStatus.EXPIRED))
    return note(change, Fact.PAYMENT_WINDOW_ENDED, CLOCK, now)


def step_completed(  # noqa: PLR0913 - a step may return this much
    state: OrderState,
    name: StepName,
    reference: str,
    now: datetime,
    *,
    estimated_delivery: datetime | None = None,
    stored: Sequence[WarehouseItems] = (),
) -> OrderChange:
    """Record a step's success; after the last step the order is complete.

    `stored` lists the reserved items by warehouse: more than one warehouse means parcels.
    """
    if len(stored) > 1:
        parcels = tuple(Parcel(warehouse=part.warehouse, skus=part.skus) for part in stored)
        state = replace(state, parcels=parcels)
    if state.status is OrderStatus.AWAITING_PAYMENT:
        state = replace(state, status=OrderStatus.PROCESSING)
    if estimated_delivery is not None:
        state = replace(state, estimated_delivery=estimated_delivery)
    step = Step(name=name, status=StepStatus.DONE, reference=reference)
    move = progress(state).complete(step)
    change = apply_move(state, move, now)
    return end(change, OrderStatus.COMPLETED, now) if move.completes else change


def step_failed(state: OrderState, name: StepName, failure: Failure, now: datetime) -> OrderChange:
    """Record a step's failure: from here on every registered compensation is run.

    That includes the failed step's own: it may have acted although its answer was an error.
    """
    error = str(failure)
    step = Step(name=name, status=StepStatus.FAILED, error=error)
    change = apply_move(state, progress(state).fail(step), now)
    ending = OrderStatus.CANCELLED if state.cancelled is not None else OrderStatus.FAILED
    return replace(change, state=replace(turned_back(change.state, ending), failure=error))


def turn_back(state: OrderState) -> OrderChange:
    """Start to undo a cancelled order."""
    return OrderChange(state=turned_back(state, OrderStatus.CANCELLED))


def steps_to_compensate(state: OrderState) -> tuple[StepName, ...]:
    """Return the steps that must be undone, the latest first."""
    return state.owed[::-1]


def step_compensated(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Record that a step was undone. A step that failed or was stopped keeps its status."""
    step = state.step(name)
    step = replace(step, status=machine.status_after_undo(step.status))
    return apply_move(replace(state, stuck=None), progress(state).compensate(step, name), now)


def compensation_failed(
    state: OrderState, name: StepName, failure: Failure, now: datetime
) -> OrderChange:
    """Record that a compensation used up its attempts: the order stops and asks for help."""
    error = str(failure)
    stuck = Stuck(step=name, error=error, since=now)
    stopped = replace(state, status=OrderStatus.NEEDS_ATTENTION, stuck=stuck)
    data = {"step": name.value, "error": error}
    return note(OrderChange(state=stopped), Fact.COMPENSATION_FAILED, CLOCK, now, data=data)


def admins_read(state: OrderState, reading: DirectoryResult) -> OrderChange:
    """Store who the admins are now: only active people count."""
    admins = (member for member in reading.admins.members if member.standing is Standing.ACTIVE)
    return OrderChange(state=replace(state, admins=tuple(member.person for member in admins)))


def mail_failed(state: OrderState, problem: str) -> OrderChange:
    """Store why a mail to the customer was not sent, for the card to show."""
    return OrderChange(state=replace(state, mail_problem=problem))


def compensated(state: OrderState, now: datetime) -> OrderChange:
    """End an order that owes no compensation any longer."""
    return end(OrderChange(state=state), state.ending, now)
