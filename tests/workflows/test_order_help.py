"""A failed compensation: the order asks for help once, and continues when it is resumed."""

from tests.time_skipping import ANY
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, Harness, OrderHandle, refused
from workflows.options import COMPENSATION_RETRIES
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import OrderStatus, StepName
from workflows.rules.people.actors import Actor, Origin

ATTEMPTS = COMPENSATION_RETRIES["retry_policy"].maximum_attempts
GUS = Actor(person="UGUS", origin=Origin.SLACK)
BORIS = Actor(person="UBORIS", origin=Origin.SLACK)


async def _stuck(harness: Harness, ports: FakePorts) -> OrderHandle:
    """Return an order whose refund fails permanently."""
    ports.steps.permanent_failures = {"ship", "refund"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(order.id))
    await harness.until_idle(order)
    return order


async def test_a_refused_compensation_asks_the_admins_for_help_once(
    harness: Harness, ports: FakePorts
) -> None:
    order = await _stuck(harness, ports)

    snapshot = await order.query(OrderWorkflow.details)

    assert snapshot.status is OrderStatus.NEEDS_ATTENTION
    assert snapshot.stuck is not None
    assert (snapshot.stuck.step, snapshot.stuck.error) == (StepName.PAY, "refund was declined")
    assert ports.notices.summary() == [("attention", "#approvals-admin")]
    assert ports.steps.done == ["reserve", "charge", "recall"]


async def test_a_resumed_order_is_undone_to_the_end(harness: Harness, ports: FakePorts) -> None:
    order = await _stuck(harness, ports)
    ports.steps.permanent_failures = {"ship"}

    snapshot = await harness.resume(order)
    ended = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPENSATING
    assert ended.status is OrderStatus.FAILED
    assert ended.stuck is None
    assert ports.steps.done == ["reserve", "charge", "recall", "refund", "release"]
    assert ports.audit.fact(order.id, "CompensationResumed").actor == ANA


async def test_a_second_failure_asks_for_help_again(harness: Harness, ports: FakePorts) -> None:
    order = await _stuck(harness, ports)

    await harness.resume(order)
    await ports.until(lambda: ports.audit.kinds(order.id).count("CompensationFailed") == 2)
    await ports.until(lambda: len(ports.notices.sent) == 2)

    assert await order.query(OrderWorkflow.status) == "needs_attention"
    ports.steps.permanent_failures = {"ship"}
    await harness.resume(order)
    await harness.run_to_end(order)


async def test_a_compensation_that_uses_up_its_attempts_asks_for_help(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"charge"}
    ports.steps.transient_failures["release"] = ATTEMPTS
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["release"] == 1)

    while ports.steps.tries["release"] < ATTEMPTS:
        tried = ports.steps.tries["release"]
        await harness.fast_forward(
            order, COMPENSATION_RETRIES["start_to_close_timeout"] * 4, timers=ANY
        )
        await ports.until(lambda tried=tried: ports.steps.tries["release"] > tried)  # type: ignore[misc]
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(order.id))
    await harness.resume(order)
    ended = await harness.run_to_end(order)

    assert ended.status is OrderStatus.FAILED
    assert ports.steps.tries["release"] == ATTEMPTS + 1


async def test_only_an_admin_or_an_operator_may_resume(harness: Harness, ports: FakePorts) -> None:
    order = await _stuck(harness, ports)

    refusal = await refused(harness.resume(order, BORIS))
    ports.steps.permanent_failures = set()
    await harness.resume(order, GUS)
    ended = await harness.run_to_end(order)

    assert refusal.type == "rejected.not_an_admin"
    assert ended.status is OrderStatus.FAILED


async def test_an_order_that_is_not_stuck_cannot_be_resumed(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"reserve"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["reserve"] == 1)

    refusal = await refused(harness.resume(order))
    ports.steps.unblock("reserve")
    await harness.run_to_end(order)

    assert refusal.type == "rejected.nothing_to_resume"
    assert refusal.details[0] == {"status": "processing"}
