"""Mail to the customer: one mail for each event, without delaying the order."""

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, an_order
from workflows.order import OrderWorkflow
from workflows.rules.orders.order import OrderStatus, PaymentMode

ADA = "ada@example.org"


def _sent_mails(ports: FakePorts) -> list[tuple[str, str]]:
    return [(mail.kind.value, mail.reference) for mail in ports.mail.sent]


async def test_the_customer_gets_one_mail_for_each_step(harness: Harness, ports: FakePorts) -> None:
    order = await harness.submit_order(an_order("900.00", email=ADA))

    await harness.run_to_end(order)

    assert sorted(_sent_mails(ports)) == [
        ("delivered", "deliver-1"),
        ("paid", "charge-1"),
        ("received", ""),
        ("shipped", "ship-1"),
    ]
    assert {mail.to for mail in ports.mail.sent} == {ADA}
    assert {mail.key for mail in ports.mail.sent} == {
        f"{order.id}:{kind}" for kind in ("received", "paid", "shipped", "delivered")
    }


async def test_the_customer_gets_a_mail_about_the_cancellation_and_its_reason(
    harness: Harness, ports: FakePorts
) -> None:
    order = await harness.submit_order(an_order("900.00", payment=PaymentMode.AWAIT, email=ADA))
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))

    await harness.cancel(order, reason="no need")
    await harness.run_to_end(order)

    assert _sent_mails(ports) == [("received", ""), ("cancelled", "")]
    assert ports.mail.sent[-1].reason == "no need"


async def test_the_receipt_is_mailed_before_the_approval(
    harness: Harness, ports: FakePorts
) -> None:
    order = await harness.submit_order(an_order("1500.00", email=ADA))

    await ports.until(lambda: _sent_mails(ports) == [("received", "")])

    assert await order.query(OrderWorkflow.status) == "awaiting_approval"


async def test_a_hanging_mail_server_delays_no_step(harness: Harness, ports: FakePorts) -> None:
    ports.mail.held = True
    order = await harness.submit_order(an_order("900.00", email=ADA))

    await ports.until(lambda: "OrderEnded" in ports.audit.kinds(order.id))

    assert ports.steps.done == ["reserve", "charge", "ship", "deliver"]
    assert ports.mail.sent == []
    ports.mail.unblock()
    assert (await harness.run_to_end(order)).status is OrderStatus.COMPLETED


async def test_the_order_shows_that_mail_is_off(harness: Harness, ports: FakePorts) -> None:
    ports.mail.problem = "mail.off"
    order = await harness.submit_order(an_order("900.00", email=ADA))

    snapshot = await harness.run_to_end(order)

    assert snapshot.mail_problem == "mail.off"
    assert snapshot.status is OrderStatus.COMPLETED


async def test_without_an_address_nothing_is_sent(harness: Harness, ports: FakePorts) -> None:
    order = await harness.start_order("900.00")

    snapshot = await harness.run_to_end(order)

    assert ports.mail.sent == []
    assert snapshot.mail_problem == ""
