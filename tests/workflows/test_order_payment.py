"""A payment made elsewhere: awaited in its window, booked once, and refunded if unwanted."""

from datetime import timedelta

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import CLOSE, Harness, OrderHandle, an_order
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import PAYMENT_WINDOW, OrderStatus, PaymentMode
from workflows.rules.shared.saga import StepStatus


async def _awaiting(harness: Harness, ports: FakePorts, **settings: timedelta) -> OrderHandle:
    order = await harness.submit_order(an_order("900.00", payment=PaymentMode.AWAIT), **settings)
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))
    await harness.until_idle(order)
    return order


async def test_an_order_waits_for_its_payment_and_continues(
    harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting(harness, ports)
    waiting = await order.query(OrderWorkflow.status)

    await harness.pay(order, "900.00")
    snapshot = await harness.run_to_end(order)

    assert waiting == "awaiting_payment"
    assert snapshot.status is OrderStatus.COMPLETED
    assert ports.steps.done == ["reserve", "receive", "ship", "deliver"]
    assert ports.steps.references["receive"] == "evt-1"
    assert snapshot.steps[1].reference == "receive-evt-1"


async def test_an_unpaid_order_expires_and_releases_its_stock(
    harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting(harness, ports)

    await harness.fast_forward(order, PAYMENT_WINDOW - timedelta(minutes=1))
    waiting = await order.query(OrderWorkflow.status)
    await harness.fast_forward(order, timedelta(minutes=1) + CLOSE)
    snapshot = await order.result()

    assert waiting == "awaiting_payment"
    assert snapshot.status is OrderStatus.EXPIRED
    assert snapshot.steps[1].status is StepStatus.STOPPED
    assert ports.steps.done == ["reserve", "refund", "release"]
    assert "PaymentWindowEnded" in ports.audit.kinds(order.id)


async def test_an_order_may_shorten_but_not_lengthen_its_payment_window(
    harness: Harness, ports: FakePorts
) -> None:
    short = await _awaiting(harness, ports, payment_window=timedelta(seconds=10))
    long = await _awaiting(harness, ports, payment_window=timedelta(days=9))

    snapshots = [await order.query(OrderWorkflow.details) for order in (short, long)]

    began = [ports.audit.fact(order.id, "PaymentAwaited").at for order in (short, long)]
    windows = [
        snapshot.payment_due - at
        for snapshot, at in zip(snapshots, began, strict=True)
        if snapshot.payment_due
    ]
    assert windows == [timedelta(seconds=10), PAYMENT_WINDOW]
    assert (await harness.run_to_end(short)).status is OrderStatus.EXPIRED


async def test_an_early_payment_is_kept(harness: Harness, ports: FakePorts) -> None:
    ports.steps.held = {"reserve"}
    order = await harness.submit_order(an_order("900.00", payment=PaymentMode.AWAIT))
    await ports.until(lambda: ports.steps.tries["reserve"] == 1)

    await harness.pay(order, "900.00")
    ports.steps.unblock("reserve")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert ports.steps.done == ["reserve", "receive", "ship", "deliver"]


async def test_the_same_event_twice_is_one_payment(harness: Harness, ports: FakePorts) -> None:
    order = await _awaiting(harness, ports)
    ports.steps.held = {"receive"}

    for _ in range(3):
        await harness.pay(order, "900.00")
    await harness.pay(order, "900.00", "evt-2")
    await ports.until(lambda: ports.steps.tries["receive"] == 1)
    ports.steps.unblock("receive")
    await harness.run_to_end(order)

    assert ports.audit.kinds(order.id).count("PaymentConfirmed") == 1
    assert ports.audit.fact(order.id, "PaymentUnmatched").rule == "paid_already"
    assert ports.steps.tries["receive"] == 1


async def test_a_wrong_amount_is_recorded_and_not_booked(
    harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting(harness, ports)

    await harness.pay(order, "899.99")
    await ports.until(lambda: "PaymentUnmatched" in ports.audit.kinds(order.id))
    waiting = await order.query(OrderWorkflow.status)
    await harness.pay(order, "900.00", "evt-2")
    snapshot = await harness.run_to_end(order)

    assert waiting == "awaiting_payment"
    assert ports.audit.fact(order.id, "PaymentUnmatched").rule == "other_amount"
    assert snapshot.status is OrderStatus.COMPLETED


async def test_a_cancelled_order_books_its_payment_before_the_refund(
    harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting(harness, ports)
    ports.steps.held = {"receive"}
    await harness.pay(order, "900.00")
    await ports.until(lambda: ports.steps.tries["receive"] == 1)

    await harness.cancel(order)
    ports.steps.unblock("receive")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.CANCELLED
    assert ports.steps.done == ["reserve", "receive", "refund", "release"]
    assert ports.steps.references["refund"] == "evt-1"
    assert ports.steps.keys["receive"] == ports.steps.keys["refund"] == f"{order.id}:pay"


async def test_an_order_that_charges_a_card_does_not_accept_a_payment(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"charge"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["charge"] == 1)

    await harness.pay(order, "900.00")
    ports.steps.unblock("charge")
    await harness.run_to_end(order)

    assert ports.audit.fact(order.id, "PaymentUnmatched").rule == "not_awaited"
    assert ports.steps.tries["receive"] == 0
