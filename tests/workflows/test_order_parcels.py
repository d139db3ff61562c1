"""An order from two warehouses: parcels that go in parallel, and fail each by itself."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.worker import Replayer

from tests.workflows.fake_steps import ARRIVAL
from tests.workflows.fakes import World
from tests.workflows.office import (
    ANA,
    Office,
    OrderHandle,
    an_order,
    office_of,
    refused,
    usd,
)
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.registry import WORKFLOWS, sandbox
from workflows.rules.orders.order import Order, OrderLine, OrderStatus
from workflows.rules.orders.parcel import ParcelNews, ParcelStatus, Stored, shipment_id
from workflows.rules.shared.saga import StepStatus
from workflows.shipment import PARCEL_MOVED, ShipmentWorkflow

NORTH, SOUTH = "NORTH", "SOUTH"
BOTH = (Stored(warehouse=NORTH, skus=("DESK-1",)), Stored(warehouse=SOUTH, skus=("LAMP-1",)))
LAMP = OrderLine(sku="LAMP-1", quantity=2, unit_price=usd("50.00"))


def from_both(**parts: Any) -> Order:
    """Return an order with a line from each warehouse."""
    return an_order("800.00", and_lines=(LAMP,), **parts)


@pytest.fixture(autouse=True)
def _two_warehouses(world: World) -> None:
    world.steps.stored = BOTH


async def begin(office: Office) -> OrderHandle:
    return await office.ask(from_both())


def shipment(office: Office, order: OrderHandle, warehouse: str) -> WorkflowHandle[Any, Any]:
    return office.client.get_workflow_handle_for(
        ShipmentWorkflow.run, shipment_id(order.id, warehouse)
    )


async def replayed(office: Office, order: OrderHandle) -> None:
    """Replay the order and its shipments, as a worker that takes over does."""
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=sandbox()
    )
    for handle in (order, shipment(office, order, NORTH), shipment(office, order, SOUTH)):
        await replayer.replay_workflow(await handle.fetch_history())


async def test_each_warehouse_sends_its_lines_and_the_order_is_complete_with_the_last(
    office: Office, world: World
) -> None:
    world.steps.arrivals["@SOUTH"] = ARRIVAL + timedelta(days=3)
    order = await begin(office)

    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert world.steps.done[:2] == ["reserve", "charge"]
    assert sorted(world.steps.done[2:]) == [
        *("deliver@NORTH", "deliver@SOUTH", "ship@NORTH", "ship@SOUTH"),
    ]
    assert world.steps.keys["ship@NORTH"] == f"{order.id}:ship:NORTH"
    assert world.steps.lines["ship@NORTH"] == ["DESK-1"]
    assert world.steps.lines["ship@SOUTH"] == ["LAMP-1"]
    assert [(one.status, one.tracking, one.delivery, one.owed) for one in snapshot.parcels] == [
        (ParcelStatus.DELIVERED, "ship-1@NORTH", "deliver-1@NORTH", False),
        (ParcelStatus.DELIVERED, "ship-1@SOUTH", "deliver-1@SOUTH", False),
    ]
    assert [step.reference for step in snapshot.steps[2:]] == [
        "ship-1@NORTH, ship-1@SOUTH",
        "deliver-1@NORTH, deliver-1@SOUTH",
    ]
    assert snapshot.estimated_delivery == ARRIVAL + timedelta(days=3)
    await replayed(office, order)


async def test_parcels_wait_for_each_other_nowhere_and_each_is_shown_where_it_is(
    office: Office, world: World
) -> None:
    world.steps.held = {"ship@SOUTH", "deliver@NORTH"}
    order = await begin(office)
    await world.until(lambda: "ParcelShipped" in world.audit.kinds(order.id))
    await world.until(
        lambda: world.steps.tries["deliver@NORTH"] and world.steps.tries["ship@SOUTH"]
    )

    before = await order.query(OrderWorkflow.details)
    world.steps.let("deliver@NORTH")
    await world.until(lambda: "ParcelDelivered" in world.audit.kinds(order.id))
    between = await order.query(OrderWorkflow.details)
    world.steps.let("ship@SOUTH")
    snapshot = await office.end(order)

    assert [one.status for one in before.parcels] == [ParcelStatus.SHIPPED, ParcelStatus.WAITING]
    assert [step.status for step in before.steps[2:]] == [StepStatus.RUNNING, StepStatus.WAITING]
    assert [one.status for one in between.parcels] == [ParcelStatus.DELIVERED, ParcelStatus.WAITING]
    assert snapshot.status is OrderStatus.COMPLETED
    await replayed(office, order)


async def test_an_order_from_one_warehouse_has_no_parcels_and_no_child(
    office: Office, world: World
) -> None:
    world.steps.stored = BOTH[:1]
    order = await begin(office)

    snapshot = await office.end(order)

    assert snapshot.parcels == ()
    assert world.steps.done == ["reserve", "charge", "ship", "deliver"]


FAILURES = {
    "ship@SOUTH": ("deliver@NORTH", [StepStatus.FAILED, StepStatus.WAITING]),
    "deliver@SOUTH": ("deliver@NORTH", [StepStatus.COMPENSATED, StepStatus.FAILED]),
}


@pytest.mark.parametrize("declined", FAILURES)
async def test_a_parcel_that_fails_undoes_itself_and_the_others_are_called_back_each_once(
    office: Office, world: World, declined: str
) -> None:
    last, shown = FAILURES[declined]
    world.steps.declines = {declined}
    order = await begin(office)

    snapshot = await office.end(order)

    undone = world.steps.done[-3:]
    assert snapshot.status is OrderStatus.FAILED
    assert snapshot.failure == f"{declined} was declined"
    assert undone == ["recall@NORTH", "refund", "release"]
    assert last in world.steps.done[:-3], "the sound parcel goes on to its end"
    assert world.steps.done.count("recall@SOUTH") == world.steps.done.count("recall@NORTH") == 1
    assert [one.status for one in snapshot.parcels] == [ParcelStatus.RECALLED, ParcelStatus.FAILED]
    assert [step.status for step in snapshot.steps[2:]] == shown
    await replayed(office, order)


async def test_a_parcel_that_nobody_can_call_back_makes_the_order_ask_for_help(
    office: Office, world: World
) -> None:
    world.steps.declines = {"ship@SOUTH", "recall@SOUTH"}
    order = await begin(office)
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(order.id))
    stuck = await order.query(OrderWorkflow.details)

    world.steps.declines = {"recall@SOUTH"}
    await office.resume(order)
    await world.until(lambda: world.audit.kinds(order.id).count("CompensationFailed") == 2)
    world.steps.declines = set()
    await office.resume(order)
    snapshot = await office.end(order)

    assert stuck.status is OrderStatus.NEEDS_ATTENTION
    assert snapshot.status is OrderStatus.FAILED
    assert [world.steps.done.count(f"recall@{one}") for one in (NORTH, SOUTH)] == [1, 1]
    assert world.steps.done[-2:] == ["refund", "release"]
    await replayed(office, order)


async def test_a_shipment_that_an_operator_terminates_is_called_back_with_the_others(
    office: Office, world: World
) -> None:
    world.steps.held = {"ship@SOUTH"}
    order = await begin(office)
    await world.until(lambda: world.steps.tries["ship@SOUTH"])
    await world.until(lambda: "ParcelDelivered" in world.audit.kinds(order.id))

    await shipment(office, order, SOUTH).terminate("an operator's mistake")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.FAILED
    assert world.steps.done[-4:] == ["recall@NORTH", "recall@SOUTH", "refund", "release"]
    world.steps.let("ship@SOUTH")


async def test_an_order_whose_first_parcel_has_begun_is_not_cancelled(
    office: Office, world: World
) -> None:
    world.steps.held = {"ship@NORTH", "ship@SOUTH"}
    order = await begin(office)
    await world.until(lambda: world.steps.tries["ship@NORTH"])

    refusal = await refused(office.cancel(order, ANA))

    assert refusal.type == "rejected.already_shipped"
    for one in (NORTH, SOUTH):
        world.steps.let(f"ship@{one}")
    assert (await office.end(order)).status is OrderStatus.COMPLETED


async def test_news_of_a_parcel_that_are_none_change_nothing(office: Office, world: World) -> None:
    world.steps.held = {"deliver@NORTH", "deliver@SOUTH"}
    order = await begin(office)
    await world.until(lambda: world.audit.kinds(order.id).count("ParcelShipped") == 2)

    for news in (
        ParcelNews(warehouse=NORTH, tracking="other"),
        ParcelNews(warehouse="EAST", tracking="other", delivery="other"),
    ):
        await order.signal(PARCEL_MOVED, news)
    for one in (NORTH, SOUTH):
        world.steps.let(f"deliver@{one}")
    snapshot = await office.end(order)

    assert [one.tracking for one in snapshot.parcels] == ["ship-1@NORTH", "ship-1@SOUTH"]
    assert world.audit.kinds(order.id).count("ParcelShipped") == 2


@pytest.mark.parametrize("declined", ["", "deliver@SOUTH"])
async def test_with_a_worker_that_dies_after_every_task_parcels_go_the_same_way(
    office: Office, world: World, declined: str
) -> None:
    """A worker that keeps nothing replays order and shipments from their histories at each task."""
    world.steps.declines = {declined}
    async with office_of(office.env, world, keeps=0) as forgetful:
        order = await begin(forgetful)
        await world.until(lambda: "OrderEnded" in world.audit.kinds(order.id))

        snapshot = await forgetful.end(order)

    done = Counter(world.steps.done)
    assert set(done.values()) == {1}
    assert snapshot.status is (OrderStatus.FAILED if declined else OrderStatus.COMPLETED)
    assert {"recall@NORTH", "recall@SOUTH"} & set(done) == (
        {"recall@NORTH", "recall@SOUTH"} if declined else set()
    )
