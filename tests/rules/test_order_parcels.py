"""Parcels: in every sequence of reports, all arrive or all are recalled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import ANA, BORIS, NOON, actor, kinds, level, policy, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.orders import parcel_progress as parcels
from workflows.rules.orders import saga
from workflows.rules.orders.order import (
    Order,
    OrderChange,
    OrderLine,
    OrderState,
    OrderStatus,
    StepName,
)
from workflows.rules.orders.parcel import Parcel, ParcelNews, ParcelStatus, Stored
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.ids import parcel_key, shipment_id
from workflows.rules.shared.saga import StepStatus

PLACES = ("EAST", "NORTH", "SOUTH")
DONE = {
    StepName.RESERVE: (
        "RES-1",
        tuple(Stored(warehouse=place, skus=(f"SKU-{place}",)) for place in PLACES),
    ),
    StepName.PAY: ("TXN-1", ()),
}


def order() -> Order:
    lines = (
        OrderLine(sku=f"SKU-{place}", quantity=1, unit_price=usd("10.00"))
        for place in (*PLACES, "NORTH")
    )
    return Order(order_id="ORD-1", customer="Ada", lines=tuple(lines), card_expiry="12/30")


def reserved() -> OrderState:
    """Return a paid order whose products are in three warehouses."""
    begun = saga.receive(order(), actor(ANA), policy(level(BORIS)), NOON, needs_approval=False)
    state = begun.state
    for name, (reference, stored) in DONE.items():
        state = saga.step_started(state, name, NOON).state
        state = saga.step_completed(state, name, reference, NOON, stored=stored).state
    return state


def shipping() -> OrderState:
    return saga.step_started(reserved(), StepName.SHIP, NOON).state


def parcel(state: OrderState, warehouse: str) -> Parcel:
    return next(parcel for parcel in state.parcels if parcel.warehouse == warehouse)


def news(warehouse: str, **known: str) -> ParcelNews:
    return ParcelNews(warehouse=warehouse, **known)  # type: ignore[arg-type]


def test_a_recall_is_registered_for_each_parcel_before_any_is_sent() -> None:
    assert [parcel.owed for parcel in reserved().parcels] == [False] * 3
    assert [parcel.owed for parcel in shipping().parcels] == [True] * 3
    assert shipping().owed[-1] is StepName.SHIP


def test_the_parcels_share_all_lines_of_the_order() -> None:
    parts = [parcels.part_of(order(), parcel) for parcel in shipping().parcels]

    assert [[line.sku for line in part.lines] for part in parts] == [
        ["SKU-EAST"],
        ["SKU-NORTH", "SKU-NORTH"],
        ["SKU-SOUTH"],
    ]
    assert {part.order_id for part in parts} == {"ORD-1"}


def test_an_order_from_one_warehouse_has_no_parcels() -> None:
    begun = saga.receive(order(), actor(ANA), policy(level(BORIS)), NOON, needs_approval=False)
    state = saga.step_started(begun.state, StepName.RESERVE, NOON).state
    one_place = (Stored(warehouse="NORTH", skus=("SKU-NORTH",)),)

    for stored in ((), one_place):
        done = saga.step_completed(state, StepName.RESERVE, "RES-1", NOON, stored=stored)
        assert done.state.parcels == ()


def test_keys_and_ids_name_the_warehouse() -> None:
    assert parcel_key("ORD-1", "NORTH") == "ORD-1:ship:NORTH"
    assert shipment_id("ORD-1", "NORTH") == "ORD-1.shipment.NORTH"


def test_an_order_ships_with_its_last_parcel_and_keeps_the_latest_estimated_delivery() -> None:
    change, late = OrderChange(state=shipping()), NOON + timedelta(days=9)
    for place in PLACES:
        at = late if place == "NORTH" else NOON
        reports = ParcelNews(warehouse=place, tracking=f"TRK-{place}", estimated_delivery=at)
        change = parcels.parcel_moved(change.state, reports, NOON)
    state = change.state

    assert kinds(change.facts) == ["ParcelShipped", "StepCompleted", "StepStarted"]
    assert state.step(StepName.SHIP).reference == "TRK-EAST, TRK-NORTH, TRK-SOUTH"
    assert state.step(StepName.DELIVER).status is StepStatus.RUNNING
    assert state.estimated_delivery == late


WRONG = {
    "another order's": news("WEST", tracking="TRK-1"),
    "reports again": news("NORTH", tracking="TRK-other"),
    "nothing": news("EAST"),
}


@pytest.mark.parametrize("report", WRONG.values(), ids=WRONG)
def test_repeated_reports_change_nothing(report: ParcelNews) -> None:
    state = parcels.parcel_moved(shipping(), news("NORTH", tracking="TRK-1"), NOON).state

    assert parcels.parcel_moved(state, report, NOON).state == state


def test_reports_before_shipping_or_during_compensation_are_ignored() -> None:
    report = news("NORTH", tracking="TRK-1")
    compensating = saga.step_failed(
        shipping(), StepName.SHIP, recorded_failure("broken"), NOON
    ).state

    for state in (reserved(), compensating):
        assert parcels.parcel_moved(state, report, NOON).state == state


@dataclass(frozen=True, kw_only=True)
class ParcelCourse:
    """How far a parcel gets, and whether its shipment recalls it after a failure."""

    ships: bool
    arrives: bool
    recalled: bool

    def reports_of(self, warehouse: str) -> Iterator[ParcelNews]:
        """Return the reports about it: perhaps one on the way, and one at the end."""
        known = news(warehouse, tracking=f"TRK-{warehouse}") if self.ships else news(warehouse)
        if self.ships:
            yield known
        if self.ships and self.arrives:
            yield replace(known, delivery=f"DLV-{warehouse}")
        else:
            yield replace(known, error=f"{warehouse} is broken", recalled=self.recalled)


@st.composite
def report_sequences(draw: st.DrawFn) -> list[ParcelNews]:
    """Draw the reports of three parcels in any order, with repetitions."""
    courses = st.builds(
        ParcelCourse, ships=st.booleans(), arrives=st.booleans(), recalled=st.booleans()
    )
    pending = [list(draw(courses).reports_of(place)) for place in PLACES]
    reports = []
    while pending:
        own_reports = draw(st.sampled_from(pending))
        reports += [own_reports.pop(0)] * draw(st.integers(1, 2))
        pending = [reports_left for reports_left in pending if reports_left]
    return reports


@QUICK_PROPERTY
@given(report_sequences())
def test_all_parcels_arrive_or_all_are_recalled_once(reports: list[ParcelNews]) -> None:
    now, state, facts = NOON, shipping(), list[AuditEvent]()
    first = state.sequence

    def take(change: OrderChange) -> OrderState:
        facts.extend(change.facts)
        return change.state

    for report in reports:
        now += timedelta(minutes=1)
        state = take(parcels.parcel_moved(state, report, now))
    state = take(parcels.parcels_ended(state, now))
    state = _undone(state, take, now)

    broken = {report.warehouse for report in reports if report.error}
    recalled = {report.warehouse for report in reports if report.recalled}
    recalls = [fact.data["warehouse"] for fact in facts if fact.kind == "ParcelRecalled"]
    assert state.owed == ()
    assert not any(parcel.owed for parcel in state.parcels)
    assert StepStatus.RUNNING not in {step.status for step in state.steps}
    assert [fact.sequence for fact in facts] == list(range(first + 1, first + 1 + len(facts)))
    if not broken:
        assert state.status is OrderStatus.COMPLETED
        assert {parcel.status for parcel in state.parcels} == {ParcelStatus.DELIVERED}
        assert recalls == []
        return
    assert state.status is OrderStatus.FAILED
    assert state.failure == f"{min(broken)} is broken"
    assert sorted(recalls) == sorted(set(PLACES) - recalled)
    for place in PLACES:
        expected = ParcelStatus.FAILED if place in broken else ParcelStatus.RECALLED
        assert parcel(state, place).status is expected


def _undone(
    state: OrderState, take: Callable[[OrderChange], OrderState], now: datetime
) -> OrderState:
    """Run the owed compensations, as the workflow does."""
    while state.status is OrderStatus.COMPENSATING:
        owed = saga.steps_to_compensate(state)
        if not owed:
            return take(saga.compensated(state, now))
        due = parcels.parcel_to_recall(state) if owed[0] is StepName.SHIP else None
        if due is not None:
            state = take(parcels.parcel_recalled(state, due.warehouse, now))
        else:
            state = take(saga.step_compensated(state, owed[0], now))
    return state
