"""The order: what a customer may ask for, what it costs, and the steps it goes through."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Literal

from workflows.rules.audit import AuditEvent, Fact
from workflows.rules.content import Content, ContentField
from workflows.rules.face import ApprovalFace
from workflows.rules.money import Money
from workflows.rules.people import CLOCK, Actor
from workflows.rules.policy import Policy
from workflows.rules.request import Status


class OrderStatus(StrEnum):
    """Where an order stands. "Approved" and "done" are different words."""

    AWAITING_APPROVAL = "awaiting_approval"
    PROCESSING = "processing"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED = frozenset(
    {
        OrderStatus.COMPLETED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.CANCELLED,
        OrderStatus.FAILED,
    }
)


class StepName(StrEnum):
    """The saga's steps, in order."""

    RESERVE = "reserve"
    PAY = "pay"
    SHIP = "ship"


class StepStatus(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    COMPENSATED = "compensated"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """So many of one product at a price each."""

    sku: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        """What the line costs."""
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a customer asks for. `card_expiry` is the payment card's MM/YY."""

    order_id: str
    customer: str
    lines: tuple[OrderLine, ...]
    card_expiry: str
    note: str = ""

    @property
    def total(self) -> Money:
        """The sum of the lines: always computed, never taken from anybody's word."""
        return reduce(Money.__add__, (line.total for line in self.lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the saga. `reference` is the reservation, transaction or tracking id."""

    name: StepName
    status: StepStatus = StepStatus.WAITING
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderState:
    """Everything an order is: what was asked, how the approval stands, how far the steps are."""

    order: Order
    requester: Actor
    policy: Policy
    status: OrderStatus = OrderStatus.PROCESSING
    approval: ApprovalFace | None = None
    steps: tuple[Step, ...] = tuple(Step(name=name) for name in StepName)
    failure: str = ""
    sequence: int = 0
    received_at: datetime
    ended_at: datetime | None = None

    def step(self, name: StepName) -> Step:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name is name)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChange:
    """What one step of the rules did: the new state and the facts to write down."""

    state: OrderState
    facts: tuple[AuditEvent, ...] = ()


def content(order: Order) -> Content:
    """Return what approvers read of an order."""
    lines = tuple(
        ContentField(label=line.sku, value=f"{line.quantity} x {line.unit_price} = {line.total}")
        for line in order.lines
    )
    return Content(
        title=f"{order.order_id} for {order.customer}",
        text=order.note,
        fields=lines,
        amount=order.total,
    )


def receive(
    order: Order, requester: Actor, policy: Policy, now: datetime, *, needs_approval: bool
) -> OrderChange:
    """Begin an order; it waits for an approval, or goes straight on."""
    status = OrderStatus.AWAITING_APPROVAL if needs_approval else OrderStatus.PROCESSING
    state = OrderState(
        order=order, requester=requester, policy=policy, status=status, received_at=now
    )
    data = {"total": str(order.total), "needs_approval": str(needs_approval).lower()}
    return _note(OrderChange(state=state), Fact.ORDER_RECEIVED, requester, now, data=data)


def approval_ended(state: OrderState, approval: ApprovalFace, now: datetime) -> OrderChange:
    """Take the approval's outcome: go on, or end as it says."""
    outcomes = {
        Status.APPROVED: OrderStatus.PROCESSING,
        Status.REJECTED: OrderStatus.REJECTED,
        Status.EXPIRED: OrderStatus.EXPIRED,
        Status.WITHDRAWN: OrderStatus.CANCELLED,
        Status.ADMIN_CLOSED: OrderStatus.CANCELLED,
    }
    status = outcomes[approval.status]
    by = approval.closed_by or CLOCK
    change = _note(
        OrderChange(state=replace(state, approval=approval, status=status)),
        Fact.APPROVAL_ENDED,
        by,
        now,
        rule=approval.closing_rule,
        data={"outcome": approval.status},
    )
    return _end(change, status, now) if status in ENDED else change


def approval_lost(state: OrderState, now: datetime) -> OrderChange:
    """End an order whose approval was terminated by an operator: fail closed."""
    failed = replace(state, failure="the approval was terminated by an operator")
    return _end(OrderChange(state=failed), OrderStatus.FAILED, now)


def step_started(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Note that a step is under way."""
    return _step(state, Step(name=name, status=StepStatus.RUNNING), Fact.STEP_STARTED, now)


def step_completed(state: OrderState, name: StepName, reference: str, now: datetime) -> OrderChange:
    """Note a step's success; after the last one the order is complete."""
    step = Step(name=name, status=StepStatus.DONE, reference=reference)
    change = _step(state, step, Fact.STEP_COMPLETED, now)
    done = all(step.status is StepStatus.DONE for step in change.state.steps)
    return _end(change, OrderStatus.COMPLETED, now) if done else change


def step_failed(state: OrderState, name: StepName, error: str, now: datetime) -> OrderChange:
    """Note a step's failure: from here on the earlier steps are undone."""
    change = _step(
        state, Step(name=name, status=StepStatus.FAILED, error=error), Fact.STEP_FAILED, now
    )
    compensating = replace(change.state, status=OrderStatus.COMPENSATING, failure=error)
    return replace(change, state=compensating)


def steps_to_compensate(state: OrderState) -> tuple[StepName, ...]:
    """Return what must be undone, the latest first.

    The failed step itself counts: its activity may have acted although its answer was an error.
    """
    acted = (StepStatus.DONE, StepStatus.FAILED)
    return tuple(step.name for step in reversed(state.steps) if step.status in acted)


def step_compensated(state: OrderState, name: StepName, now: datetime) -> OrderChange:
    """Note that a step was undone. The failed step keeps saying that and why it failed."""
    step = state.step(name)
    if step.status is not StepStatus.FAILED:
        step = replace(step, status=StepStatus.COMPENSATED)
    return _step(state, step, Fact.STEP_COMPENSATED, now)


def compensated(state: OrderState, now: datetime) -> OrderChange:
    """End an order whose steps have all been undone."""
    return _end(OrderChange(state=state), OrderStatus.FAILED, now)


def _step(state: OrderState, step: Step, kind: Fact, now: datetime) -> OrderChange:
    steps = tuple(step if step.name is old.name else old for old in state.steps)
    data = {"step": step.name.value, "reference": step.reference, "error": step.error}
    change = OrderChange(state=replace(state, steps=steps))
    return _note(change, kind, CLOCK, now, data=data)


def _end(change: OrderChange, status: OrderStatus, now: datetime) -> OrderChange:
    state = replace(change.state, status=status, ended_at=now)
    return _note(
        replace(change, state=state), Fact.ORDER_ENDED, CLOCK, now, data={"status": status.value}
    )


def _note(  # noqa: PLR0913 - a fact has this many parts
    change: OrderChange,
    kind: Fact,
    actor: Actor,
    now: datetime,
    *,
    rule: str = "",
    data: dict[str, str],
) -> OrderChange:
    sequence = change.state.sequence + 1
    event = AuditEvent(
        request_id=change.state.order.order_id,
        sequence=sequence,
        kind=kind,
        at=now,
        actor=actor,
        rule=rule,
        data=data,
    )
    return OrderChange(state=replace(change.state, sequence=sequence), facts=(*change.facts, event))


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFace:
    """An order as people see it, at one `card_version`."""

    kind: Literal["order"] = "order"
    order: Order
    requester: Actor
    title: str
    channel: str
    language: str
    status: OrderStatus
    approval: ApprovalFace | None
    steps: tuple[Step, ...]
    failure: str
    card_version: int
    received_at: datetime
    ended_at: datetime | None

    @property
    def approval_id(self) -> str:
        """The request id of this order's approval, whether or not it needed one."""
        return approval_id(self.order.order_id)


Face = ApprovalFace | OrderFace
"""What a card can show."""


def approval_id(order_id: str) -> str:
    """Return the request id (and so the workflow id) of an order's approval."""
    return f"{order_id}.approval"


def order_face(state: OrderState, card_version: int) -> OrderFace:
    """Return what everybody may see of `state`."""
    return OrderFace(
        order=state.order,
        requester=state.requester,
        title=state.policy.title,
        channel=state.policy.channel,
        language=state.policy.language,
        status=state.status,
        approval=state.approval,
        steps=state.steps,
        failure=state.failure,
        card_version=card_version,
        received_at=state.received_at,
        ended_at=state.ended_at,
    )
