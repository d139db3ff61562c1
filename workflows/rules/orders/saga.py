"""The order's saga: its steps in order, each with its compensation registered first, or all undone."""

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
    StepStatus,
    Stuck,
)
from workflows.rules.orders.parcel import Parcel, Stored
from workflows.rules.orders.transitions import end, note, note_step, turned_back
from workflows.rules.people.actors import CLOCK, Actor, DirectoryResult, Standing
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.failure import Failure

COMPENSATIONS = {
    StepName.RESERVE: "release",
    StepName.PAY: "refund",
    StepName.SHIP: "recall",
}
"""What undoes each step. Delivery has none of its own: a recall takes back what was delivered too."""


def receive(  # noqa: PLR0913 - an order begins with this many parts
    order: Order,
    requester: Actor,
    policy: Policy,
    now: datetime,
    *,
    needs_approval: bool,
    payment_window: timedelta | None = None,
) -> OrderChange:
    """Begin an order; it waits for an approval, or goes straight on.

    `payment_window` is a wish: it can only shorten `PAYMENT_WINDOW`.
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
    data = {"total": str(order.total), "needs_approval": str(needs_approval).lower()}
    return note(OrderChange(state=state), Fact.ORDER_RECEIVED, requester, now, data=data)


_OUTCOMES = {
    Status.APPROVED: OrderStatus.PROCESSING,
    Status.REJECTED: OrderStatus.REJECTED,
    Status.EXPIRED: OrderStatus.EXPIRED,
    Status.WITHDRAWN: OrderStatus.CANCELLED,
    Status.ADMIN_CLOSED: OrderStatus.CANCELLED,
}


def approval_ended(state: OrderState, approval: ApprovalSnapshot, now: datetime) -> OrderChange:
    """Take the approval's outcome: go on, or end as it says.

    A yes that came before the withdrawal of a cancelled order does not bring it back, and where
    time ran out before it, the order is cancelled all the same: somebody wanted that. A no stands.
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


def next_step(state: OrderState) -> StepName:
    """Return the step that is to be begun now, or that waits for a payment."""
    open_ = (StepStatus.WAITING, StepStatus.RUNNING)
    return next(step.name for step in state.steps if step.status in open_)


def step_started(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Register the step's compensation, then note that it is under way, in one fact."""
    if compensation := COMPENSATIONS.get(name, ""):
        state = replace(state, owed=(*state.owed, name))
    if name is StepName.SHIP:
        state = replace(state, parcels=tuple(replace(one, owed=True) for one in state.parcels))
    step = Step(name=name, status=StepStatus.RUNNING)
    change = note_step(state, step, Fact.STEP_STARTED, now, compensation=compensation)
    if name is StepName.PAY and state.order.payment is PaymentMode.AWAIT:
        return _awaiting_payment(change, now)
    return change


def _awaiting_payment(change: OrderChange, now: datetime) -> OrderChange:
    due = now + change.state.payment_window
    state = replace(change.state, status=OrderStatus.AWAITING_PAYMENT, payment_due=due)
    data = {"due": due.isoformat()}
    return note(replace(change, state=state), Fact.PAYMENT_AWAITED, CLOCK, now, data=data)


def payment_window_ended(state: OrderState, now: datetime) -> OrderChange:
    """Turn back an order that nobody has paid in time."""
    change = OrderChange(state=turned_back(state, OrderStatus.EXPIRED))
    return note(change, Fact.PAYMENT_WINDOW_ENDED, CLOCK, now)


def step_completed(  # noqa: PLR0913 - a step may bring this much
    state: OrderState,
    name: StepName,
    reference: str,
    now: datetime,
    *,
    estimated_delivery: datetime | None = None,
    stored: Sequence[Stored] = (),
) -> OrderChange:
    """Note a step's success; after the last one the order is complete.

    `stored` says where the reserved pieces lie: from more than one warehouse they go in parcels.
    """
    if len(stored) > 1:
        parcels = tuple(Parcel(warehouse=one.warehouse, skus=one.skus) for one in stored)
        state = replace(state, parcels=parcels)
    if state.status is OrderStatus.AWAITING_PAYMENT:
        state = replace(state, status=OrderStatus.PROCESSING)
    if estimated_delivery is not None:
        state = replace(state, estimated_delivery=estimated_delivery)
    step = Step(name=name, status=StepStatus.DONE, reference=reference)
    change = note_step(state, step, Fact.STEP_COMPLETED, now)
    done = all(step.status is StepStatus.DONE for step in change.state.steps)
    if not done:
        return change
    owing_nothing = replace(change, state=replace(change.state, owed=()))
    return end(owing_nothing, OrderStatus.COMPLETED, now)


def step_failed(state: OrderState, name: StepName, error: str, now: datetime) -> OrderChange:
    """Note a step's failure: from here on what is owed is undone.

    The failed step itself owes its compensation too: its activity may have acted although its
    answer was an error.
    """
    step = Step(name=name, status=StepStatus.FAILED, error=error)
    change = note_step(state, step, Fact.STEP_FAILED, now)
    ending = OrderStatus.CANCELLED if state.cancelled is not None else OrderStatus.FAILED
    return replace(change, state=replace(turned_back(change.state, ending), failure=error))


def turn_back(state: OrderState) -> OrderChange:
    """Begin to undo a cancelled order."""
    return OrderChange(state=turned_back(state, OrderStatus.CANCELLED))


def steps_to_compensate(state: OrderState) -> tuple[StepName, ...]:
    """Return what must be undone, the latest first."""
    return state.owed[::-1]


def step_compensated(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Note that a step was undone. One that failed or was stopped keeps saying that, and why."""
    step = state.step(name)
    if step.status is StepStatus.DONE:
        step = replace(step, status=StepStatus.COMPENSATED)
    owed = tuple(one for one in state.owed if one is not name)
    return note_step(replace(state, owed=owed, stuck=None), step, Fact.STEP_COMPENSATED, now)


def compensation_failed(
    state: OrderState, name: StepName, error: str, now: datetime
) -> OrderChange:
    """Note that an undo could not be done in its tries: the order stays as it is and asks for help."""
    stuck = Stuck(step=name, error=error, since=now)
    stopped = replace(state, status=OrderStatus.NEEDS_ATTENTION, stuck=stuck)
    data = {"step": name.value, "error": error}
    return note(OrderChange(state=stopped), Fact.COMPENSATION_FAILED, CLOCK, now, data=data)


def admins_read(state: OrderState, reading: DirectoryResult) -> OrderChange:
    """Take up who the admins are now: only active people count."""
    people = tuple(one.person for one in reading.admins.members if one.standing is Standing.ACTIVE)
    return OrderChange(state=replace(state, admins=people))


def mail_failed(state: OrderState, problem: str) -> OrderChange:
    """Have the card say that the customer did not get a mail, and why."""
    return OrderChange(state=replace(state, mail_problem=problem))


def compensated(state: OrderState, now: datetime) -> OrderChange:
    """End an order of which nothing is owed any more."""
    return end(OrderChange(state=state), state.ending, now)
