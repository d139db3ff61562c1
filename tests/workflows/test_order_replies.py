"""Notices in the thread of an order's card: each once, only if useful, without delaying the order."""

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, an_order
from workflows.rules.orders.order import OrderStatus, PaymentMode

THREAD = ""


def replies(ports: FakePorts) -> list[str]:
    """Return the kinds of the notices in the thread, in order."""
    return [kind for kind, to in ports.notices.summary() if to == THREAD]


async def test_an_external_payment_and_the_delivery_are_posted_in_the_thread(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"deliver"}
    order = await harness.submit_order(an_order("1500.00", payment=PaymentMode.AWAIT))
    await ports.until(lambda: "OrderReceived" in ports.audit.kinds(order.id))
    await harness.until_idle(harness.approval_of(order))
    await harness.decide(harness.approval_of(order), "UBORIS")
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))
    await harness.pay(order, "1500.00")
    await harness.pay(order, "1500.00")  # the gateway repeats its confirmation

    await ports.until(lambda: "order_shipped" in replies(ports))
    ports.steps.unblock("deliver")
    await harness.run_to_end(order)

    assert replies(ports) == ["order_paid", "order_shipped", "order_delivered"]


async def test_immediate_effects_of_the_approval_are_not_posted_in_the_thread(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    await harness.run_to_end(order)

    kinds = replies(ports)
    assert kinds[-1] == "order_delivered"
    assert "order_paid" not in kinds


async def test_a_cancellation_is_posted_in_the_thread_once(
    harness: Harness, ports: FakePorts
) -> None:
    order, _ = await harness.order_awaiting_approval()

    await harness.cancel(order, reason="Ordered twice.")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.CANCELLED
    assert replies(ports) == ["order_cancelled"]


async def test_a_request_for_help_is_posted_in_the_thread(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"ship", "refund"}
    _, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    await ports.until(lambda: "attention" in replies(ports))

    assert replies(ports) == ["attention"]


async def test_an_order_without_a_card_has_no_thread(harness: Harness, ports: FakePorts) -> None:
    order = await harness.start_order("900.00")

    await harness.run_to_end(order)

    assert replies(ports) == []


async def test_a_card_that_cannot_be_posted_does_not_keep_an_order_from_ending(
    harness: Harness, ports: FakePorts, short_finish: None
) -> None:
    ports.cards.problem = "slack.is_archived"
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert replies(ports) == []
