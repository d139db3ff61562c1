"""The rules of an order in parcels: independent parcels, which together move the order's steps."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.orders.order import Order, OrderChange, OrderState, OrderStatus, StepName
from workflows.rules.orders.parcel import Parcel, ParcelStatus, ParcelUpdate
from workflows.rules.orders.saga import step_completed, step_failed, step_started
from workflows.rules.orders.transitions import note
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.saga import StepStatus

_ON_THE_WAY = (ParcelStatus.WAITING, ParcelStatus.SHIPPED)


def part_of(order: Order, parcel: Parcel) -> Order:
    """Return the order with only the lines of this parcel."""
    lines = tuple(line for line in order.lines if line.sku in parcel.skus)
    return replace(order, lines=lines)


def parcel_moved(state: OrderState, news: ParcelUpdate, now: datetime) -> OrderChange:
    """Apply the progress of a shipment. Safe to repeat: known progress changes nothing.

    The order is shipped when its last parcel is, and complete when the last parcel is delivered.
    """
    change = OrderChange(state=state)
    parcel = next((known for known in state.parcels if known.warehouse == news.warehouse), None)
    if parcel is None or not parcel.owed or state.status is not OrderStatus.PROCESSING:
        return change
    if news.tracking and parcel.status is ParcelStatus.WAITING:
        parcel = replace(parcel, status=ParcelStatus.SHIPPED, tracking=news.tracking)
        change = _shipped(_moved(change, parcel, Fact.PARCEL_SHIPPED, now), news, now)
    if news.delivery and parcel.status is ParcelStatus.SHIPPED:
        parcel = replace(parcel, status=ParcelStatus.DELIVERED, delivery=news.delivery)
        change = _delivered(_moved(change, parcel, Fact.PARCEL_DELIVERED, now), now)
    if news.error and parcel.status in _ON_THE_WAY:
        failed = replace(
            parcel, status=ParcelStatus.FAILED, error=news.error, owed=not news.recalled
        )
        change = _moved(change, failed, Fact.PARCEL_FAILED, now)
    return change


def parcels_ended(state: OrderState, now: datetime) -> OrderChange:
    """Turn back if a parcel has failed. Called when no parcel is on its way any longer."""
    error = next(
        (parcel.error for parcel in state.parcels if parcel.status is ParcelStatus.FAILED), ""
    )
    if not error:
        return OrderChange(state=state)
    running = (step.name for step in state.steps if step.status is StepStatus.RUNNING)
    return step_failed(state, next(running), recorded_failure(error), now)


def parcel_to_recall(state: OrderState) -> Parcel | None:
    """Return the next parcel that must be recalled; None if there is none."""
    return next((parcel for parcel in state.parcels if parcel.owed), None)


def parcel_recalled(state: OrderState, warehouse: str, now: datetime) -> OrderChange:
    """Record that a parcel was recalled. A failed parcel keeps its status and its error."""
    parcel = next(known for known in state.parcels if known.warehouse == warehouse)
    if parcel.status is not ParcelStatus.FAILED:
        parcel = replace(parcel, status=ParcelStatus.RECALLED)
    recalled = replace(parcel, owed=False)
    return _moved(
        OrderChange(state=replace(state, stuck=None)), recalled, Fact.PARCEL_RECALLED, now
    )


def _shipped(change: OrderChange, news: ParcelUpdate, now: datetime) -> OrderChange:
    """Store the latest expected delivery; start the delivery step after the last shipment."""
    state = change.state
    expected = [at for at in (state.estimated_delivery, news.estimated_delivery) if at is not None]
    state = replace(state, estimated_delivery=max(expected, default=None))
    change = replace(change, state=state)
    if not all(parcel.tracking for parcel in state.parcels):
        return change
    references = ", ".join(parcel.tracking for parcel in state.parcels)
    change = _with_facts_of(change, step_completed(state, StepName.SHIP, references, now))
    return _with_facts_of(change, step_started(change.state, StepName.DELIVER, now))


def _delivered(change: OrderChange, now: datetime) -> OrderChange:
    state = change.state
    if not all(parcel.delivery for parcel in state.parcels):
        return change
    references = ", ".join(parcel.delivery for parcel in state.parcels)
    settled = tuple(replace(parcel, owed=False) for parcel in state.parcels)
    state = replace(state, parcels=settled)
    return _with_facts_of(change, step_completed(state, StepName.DELIVER, references, now))


def _moved(change: OrderChange, parcel: Parcel, kind: Fact, now: datetime) -> OrderChange:
    """Return the order with the parcel's new state, and the fact that records it."""
    parcels = tuple(
        parcel if old.warehouse == parcel.warehouse else old for old in change.state.parcels
    )
    data = {
        "warehouse": parcel.warehouse,
        "reference": parcel.delivery or parcel.tracking,
        "error": parcel.error,
    }
    state = replace(change.state, parcels=parcels)
    return note(replace(change, state=state), kind, CLOCK, now, data=data)


def _with_facts_of(before: OrderChange, after: OrderChange) -> OrderChange:
    """Return the later change with the facts of both."""
    return replace(after, facts=(*before.facts, *after.facts))
