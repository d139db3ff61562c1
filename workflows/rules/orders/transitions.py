"""Building blocks of the order's rules: change a step, add a fact, start compensation, end."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.orders.order import (
    OrderChange,
    OrderState,
    OrderStatus,
    Step,
    StepStatus,
)
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared.audit import AuditEvent, Fact


def note(  # noqa: PLR0913 - a fact has this many parts
    change: OrderChange,
    kind: Fact,
    actor: Actor,
    now: datetime,
    *,
    rule: str = "",
    reason: str = "",
    data: dict[str, str] | None = None,
) -> OrderChange:
    """Return `change` with one more fact."""
    sequence = change.state.sequence + 1
    event = AuditEvent(
        request_id=change.state.order.order_id,
        sequence=sequence,
        kind=kind,
        at=now,
        actor=actor,
        rule=rule,
        reason=reason,
        data=data or {},
    )
    return OrderChange(
        state=replace(change.state, sequence=sequence, changed_at=now), facts=(*change.facts, event)
    )


def with_step(state: OrderState, step: Step) -> OrderState:
    """Return `state` with the step of the same name replaced."""
    steps = tuple(step if step.name is old.name else old for old in state.steps)
    return replace(state, steps=steps)


def note_step(state: OrderState, step: Step, kind: Fact, now: datetime, **data: str) -> OrderChange:
    """Return the order with the new step and the fact about it."""
    step_data = {"step": step.name.value, "reference": step.reference, "error": step.error}
    return note(OrderChange(state=with_step(state, step)), kind, CLOCK, now, data=step_data | data)


def turned_back(state: OrderState, ending: OrderStatus) -> OrderState:
    """Return the order as it starts to compensate the owed steps; it will end as `ending`."""
    steps = tuple(
        replace(step, status=StepStatus.STOPPED) if step.status is StepStatus.RUNNING else step
        for step in state.steps
    )
    return replace(state, steps=steps, status=OrderStatus.COMPENSATING, ending=ending)


def end(change: OrderChange, status: OrderStatus, now: datetime) -> OrderChange:
    """Return `change` with the order ended."""
    state = replace(change.state, status=status, stuck=None, ended_at=now)
    return note(
        replace(change, state=state), Fact.ORDER_ENDED, CLOCK, now, data={"status": status.value}
    )
