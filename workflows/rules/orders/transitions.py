"""Building blocks of the order's rules: change a step, add a fact, start compensation, end."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.orders.order import OrderChange, OrderState, OrderStatus, Step, StepName
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.saga import Move, Progress, StepStatus


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


def progress(state: OrderState) -> Progress[Step, StepName]:
    """Return the order's steps and owed compensations, as the step machine takes them."""
    return Progress(steps=state.steps, owed=state.owed)


def apply_move(state: OrderState, move: Move[Step, StepName], now: datetime) -> OrderChange:
    """Return the order after one transition of the step machine, with the transition's fact."""
    change = OrderChange(state=replace(state, steps=move.steps, owed=move.owed))
    return note(change, move.fact, CLOCK, now, data=move.data)


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
