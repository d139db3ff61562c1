"""Reserve, pay, ship, deliver: in order, or undone in reverse."""

import pytest

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness
from tests.workflows.history import scheduled
from workflows.options import STEP_RETRIES
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.failure import Failure, read_failure
from workflows.rules.shared.saga import StepStatus


async def test_the_steps_are_audited_in_order(harness: Harness, ports: FakePorts) -> None:
    order = await harness.start_order("900.00")

    await order.result()

    facts = ports.audit.of(order.id)
    assert [(fact.kind.value, fact.data.get("step", "")) for fact in facts] == [
        ("OrderReceived", ""),
        ("StepStarted", "reserve"),
        ("StepCompleted", "reserve"),
        ("StepStarted", "pay"),
        ("StepCompleted", "pay"),
        ("StepStarted", "ship"),
        ("StepCompleted", "ship"),
        ("StepStarted", "deliver"),
        ("StepCompleted", "deliver"),
        ("OrderEnded", ""),
    ]
    assert [fact.sequence for fact in facts] == list(range(1, 11))


async def test_a_step_and_its_compensation_have_the_same_key(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"ship"}
    order = await harness.start_order("900.00")

    await order.result()

    assert ports.steps.keys == {
        "reserve": f"{order.id}:reserve",
        "release": f"{order.id}:reserve",
        "charge": f"{order.id}:pay",
        "refund": f"{order.id}:pay",
        "ship": f"{order.id}:ship",
        "recall": f"{order.id}:ship",
    }


@pytest.mark.parametrize(
    ("declined", "done"),
    [
        ("reserve", ["release"]),
        ("charge", ["reserve", "refund", "release"]),
        ("ship", ["reserve", "charge", "recall", "refund", "release"]),
        ("deliver", ["reserve", "charge", "ship", "recall", "refund", "release"]),
    ],
)
async def test_a_failed_step_and_the_earlier_steps_are_undone_in_reverse(
    harness: Harness, ports: FakePorts, declined: str, done: list[str]
) -> None:
    ports.steps.permanent_failures = {declined}
    order = await harness.start_order("900.00")

    snapshot = await order.result()

    assert ports.steps.done == done
    assert snapshot.status is OrderStatus.FAILED
    assert snapshot.failure == f"{declined} was declined"
    assert ports.steps.tries[declined] == 1
    assert ports.audit.kinds(order.id)[-1] == "OrderEnded"


async def test_failed_and_undone_steps_are_shown(harness: Harness, ports: FakePorts) -> None:
    ports.steps.permanent_failures = {"charge"}
    order = await harness.start_order("900.00")

    snapshot = await order.result()

    assert [step.status for step in snapshot.steps] == [
        StepStatus.COMPENSATED,
        StepStatus.FAILED,
        StepStatus.WAITING,
        StepStatus.WAITING,
    ]


async def test_a_transient_failure_is_retried(harness: Harness, ports: FakePorts) -> None:
    ports.steps.transient_failures["charge"] = 2
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["charge"] == 1)

    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert ports.steps.tries["charge"] == 3


async def test_a_step_fails_after_five_attempts(harness: Harness, ports: FakePorts) -> None:
    ports.steps.transient_failures["charge"] = 99
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["charge"] == 1)

    snapshot = await harness.run_to_end(order)

    assert ports.steps.tries["charge"] == STEP_RETRIES["retry_policy"].maximum_attempts
    assert read_failure(snapshot.failure) == Failure(code="not_in_time")
    assert ports.steps.done == ["reserve", "refund", "release"]


async def test_a_compensation_is_retried_until_it_succeeds(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"charge"}
    ports.steps.transient_failures["release"] = 7
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["release"] == 1)

    snapshot = await harness.run_to_end(order)

    assert ports.steps.done == ["reserve", "refund", "release"]
    assert snapshot.status is OrderStatus.FAILED


async def test_no_step_runs_before_it_is_audited(
    harness: Harness, ports: FakePorts, quick_retries: None
) -> None:
    ports.audit.down = True
    order = await harness.start_order("900.00")

    await ports.until(lambda: ports.audit.tries >= 2)

    assert ports.steps.tries["reserve"] == 0
    assert scheduled(await harness.history(order), "reserve") == []
    ports.audit.down = False
    await harness.run_to_end(order)
    assert ports.steps.done == ["reserve", "charge", "ship", "deliver"]


async def test_a_failed_order_notifies_the_requester_once(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"ship"}
    order = await harness.start_order("900.00")

    await order.result()

    assert ports.notices.summary() == [("outcome", "UANA")]
