"""An order from two warehouses: its parcels are shipped, fail and are recalled independently."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Replayer

from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_steps import ARRIVAL
from tests.workflows.harness import (
    ANA,
    Harness,
    OrderHandle,
    an_order,
    refused,
    run_harness,
    usd,
)
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.registry import WORKFLOWS, sandbox
from workflows.rules.orders.order import Order, OrderLine, OrderStatus
from workflows.rules.orders.parcel import ParcelNews, ParcelStatus, Stored
from workflows.rules.shared.ids import shipment_id
from workflows.rules.shared.saga import StepStatus
from workflows.shipment import PARCEL_MOVED, ShipmentWorkflow

NORTH, SOUTH = "NORTH", "SOUTH"
BOTH = (Stored(warehouse=NORTH, skus=("DESK-1",)), Stored(warehouse=SOUTH, skus=("LAMP-1",)))
LAMP = OrderLine(sku="LAMP-1", quantity=2, unit_price=usd("50.00"))


def two_warehouse_order(**parts: Any) -> Order:
    """Return an order with a line from each warehouse."""
    return an_order("800.00", and_lines=(LAMP,), **parts)


@pytest.fixture(autouse=True)
def _two_warehouses(ports: FakePorts) -> None:
    ports.steps.stored = BOTH


async def start(harness: Harness) -> OrderHandle:
    return await harness.submit_order(two_warehouse_order())


def shipment(harness: Harness, order: OrderHandle, warehouse: str) -> WorkflowHandle[Any, Any]:
    return harness.client.get_workflow_handle_for(
        ShipmentWorkflow.run, shipment_id(order.id, warehouse)
    )


async def replay(harness: Harness, order: OrderHandle) -> None:
    """Replay the order and its shipments, as a new worker does."""
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=sandbox()
    )
    for handle in (order, shipment(harness, order, NORTH), shipment(harness, order, SOUTH)):
        await replayer.replay_workflow(await handle.fetch_history())


async def test_each_warehouse_sends_its_lines_and_the_last_parcel_completes_the_order(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.arrivals["@SOUTH"] = ARRIVAL + timedelta(days=3)
    order = await start(harness)

    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert ports.steps.done[:2] == ["reserve", "charge"]
    assert sorted(ports.steps.done[2:]) == [
        *("deliver@NORTH", "deliver@SOUTH", "ship@NORTH", "ship@SOUTH"),
    ]
    assert ports.steps.keys["ship@NORTH"] == f"{order.id}:ship:NORTH"
    assert ports.steps.lines["ship@NORTH"] == ["DESK-1"]
    assert ports.steps.lines["ship@SOUTH"] == ["LAMP-1"]
    assert [
        (parcel.status, parcel.tracking, parcel.delivery, parcel.owed)
        for parcel in snapshot.parcels
    ] == [
        (ParcelStatus.DELIVERED, "ship-1@NORTH", "deliver-1@NORTH", False),
        (ParcelStatus.DELIVERED, "ship-1@SOUTH", "deliver-1@SOUTH", False),
    ]
    assert [step.reference for step in snapshot.steps[2:]] == [
        "ship-1@NORTH, ship-1@SOUTH",
        "deliver-1@NORTH, deliver-1@SOUTH",
    ]
    assert snapshot.estimated_delivery == ARRIVAL + timedelta(days=3)
    await replay(harness, order)


async def test_parcels_are_independent_and_shown_with_their_own_status(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"ship@SOUTH", "deliver@NORTH"}
    order = await start(harness)
    await ports.until(lambda: "ParcelShipped" in ports.audit.kinds(order.id))
    await ports.until(
        lambda: ports.steps.tries["deliver@NORTH"] and ports.steps.tries["ship@SOUTH"]
    )

    before = await order.query(OrderWorkflow.details)
    ports.steps.unblock("deliver@NORTH")
    await ports.until(lambda: "ParcelDelivered" in ports.audit.kinds(order.id))
    between = await order.query(OrderWorkflow.details)
    ports.steps.unblock("ship@SOUTH")
    snapshot = await harness.run_to_end(order)

    assert [parcel.status for parcel in before.parcels] == [
        ParcelStatus.SHIPPED,
        ParcelStatus.WAITING,
    ]
    assert [step.status for step in before.steps[2:]] == [StepStatus.RUNNING, StepStatus.WAITING]
    assert [parcel.status for parcel in between.parcels] == [
        ParcelStatus.DELIVERED,
        ParcelStatus.WAITING,
    ]
    assert snapshot.status is OrderStatus.COMPLETED
    await replay(harness, order)


async def test_an_order_from_one_warehouse_has_no_parcels_and_no_child(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.stored = BOTH[:1]
    order = await start(harness)

    snapshot = await harness.run_to_end(order)

    assert snapshot.parcels == ()
    assert ports.steps.done == ["reserve", "charge", "ship", "deliver"]


FAILURES = {
    "ship@SOUTH": ("deliver@NORTH", [StepStatus.FAILED, StepStatus.WAITING]),
    "deliver@SOUTH": ("deliver@NORTH", [StepStatus.COMPENSATED, StepStatus.FAILED]),
}


@pytest.mark.parametrize("declined", FAILURES)
async def test_a_failed_parcel_recalls_itself_and_the_others_are_recalled_once(
    harness: Harness, ports: FakePorts, declined: str
) -> None:
    last, shown = FAILURES[declined]
    ports.steps.permanent_failures = {declined}
    order = await start(harness)

    snapshot = await harness.run_to_end(order)

    undone = ports.steps.done[-3:]
    assert snapshot.status is OrderStatus.FAILED
    assert snapshot.failure == f"{declined} was declined"
    assert undone == ["recall@NORTH", "refund", "release"]
    assert last in ports.steps.done[:-3], "the sound parcel goes on to its end"
    assert ports.steps.done.count("recall@SOUTH") == ports.steps.done.count("recall@NORTH") == 1
    assert [parcel.status for parcel in snapshot.parcels] == [
        ParcelStatus.RECALLED,
        ParcelStatus.FAILED,
    ]
    assert [step.status for step in snapshot.steps[2:]] == shown
    await replay(harness, order)


async def test_a_failed_recall_makes_the_order_ask_for_help(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"ship@SOUTH", "recall@SOUTH"}
    order = await start(harness)
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(order.id))
    stuck = await order.query(OrderWorkflow.details)

    ports.steps.permanent_failures = {"recall@SOUTH"}
    await harness.resume(order)
    await ports.until(lambda: ports.audit.kinds(order.id).count("CompensationFailed") == 2)
    ports.steps.permanent_failures = set()
    await harness.resume(order)
    snapshot = await harness.run_to_end(order)

    assert stuck.status is OrderStatus.NEEDS_ATTENTION
    assert snapshot.status is OrderStatus.FAILED
    assert [ports.steps.done.count(f"recall@{warehouse}") for warehouse in (NORTH, SOUTH)] == [1, 1]
    assert ports.steps.done[-2:] == ["refund", "release"]
    await replay(harness, order)


async def test_a_terminated_shipment_is_recalled_with_the_others(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"ship@SOUTH"}
    order = await start(harness)
    await ports.until(lambda: ports.steps.tries["ship@SOUTH"])
    await ports.until(lambda: "ParcelDelivered" in ports.audit.kinds(order.id))

    await shipment(harness, order, SOUTH).terminate("an operator's mistake")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.FAILED
    assert ports.steps.done[-4:] == ["recall@NORTH", "recall@SOUTH", "refund", "release"]
    ports.steps.unblock("ship@SOUTH")


async def test_an_order_cannot_be_cancelled_after_its_first_parcel_has_started(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"ship@NORTH", "ship@SOUTH"}
    order = await start(harness)
    await ports.until(lambda: ports.steps.tries["ship@NORTH"])

    refusal = await refused(harness.cancel(order, ANA))

    assert refusal.type == "rejected.already_shipped"
    for warehouse in (NORTH, SOUTH):
        ports.steps.unblock(f"ship@{warehouse}")
    assert (await harness.run_to_end(order)).status is OrderStatus.COMPLETED


async def test_outdated_or_unknown_parcel_news_change_nothing(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"deliver@NORTH", "deliver@SOUTH"}
    order = await start(harness)
    await ports.until(lambda: ports.audit.kinds(order.id).count("ParcelShipped") == 2)

    for news in (
        ParcelNews(warehouse=NORTH, tracking="other"),
        ParcelNews(warehouse="EAST", tracking="other", delivery="other"),
    ):
        await order.signal(PARCEL_MOVED, news)
    for warehouse in (NORTH, SOUTH):
        ports.steps.unblock(f"deliver@{warehouse}")
    snapshot = await harness.run_to_end(order)

    assert [parcel.tracking for parcel in snapshot.parcels] == ["ship-1@NORTH", "ship-1@SOUTH"]
    assert ports.audit.kinds(order.id).count("ParcelShipped") == 2


@pytest.mark.parametrize("declined", ["", "deliver@SOUTH"])
async def test_parcels_survive_a_worker_without_a_cache(
    harness: Harness, ports: FakePorts, declined: str
) -> None:
    """A worker without a cache replays order and shipments at each workflow task."""
    ports.steps.permanent_failures = {declined}
    async with run_harness(harness.env, ports, max_cached_workflows=0) as uncached:
        order = await start(uncached)
        await ports.until(lambda: "OrderEnded" in ports.audit.kinds(order.id))

        snapshot = await uncached.run_to_end(order)

    done = Counter(ports.steps.done)
    assert set(done.values()) == {1}
    assert snapshot.status is (OrderStatus.FAILED if declined else OrderStatus.COMPLETED)
    assert {"recall@NORTH", "recall@SOUTH"} & set(done) == (
        {"recall@NORTH", "recall@SOUTH"} if declined else set()
    )
