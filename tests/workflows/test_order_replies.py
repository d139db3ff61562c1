"""News in the thread of an order's card: each once, only what is news, and never in the way."""

from tests.workflows.fakes import World
from tests.workflows.office import Office, an_order
from workflows.rules.orders.order import OrderStatus, PaymentMode

THREAD = ""


def replies(world: World) -> list[str]:
    """Return what was told in the thread, in its order."""
    return [kind for kind, to in world.notices.summary() if to == THREAD]


async def test_a_payment_from_outside_and_the_delivery_are_told(
    office: Office, world: World
) -> None:
    world.steps.held = {"deliver"}
    order = await office.ask(an_order("1500.00", payment=PaymentMode.AWAIT))
    await world.until(lambda: "OrderReceived" in world.audit.kinds(order.id))
    await office.until_idle(office.approval_of(order))
    await office.decide(office.approval_of(order), "UBORIS")
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))
    await office.pay(order, "1500.00")
    await office.pay(order, "1500.00")  # the gateway says it again

    await world.until(lambda: "order_shipped" in replies(world))
    world.steps.let("deliver")
    await office.end(order)

    assert replies(world) == ["order_paid", "order_shipped", "order_delivered"]


async def test_what_follows_at_once_from_the_approval_is_no_news(
    office: Office, world: World
) -> None:
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    await office.end(order)

    told = replies(world)
    assert told[-1] == "order_delivered"
    assert "order_paid" not in told


async def test_a_cancelled_order_is_told_once(office: Office, world: World) -> None:
    order, _ = await office.awaiting_order()

    await office.cancel(order, reason="Ordered twice.")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.CANCELLED
    assert replies(world) == ["order_cancelled"]


async def test_an_order_that_needs_help_says_so_in_its_thread(office: Office, world: World) -> None:
    world.steps.declines = {"ship", "refund"}
    _, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    await world.until(lambda: "attention" in replies(world))

    assert replies(world) == ["attention"]


async def test_an_order_without_a_card_has_no_thread(office: Office, world: World) -> None:
    order = await office.order("900.00")

    await office.end(order)

    assert replies(world) == []


async def test_a_card_that_slack_never_takes_keeps_no_order_from_its_end(
    office: Office, world: World
) -> None:
    world.cards.problem = "slack.is_archived"
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert replies(world) == []
