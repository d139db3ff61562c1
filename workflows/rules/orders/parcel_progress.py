"""An order in parcels: each goes its own way; what one of them does moves the order's steps."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.orders.order import Order, OrderChange, OrderState, OrderStatus, StepName
from workflows.rules.orders.parcel import Parcel, ParcelNews, ParcelStatus
from workflows.rules.orders.saga import step_completed, step_failed, step_started
from workflows.rules.orders.transitions import note
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.saga import StepStatus

_ON_THE_WAY = (ParcelStatus.WAITING, ParcelStatus.SHIPPED)


def part_of(order: Order, parcel: Parcel) -> Order:
    """Return the order with nothing but the lines that go into this parcel."""
    lines = tuple(line for line in order.lines if line.sku in parcel.skus)
    return replace(order, lines=lines)


def parcel_moved(state: OrderState, news: ParcelNews, now: datetime) -> OrderChange:
    """Take what a shipment tells. What is known already changes nothing: safe to repeat.

    With the last parcel handed over the order is shipped, with the last one delivered complete.
    """
    change = OrderChange(state=state)
    parcel = next((one for one in state.parcels if one.warehouse == news.warehouse), None)
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
    """Turn back where a parcel has failed, once none is on its way any more."""
    error = next((one.error for one in state.parcels if one.status is ParcelStatus.FAILED), "")
    if not error:
        return OrderChange(state=state)
    running = (step.name for step in state.steps if step.status is StepStatus.RUNNING)
    return step_failed(state, next(running), recorded_failure(error), now)


def parcel_to_recall(state: OrderState) -> Parcel | None:
    """Return the next parcel that must be called back, or None where none is owed any more."""
    return next((one for one in state.parcels if one.owed), None)


def parcel_recalled(state: OrderState, warehouse: str, now: datetime) -> OrderChange:
    """Note that a parcel was called back. One that failed keeps saying that, and why."""
    parcel = next(one for one in state.parcels if one.warehouse == warehouse)
    if parcel.status is not ParcelStatus.FAILED:
        parcel = replace(parcel, status=ParcelStatus.RECALLED)
    recalled = replace(parcel, owed=False)
    return _moved(
        OrderChange(state=replace(state, stuck=None)), recalled, Fact.PARCEL_RECALLED, now
    )


def _shipped(change: OrderChange, news: ParcelNews, now: datetime) -> OrderChange:
    """Take the latest of the expected deliveries; go on to delivering with the last parcel."""
    state = change.state
    expected = [at for at in (state.estimated_delivery, news.estimated_delivery) if at is not None]
    state = replace(state, estimated_delivery=max(expected, default=None))
    change = replace(change, state=state)
    if not all(one.tracking for one in state.parcels):
        return change
    references = ", ".join(one.tracking for one in state.parcels)
    change = _then(change, step_completed(state, StepName.SHIP, references, now))
    return _then(change, step_started(change.state, StepName.DELIVER, now))


def _delivered(change: OrderChange, now: datetime) -> OrderChange:
    state = change.state
    if not all(one.delivery for one in state.parcels):
        return change
    references = ", ".join(one.delivery for one in state.parcels)
    settled = tuple(replace(one, owed=False) for one in state.parcels)
    state = replace(state, parcels=settled)
    return _then(change, step_completed(state, StepName.DELIVER, references, now))


def _moved(change: OrderChange, parcel: Parcel, kind: Fact, now: datetime) -> OrderChange:
    """Return the order with the parcel as it is now, and the fact that says so."""
    parcels = tuple(
        parcel if one.warehouse == parcel.warehouse else one for one in change.state.parcels
    )
    told = {
        "warehouse": parcel.warehouse,
        "reference": parcel.delivery or parcel.tracking,
        "error": parcel.error,
    }
    state = replace(change.state, parcels=parcels)
    return note(replace(change, state=state), kind, CLOCK, now, data=told)


def _then(before: OrderChange, after: OrderChange) -> OrderChange:
    return replace(after, facts=(*before.facts, *after.facts))
