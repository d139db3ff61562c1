"""Mail to the customer: each news once, beside the order's own work, never in its way."""

from tests.workflows.fakes import World
from tests.workflows.office import Office, an_order
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import OrderStatus, PaymentMode

ADA = "ada@example.org"


def _news(world: World) -> list[tuple[str, str]]:
    return [(mail.kind.value, mail.reference) for mail in world.mail.sent]


async def test_a_customer_hears_of_each_step_once(office: Office, world: World) -> None:
    order = await office.ask(an_order("900.00", email=ADA))

    await office.end(order)

    assert sorted(_news(world)) == [
        ("delivered", "deliver-1"),
        ("paid", "charge-1"),
        ("received", ""),
        ("shipped", "ship-1"),
    ]
    assert {mail.to for mail in world.mail.sent} == {ADA}
    assert {mail.key for mail in world.mail.sent} == {
        f"{order.id}:{kind}" for kind in ("received", "paid", "shipped", "delivered")
    }


async def test_a_customer_hears_that_the_order_was_cancelled_and_why(
    office: Office, world: World
) -> None:
    order = await office.ask(an_order("900.00", payment=PaymentMode.AWAIT, email=ADA))
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))

    await office.cancel(order, reason="no need")
    await office.end(order)

    assert _news(world) == [("received", ""), ("cancelled", "")]
    assert world.mail.sent[-1].reason == "no need"


async def test_an_order_over_the_limit_is_received_before_it_is_approved(
    office: Office, world: World
) -> None:
    order = await office.ask(an_order("1500.00", email=ADA))

    await world.until(lambda: _news(world) == [("received", "")])

    assert await order.query(OrderWorkflow.status) == "awaiting_approval"


async def test_a_mail_server_that_hangs_holds_up_no_step(office: Office, world: World) -> None:
    world.mail.held = True
    order = await office.ask(an_order("900.00", email=ADA))

    await world.until(lambda: "OrderEnded" in world.audit.kinds(order.id))

    assert world.steps.done == ["reserve", "charge", "ship", "deliver"]
    assert world.mail.sent == []
    world.mail.let()
    assert (await office.end(order)).status is OrderStatus.COMPLETED


async def test_the_order_says_that_mail_is_off(office: Office, world: World) -> None:
    world.mail.problem = "mail.off"
    order = await office.ask(an_order("900.00", email=ADA))

    snapshot = await office.end(order)

    assert snapshot.mail_problem == "mail.off"
    assert snapshot.status is OrderStatus.COMPLETED


async def test_without_an_address_nothing_is_sent(office: Office, world: World) -> None:
    order = await office.order("900.00")

    snapshot = await office.end(order)

    assert world.mail.sent == []
    assert snapshot.mail_problem == ""
