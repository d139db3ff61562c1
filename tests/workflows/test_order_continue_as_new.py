"""An order with a long history continues as new while it waits, and keeps everything."""

from datetime import timedelta

from tests.workflows.continued_runs import UPDATE_LIMIT, run_id
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import CLOSE, Harness, OrderHandle, an_order
from tests.workflows.history import kinds
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.rules.messages import CarriedOrder, OrderInput
from workflows.rules.orders.order import PAYMENT_WINDOW, OrderStatus, PaymentMode


async def _continue_as_new(harness: Harness, order: OrderHandle) -> None:
    first = await run_id(order)
    sent = kinds(await harness.history(order)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    for _ in range(UPDATE_LIMIT - sent):
        if await run_id(order) != first:
            return
        await order.execute_update(OrderWorkflow.republish)
        await harness.until_idle(order)
    assert await run_id(order) != first, "it never continued as new"


async def _carried(harness: Harness, order: OrderHandle) -> CarriedOrder:
    started = (await harness.history(order))[0].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [OrderInput])
    assert isinstance(given, OrderInput)
    assert given.carried is not None
    return given.carried


async def _awaiting_payment(harness: Harness, ports: FakePorts) -> OrderHandle:
    """Return an approved order with a card that awaits its payment."""
    order = await harness.submit_order(an_order("1500.00", payment=PaymentMode.AWAIT))
    approval = harness.approval_of(order)
    await ports.until(lambda: len(ports.cards.published) == 1)
    await harness.until_idle(approval)
    await harness.decide(approval, "UBORIS")
    await ports.until(lambda: "PaymentAwaited" in ports.audit.kinds(order.id))
    await harness.until_idle(order)
    return order


async def test_an_order_awaiting_payment_continues_in_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting_payment(low_limit_harness, ports)
    before = await order.query(OrderWorkflow.details)
    await _continue_as_new(low_limit_harness, order)

    after = await order.query(OrderWorkflow.details)
    given = await _carried(low_limit_harness, order)
    await low_limit_harness.pay(order, "1500.00")
    ended = await low_limit_harness.run_to_end(order)

    assert after == before
    assert given.card.copies[0].ts == "1.0"
    assert ended.status is OrderStatus.COMPLETED
    assert ports.steps.done == ["reserve", "receive", "ship", "deliver"]
    facts = ports.audit.of(order.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    assert len({card.copies[0].key for card in ports.cards.attempts}) == 1


async def test_the_payment_window_survives_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    order = await _awaiting_payment(low_limit_harness, ports)
    await _continue_as_new(low_limit_harness, order)

    await low_limit_harness.fast_forward(order, PAYMENT_WINDOW + CLOSE)
    await ports.until(lambda: "PaymentWindowEnded" in ports.audit.kinds(order.id))
    ended = await low_limit_harness.run_to_end(order)

    facts = [
        ports.audit.fact(order.id, kind).at for kind in ("PaymentAwaited", "PaymentWindowEnded")
    ]
    assert timedelta(0) <= facts[1] - facts[0] - PAYMENT_WINDOW < timedelta(seconds=5)
    assert ended.status is OrderStatus.EXPIRED
    assert ports.steps.done == ["reserve", "refund", "release"]


async def test_a_repeated_click_is_one_cancellation_across_runs(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    ports.steps.permanent_failures = {"release"}
    order = await _awaiting_payment(low_limit_harness, ports)
    await low_limit_harness.cancel(order, click="one")
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(order.id))
    await low_limit_harness.until_idle(order)
    await _continue_as_new(low_limit_harness, order)

    again = await low_limit_harness.cancel(order, click="one")

    assert again.status is OrderStatus.NEEDS_ATTENTION
    assert ports.audit.kinds(order.id).count("OrderCancelled") == 1
    ports.steps.permanent_failures = set()
    await low_limit_harness.resume(order)
    assert (await low_limit_harness.run_to_end(order)).status is OrderStatus.CANCELLED
    assert ports.steps.done == ["reserve", "refund", "release"]


async def test_a_pending_outcome_of_an_order_is_carried_into_a_new_run_and_sent_once(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    """A long Slack outage after the end must not fill the history."""
    order = await _awaiting_payment(low_limit_harness, ports)
    ports.slack.mode = SlackMode.REFUSING
    await low_limit_harness.pay(order, "1500.00")
    await ports.until(lambda: "OrderEnded" in ports.audit.kinds(order.id))
    await low_limit_harness.until_idle(order)
    await _continue_as_new(low_limit_harness, order)

    given = await _carried(low_limit_harness, order)
    ports.slack.recover()
    ended = await low_limit_harness.run_to_end(order)

    owed = [
        "order_delivered",
        "order_paid",
        "outcome",
    ]  # the notice about the shipment is obsolete by now
    assert sorted(notice.kind.value for notice in given.notices) == owed
    assert ended.status is OrderStatus.COMPLETED
    assert sorted(kind for kind, _ in ports.notices.summary()) == owed
    assert ports.cards.versions[-1] == ended.card_version
    assert ports.steps.done == ["reserve", "receive", "ship", "deliver"]
