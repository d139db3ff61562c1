"""Cancelling an order before it ships: who may, when, and what is undone."""

import pytest

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import ANA, Harness, an_order, refused
from tests.workflows.history import scheduled
from workflows.order import OrderWorkflow
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.orders.order import OrderStatus, PaymentMode
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.saga import StepStatus

BORIS = Actor(person="UBORIS", origin=Origin.SLACK)
OPERATOR = Actor(person="UGUS", origin=Origin.CLI, operator="gus@host")
TOKEN = Actor(person="", origin=Origin.API, operator="shop")
ANA_IN_SLACK = Actor(person="UANA", origin=Origin.SLACK)


@pytest.mark.parametrize(
    ("held", "done"),
    [("reserve", ["reserve", "release"]), ("charge", ["reserve", "charge", "refund", "release"])],
)
async def test_a_cancelled_order_finishes_the_running_step_and_undoes_everything(
    harness: Harness, ports: FakePorts, held: str, done: list[str]
) -> None:
    ports.steps.held = {held}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries[held] == 1)

    snapshot = await harness.cancel(order, reason="changed my mind")
    ports.steps.unblock(held)
    ended = await harness.run_to_end(order)

    assert snapshot.cancelled is not None
    assert (snapshot.cancelled.actor, snapshot.cancelled.reason) == (ANA, "changed my mind")
    assert not snapshot.is_cancellable
    assert ended.status is OrderStatus.CANCELLED
    assert ports.steps.done == done
    assert ports.audit.fact(order.id, "OrderCancelled").reason == "changed my mind"


async def test_a_failed_step_of_a_cancelled_order_still_cancels_the_order(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held, ports.steps.permanent_failures = {"charge"}, {"charge"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["charge"] == 1)

    await harness.cancel(order)
    ports.steps.unblock("charge")
    ended = await harness.run_to_end(order)

    assert ended.status is OrderStatus.CANCELLED
    assert ports.steps.done == ["reserve", "refund", "release"]


@pytest.mark.parametrize("held", ["ship", "deliver"])
async def test_a_shipped_order_cannot_be_cancelled(
    harness: Harness, ports: FakePorts, held: str
) -> None:
    ports.steps.held = {held}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries[held] == 1)

    refusal = await refused(harness.cancel(order))
    ports.steps.unblock(held)
    ended = await harness.run_to_end(order)

    assert refusal.type == "rejected.already_shipped"
    assert ended.status is OrderStatus.COMPLETED


async def test_an_operator_may_cancel_and_a_stranger_may_not(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"reserve"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["reserve"] == 1)

    refusal = await refused(harness.cancel(order, BORIS))
    await harness.cancel(order, OPERATOR)
    again = await refused(harness.cancel(order))
    ports.steps.unblock("reserve")
    await harness.run_to_end(order)

    assert refusal.type == "rejected.not_your_order"
    assert (again.type, again.details[0]) == ("rejected.already_cancelled", {"person": "UGUS"})


async def test_the_same_click_cancels_once(harness: Harness, ports: FakePorts) -> None:
    ports.steps.held = {"reserve"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["reserve"] == 1)

    first = await harness.cancel(order, ANA_IN_SLACK, click="one")
    again = await harness.cancel(order, ANA_IN_SLACK, click="one")
    ports.steps.unblock("reserve")
    await harness.run_to_end(order)

    assert again == first
    assert ports.audit.kinds(order.id).count("OrderCancelled") == 1


@pytest.mark.parametrize(
    ("actor", "operator"), [(ANA, ""), (OPERATOR, "gus@host"), (TOKEN, "shop"), (BORIS, "")]
)
async def test_cancelling_an_order_withdraws_its_approval(
    harness: Harness, ports: FakePorts, actor: Actor, operator: str
) -> None:
    order, approval = await harness.order_awaiting_approval()
    if actor is BORIS:
        assert (await refused(harness.cancel(order, actor))).type == "rejected.not_your_order"
        actor = ANA

    await harness.cancel(order, actor, reason="too late now")
    outcome = await approval.result()
    ended = await harness.run_to_end(order)

    assert outcome.face.status is Status.WITHDRAWN
    assert outcome.face.closing_reason == "too late now"
    assert outcome.face.closed_by == Actor(person="UANA", origin=Origin.WORKFLOW, operator=operator)
    assert ended.status is OrderStatus.CANCELLED
    assert ports.steps.tries == {}
    assert ports.audit.kinds(order.id) == [
        "OrderReceived",
        "OrderCancelled",
        "ApprovalEnded",
        "OrderEnded",
    ]


async def test_an_earlier_approval_does_not_revive_a_cancelled_order(
    harness: Harness, ports: FakePorts
) -> None:
    """The approval's append blocks, so that it is approved before its order knows."""
    order, approval = await harness.order_awaiting_approval()
    ports.audit.held = True
    await harness.decide(approval, "UBORIS")

    await harness.cancel(order)
    ports.audit.unblock()
    ended = await harness.run_to_end(order)

    assert ended.approval is not None
    assert ended.approval.status is Status.APPROVED
    assert ended.status is OrderStatus.CANCELLED
    assert ports.steps.tries == {}


async def test_an_earlier_rejection_of_a_cancelled_order_counts(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()
    ports.audit.held = True
    await harness.decide(approval, "UBORIS", Verdict.REJECT, reason="too dear")

    await harness.cancel(order)
    ports.audit.unblock()
    ended = await harness.run_to_end(order)

    assert ended.status is OrderStatus.REJECTED


async def test_an_order_awaiting_payment_is_cancelled_at_once(
    harness: Harness, ports: FakePorts
) -> None:
    order = await harness.submit_order(an_order("900.00", payment=PaymentMode.AWAIT))
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))

    await harness.cancel(order)
    ended = await harness.run_to_end(order)

    assert ended.status is OrderStatus.CANCELLED
    assert [step.status for step in ended.steps[:2]] == [
        StepStatus.COMPENSATED,
        StepStatus.STOPPED,
    ]
    assert ports.steps.done == ["reserve", "refund", "release"]


async def test_a_compensating_order_cannot_be_cancelled(harness: Harness, ports: FakePorts) -> None:
    ports.steps.permanent_failures, ports.steps.held = {"charge"}, {"refund"}
    order = await harness.start_order("900.00")
    await ports.until(lambda: ports.steps.tries["refund"] == 1)

    refusal = await refused(harness.cancel(order))
    ports.steps.unblock("refund")
    ended = await harness.run_to_end(order)

    assert refusal.type == "rejected.being_undone"
    assert ended.status is OrderStatus.FAILED


async def test_no_compensation_runs_before_the_cancellation_is_audited(
    harness: Harness, ports: FakePorts
) -> None:
    order = await harness.submit_order(an_order("900.00", payment=PaymentMode.AWAIT))
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))
    ports.audit.held = True

    await harness.cancel(order)
    await harness.until_idle(order, but="append")

    assert scheduled(await harness.history(order), "refund") == []
    ports.audit.unblock()
    await harness.run_to_end(order)
    assert ports.steps.done == ["reserve", "refund", "release"]


async def test_an_ended_cancelled_order_answers_queries(harness: Harness) -> None:
    order, _ = await harness.order_awaiting_approval()
    await harness.cancel(order)
    await harness.run_to_end(order)

    assert await order.query(OrderWorkflow.status) == "cancelled"
