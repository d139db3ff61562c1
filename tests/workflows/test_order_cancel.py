"""Cancelling an order: at any point before it ships, by whoever may; what was done is undone."""

import pytest

from tests.workflows.fakes import World
from tests.workflows.history import scheduled
from tests.workflows.office import ANA, Office, an_order, refused
from workflows.order import OrderWorkflow
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.orders.order import OrderStatus, PaymentMode
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.saga import StepStatus

BORIS = Actor(person="UBORIS", origin=Origin.SLACK)
OPERATOR = Actor(person="UGUS", origin=Origin.CLI, operator="gus@host")
TOKEN = Actor(person="", origin=Origin.API, operator="shop")
ANA_BY_CLICK = Actor(person="UANA", origin=Origin.SLACK)


@pytest.mark.parametrize(
    ("held", "done"),
    [("reserve", ["reserve", "release"]), ("charge", ["reserve", "charge", "refund", "release"])],
)
async def test_a_cancelled_order_ends_the_step_under_way_and_undoes_everything(
    office: Office, world: World, held: str, done: list[str]
) -> None:
    world.steps.held = {held}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries[held] == 1)

    snapshot = await office.cancel(order, reason="changed my mind")
    world.steps.let(held)
    ended = await office.end(order)

    assert snapshot.cancelled is not None
    assert (snapshot.cancelled.actor, snapshot.cancelled.reason) == (ANA, "changed my mind")
    assert not snapshot.is_cancellable
    assert ended.status is OrderStatus.CANCELLED
    assert world.steps.done == done
    assert world.audit.fact(order.id, "OrderCancelled").reason == "changed my mind"


async def test_a_failing_step_of_a_cancelled_order_is_undone_and_the_order_is_cancelled(
    office: Office, world: World
) -> None:
    world.steps.held, world.steps.declines = {"charge"}, {"charge"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["charge"] == 1)

    await office.cancel(order)
    world.steps.let("charge")
    ended = await office.end(order)

    assert ended.status is OrderStatus.CANCELLED
    assert world.steps.done == ["reserve", "refund", "release"]


@pytest.mark.parametrize("held", ["ship", "deliver"])
async def test_an_order_on_its_way_is_not_cancelled(
    office: Office, world: World, held: str
) -> None:
    world.steps.held = {held}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries[held] == 1)

    refusal = await refused(office.cancel(order))
    world.steps.let(held)
    ended = await office.end(order)

    assert refusal.type == "rejected.already_shipped"
    assert ended.status is OrderStatus.COMPLETED


async def test_a_stranger_cannot_cancel_and_an_operator_can(office: Office, world: World) -> None:
    world.steps.held = {"reserve"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["reserve"] == 1)

    refusal = await refused(office.cancel(order, BORIS))
    await office.cancel(order, OPERATOR)
    again = await refused(office.cancel(order))
    world.steps.let("reserve")
    await office.end(order)

    assert refusal.type == "rejected.not_your_order"
    assert (again.type, again.details[0]) == ("rejected.already_cancelled", {"person": "UGUS"})


async def test_the_same_click_cancels_once(office: Office, world: World) -> None:
    world.steps.held = {"reserve"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["reserve"] == 1)

    first = await office.cancel(order, ANA_BY_CLICK, click="one")
    again = await office.cancel(order, ANA_BY_CLICK, click="one")
    world.steps.let("reserve")
    await office.end(order)

    assert again == first
    assert world.audit.kinds(order.id).count("OrderCancelled") == 1


@pytest.mark.parametrize(
    ("actor", "operator"), [(ANA, ""), (OPERATOR, "gus@host"), (TOKEN, "shop"), (BORIS, "")]
)
async def test_a_cancelled_order_takes_its_approval_back(
    office: Office, world: World, actor: Actor, operator: str
) -> None:
    order, approval = await office.awaiting_order()
    if actor is BORIS:
        assert (await refused(office.cancel(order, actor))).type == "rejected.not_your_order"
        actor = ANA

    await office.cancel(order, actor, reason="too late now")
    outcome = await approval.result()
    ended = await office.end(order)

    assert outcome.face.status is Status.WITHDRAWN
    assert outcome.face.closing_reason == "too late now"
    assert outcome.face.closed_by == Actor(person="UANA", origin=Origin.WORKFLOW, operator=operator)
    assert ended.status is OrderStatus.CANCELLED
    assert world.steps.tries == {}
    assert world.audit.kinds(order.id) == [
        "OrderReceived",
        "OrderCancelled",
        "ApprovalEnded",
        "OrderEnded",
    ]


async def test_a_yes_that_came_first_does_not_bring_a_cancelled_order_back(
    office: Office, world: World
) -> None:
    """The approval's audit is held up, so that it is approved and its order does not know yet."""
    order, approval = await office.awaiting_order()
    world.audit.held = True
    await office.decide(approval, "UBORIS")

    await office.cancel(order)
    world.audit.let()
    ended = await office.end(order)

    assert ended.approval is not None
    assert ended.approval.status is Status.APPROVED
    assert ended.status is OrderStatus.CANCELLED
    assert world.steps.tries == {}


async def test_a_no_that_came_first_stays_a_no(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()
    world.audit.held = True
    await office.decide(approval, "UBORIS", Verdict.REJECT, reason="too dear")

    await office.cancel(order)
    world.audit.let()
    ended = await office.end(order)

    assert ended.status is OrderStatus.REJECTED


async def test_an_order_that_waits_for_its_payment_is_cancelled_at_once(
    office: Office, world: World
) -> None:
    order = await office.ask(an_order("900.00", payment=PaymentMode.AWAIT))
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))

    await office.cancel(order)
    ended = await office.end(order)

    assert ended.status is OrderStatus.CANCELLED
    assert [step.status for step in ended.steps[:2]] == [
        StepStatus.COMPENSATED,
        StepStatus.STOPPED,
    ]
    assert world.steps.done == ["reserve", "refund", "release"]


async def test_an_order_that_is_being_undone_is_not_cancelled(office: Office, world: World) -> None:
    world.steps.declines, world.steps.held = {"charge"}, {"refund"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["refund"] == 1)

    refusal = await refused(office.cancel(order))
    world.steps.let("refund")
    ended = await office.end(order)

    assert refusal.type == "rejected.being_undone"
    assert ended.status is OrderStatus.FAILED


async def test_no_undo_is_done_before_the_cancellation_is_written_down(
    office: Office, world: World
) -> None:
    order = await office.ask(an_order("900.00", payment=PaymentMode.AWAIT))
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))
    world.audit.held = True

    await office.cancel(order)
    await office.until_idle(order, but="append")

    assert scheduled(await office.history(order), "refund") == []
    world.audit.let()
    await office.end(order)
    assert world.steps.done == ["reserve", "refund", "release"]


async def test_a_cancelled_order_can_be_asked_how_it_is_after_its_end(office: Office) -> None:
    order, _ = await office.awaiting_order()
    await office.cancel(order)
    await office.end(order)

    assert await order.query(OrderWorkflow.status) == "cancelled"
