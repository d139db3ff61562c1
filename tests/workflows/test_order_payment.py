"""A payment that is made elsewhere: waited for in its window, booked once, given back where unwanted."""

from datetime import timedelta

from tests.workflows.fakes import World
from tests.workflows.office import CLOSE, Office, OrderHandle, an_order
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import PAYMENT_WINDOW, OrderStatus, PaymentMode
from workflows.rules.shared.saga import StepStatus


async def _awaiting(office: Office, world: World, **wishes: timedelta) -> OrderHandle:
    order = await office.ask(an_order("900.00", payment=PaymentMode.AWAIT), **wishes)
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))
    await office.until_idle(order)
    return order


async def test_an_order_waits_for_its_payment_and_goes_on_with_it(
    office: Office, world: World
) -> None:
    order = await _awaiting(office, world)
    waiting = await order.query(OrderWorkflow.status)

    await office.pay(order, "900.00")
    snapshot = await office.end(order)

    assert waiting == "awaiting_payment"
    assert snapshot.status is OrderStatus.COMPLETED
    assert world.steps.done == ["reserve", "receive", "ship", "deliver"]
    assert world.steps.references["receive"] == "evt-1"
    assert snapshot.steps[1].reference == "receive-evt-1"


async def test_an_order_that_nobody_pays_expires_and_its_stock_goes_back(
    office: Office, world: World
) -> None:
    order = await _awaiting(office, world)

    await office.pass_time(order, PAYMENT_WINDOW - timedelta(minutes=1))
    waiting = await order.query(OrderWorkflow.status)
    await office.pass_time(order, timedelta(minutes=1) + CLOSE)
    snapshot = await order.result()

    assert waiting == "awaiting_payment"
    assert snapshot.status is OrderStatus.EXPIRED
    assert snapshot.steps[1].status is StepStatus.STOPPED
    assert world.steps.done == ["reserve", "refund", "release"]
    assert "PaymentWindowEnded" in world.audit.kinds(order.id)


async def test_an_order_may_shorten_its_window_and_not_lengthen_it(
    office: Office, world: World
) -> None:
    short = await _awaiting(office, world, payment_window=timedelta(seconds=10))
    long = await _awaiting(office, world, payment_window=timedelta(days=9))

    snapshots = [await one.query(OrderWorkflow.details) for one in (short, long)]

    began = [world.audit.fact(one.id, "PaymentAwaited").at for one in (short, long)]
    windows = [
        snapshot.payment_due - at
        for snapshot, at in zip(snapshots, began, strict=True)
        if snapshot.payment_due
    ]
    assert windows == [timedelta(seconds=10), PAYMENT_WINDOW]
    assert (await office.end(short)).status is OrderStatus.EXPIRED


async def test_a_payment_that_comes_early_is_kept(office: Office, world: World) -> None:
    world.steps.held = {"reserve"}
    order = await office.ask(an_order("900.00", payment=PaymentMode.AWAIT))
    await world.until(lambda: world.steps.tries["reserve"] == 1)

    await office.pay(order, "900.00")
    world.steps.let("reserve")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert world.steps.done == ["reserve", "receive", "ship", "deliver"]


async def test_the_same_event_twice_is_one_payment(office: Office, world: World) -> None:
    order = await _awaiting(office, world)
    world.steps.held = {"receive"}

    for _ in range(3):
        await office.pay(order, "900.00")
    await office.pay(order, "900.00", "evt-2")
    await world.until(lambda: world.steps.tries["receive"] == 1)
    world.steps.let("receive")
    await office.end(order)

    assert world.audit.kinds(order.id).count("PaymentConfirmed") == 1
    assert world.audit.fact(order.id, "PaymentUnmatched").rule == "paid_already"
    assert world.steps.tries["receive"] == 1


async def test_another_amount_is_a_fact_and_no_payment(office: Office, world: World) -> None:
    order = await _awaiting(office, world)

    await office.pay(order, "899.99")
    await world.until(lambda: "PaymentUnmatched" in world.audit.kinds(order.id))
    waiting = await order.query(OrderWorkflow.status)
    await office.pay(order, "900.00", "evt-2")
    snapshot = await office.end(order)

    assert waiting == "awaiting_payment"
    assert world.audit.fact(order.id, "PaymentUnmatched").rule == "other_amount"
    assert snapshot.status is OrderStatus.COMPLETED


async def test_money_that_came_is_booked_before_a_cancelled_order_gives_it_back(
    office: Office, world: World
) -> None:
    order = await _awaiting(office, world)
    world.steps.held = {"receive"}
    await office.pay(order, "900.00")
    await world.until(lambda: world.steps.tries["receive"] == 1)

    await office.cancel(order)
    world.steps.let("receive")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.CANCELLED
    assert world.steps.done == ["reserve", "receive", "refund", "release"]
    assert world.steps.references["refund"] == "evt-1"
    assert world.steps.keys["receive"] == world.steps.keys["refund"] == f"{order.id}:pay"


async def test_a_payment_for_an_order_that_charges_is_not_taken(
    office: Office, world: World
) -> None:
    world.steps.held = {"charge"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["charge"] == 1)

    await office.pay(order, "900.00")
    world.steps.let("charge")
    await office.end(order)

    assert world.audit.fact(order.id, "PaymentUnmatched").rule == "not_awaited"
    assert world.steps.tries["receive"] == 0
