"""A compensation that cannot be done: the order asks for help, once, and goes on when it is resumed."""

from tests.workflows.fakes import World
from tests.workflows.office import ANA, Office, OrderHandle, refused
from workflows.options import COMPENSATION_RETRIES
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import OrderStatus, StepName
from workflows.rules.people.actors import Actor, Origin

TRIES = COMPENSATION_RETRIES["retry_policy"].maximum_attempts
GUS = Actor(person="UGUS", origin=Origin.SLACK)
BORIS = Actor(person="UBORIS", origin=Origin.SLACK)


async def _stuck(office: Office, world: World) -> OrderHandle:
    """Return an order that cannot give the money back."""
    world.steps.declines = {"ship", "refund"}
    order = await office.order("900.00")
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(order.id))
    await office.until_idle(order)
    return order


async def test_an_undo_that_is_refused_asks_the_admins_for_help_once(
    office: Office, world: World
) -> None:
    order = await _stuck(office, world)

    snapshot = await order.query(OrderWorkflow.details)

    assert snapshot.status is OrderStatus.NEEDS_ATTENTION
    assert snapshot.stuck is not None
    assert (snapshot.stuck.step, snapshot.stuck.error) == (StepName.PAY, "refund was declined")
    assert world.notices.summary() == [("attention", "#approvals-admin")]
    assert world.steps.done == ["reserve", "charge", "recall"]


async def test_a_resumed_order_is_undone_to_the_end(office: Office, world: World) -> None:
    order = await _stuck(office, world)
    world.steps.declines = {"ship"}

    snapshot = await office.resume(order)
    ended = await office.end(order)

    assert snapshot.status is OrderStatus.COMPENSATING
    assert ended.status is OrderStatus.FAILED
    assert ended.stuck is None
    assert world.steps.done == ["reserve", "charge", "recall", "refund", "release"]
    assert world.audit.fact(order.id, "CompensationResumed").actor == ANA


async def test_what_fails_again_asks_for_help_again(office: Office, world: World) -> None:
    order = await _stuck(office, world)

    await office.resume(order)
    await world.until(lambda: world.audit.kinds(order.id).count("CompensationFailed") == 2)
    await world.until(lambda: len(world.notices.told) == 2)

    assert await order.query(OrderWorkflow.status) == "needs_attention"
    world.steps.declines = {"ship"}
    await office.resume(order)
    await office.end(order)


async def test_an_undo_that_stumbles_for_too_long_asks_for_help(
    office: Office, world: World
) -> None:
    world.steps.declines = {"charge"}
    world.steps.stumbles["release"] = TRIES
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["release"] == 1)

    while world.steps.tries["release"] < TRIES:
        tried = world.steps.tries["release"]
        await office.pass_time(order, COMPENSATION_RETRIES["start_to_close_timeout"] * 4)
        await world.until(lambda tried=tried: world.steps.tries["release"] > tried)  # type: ignore[misc]
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(order.id))
    await office.resume(order)
    ended = await office.end(order)

    assert ended.status is OrderStatus.FAILED
    assert world.steps.tries["release"] == TRIES + 1


async def test_an_admin_or_an_operator_resumes_and_nobody_else(
    office: Office, world: World
) -> None:
    order = await _stuck(office, world)

    refusal = await refused(office.resume(order, BORIS))
    world.steps.declines = set()
    await office.resume(order, GUS)
    ended = await office.end(order)

    assert refusal.type == "rejected.not_an_admin"
    assert ended.status is OrderStatus.FAILED


async def test_there_is_nothing_to_resume_where_nothing_is_stuck(
    office: Office, world: World
) -> None:
    world.steps.held = {"reserve"}
    order = await office.order("900.00")
    await world.until(lambda: world.steps.tries["reserve"] == 1)

    refusal = await refused(office.resume(order))
    world.steps.let("reserve")
    await office.end(order)

    assert refusal.type == "rejected.nothing_to_resume"
    assert refusal.details[0] == {"status": "processing"}
