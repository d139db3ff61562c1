"""An order with a long history starts afresh where it waits, and forgets nothing."""

from datetime import timedelta

from tests.workflows.afresh import FEW, run_id
from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.office import CLOSE, Office, OrderHandle, an_order
from tests.workflows.weather import Weather
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.rules.messages import CarriedOrder, OrderInput
from workflows.rules.orders.order import PAYMENT_WINDOW, OrderStatus, PaymentMode


async def _continue_as_new(office: Office, order: OrderHandle) -> None:
    first = await run_id(order)
    sent = kinds(await office.history(order)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    for _ in range(FEW - sent):
        if await run_id(order) != first:
            return
        await order.execute_update(OrderWorkflow.republish)
        await office.until_idle(order)
    assert await run_id(order) != first, "it never continued as new"


async def _carried(office: Office, order: OrderHandle) -> CarriedOrder:
    started = (await office.history(order))[0].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [OrderInput])
    assert isinstance(given, OrderInput)
    assert given.carried is not None
    return given.carried


async def _awaiting_payment(office: Office, world: World) -> OrderHandle:
    """Return an approved order that has a card, and waits for its payment."""
    order = await office.ask(an_order("1500.00", payment=PaymentMode.AWAIT))
    approval = office.approval_of(order)
    await world.until(lambda: len(world.cards.published) == 1)
    await office.until_idle(approval)
    await office.decide(approval, "UBORIS")
    await world.until(lambda: "PaymentAwaited" in world.audit.kinds(order.id))
    await office.until_idle(order)
    return order


async def test_an_order_that_waits_for_its_payment_goes_on_in_a_new_run(
    narrow_office: Office, world: World
) -> None:
    order = await _awaiting_payment(narrow_office, world)
    before = await order.query(OrderWorkflow.details)
    await _continue_as_new(narrow_office, order)

    after = await order.query(OrderWorkflow.details)
    given = await _carried(narrow_office, order)
    await narrow_office.pay(order, "1500.00")
    ended = await narrow_office.end(order)

    assert after == before
    assert given.card.copies[0].ts == "1.0"
    assert ended.status is OrderStatus.COMPLETED
    assert world.steps.done == ["reserve", "receive", "ship", "deliver"]
    facts = world.audit.of(order.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    assert len({card.copies[0].key for card in world.cards.asked}) == 1


async def test_the_payment_window_survives_a_new_run(narrow_office: Office, world: World) -> None:
    order = await _awaiting_payment(narrow_office, world)
    await _continue_as_new(narrow_office, order)

    await narrow_office.pass_time(order, PAYMENT_WINDOW + CLOSE)
    await world.until(lambda: "PaymentWindowEnded" in world.audit.kinds(order.id))
    ended = await narrow_office.end(order)

    facts = [world.audit.fact(order.id, one).at for one in ("PaymentAwaited", "PaymentWindowEnded")]
    assert timedelta(0) <= facts[1] - facts[0] - PAYMENT_WINDOW < timedelta(seconds=5)
    assert ended.status is OrderStatus.EXPIRED
    assert world.steps.done == ["reserve", "refund", "release"]


async def test_a_known_click_is_still_one_cancellation_in_a_new_run(
    narrow_office: Office, world: World
) -> None:
    world.steps.declines = {"release"}
    order = await _awaiting_payment(narrow_office, world)
    await narrow_office.cancel(order, click="one")
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(order.id))
    await narrow_office.until_idle(order)
    await _continue_as_new(narrow_office, order)

    again = await narrow_office.cancel(order, click="one")

    assert again.status is OrderStatus.NEEDS_ATTENTION
    assert world.audit.kinds(order.id).count("OrderCancelled") == 1
    world.steps.declines = set()
    await narrow_office.resume(order)
    assert (await narrow_office.end(order)).status is OrderStatus.CANCELLED
    assert world.steps.done == ["reserve", "refund", "release"]


async def test_what_is_owed_after_an_order_has_ended_goes_along_and_is_told_once(
    narrow_office: Office, world: World
) -> None:
    """A long outage of Slack after the end must not fill the history."""
    order = await _awaiting_payment(narrow_office, world)
    world.slack.weather = Weather.REFUSING
    await narrow_office.pay(order, "1500.00")
    await world.until(lambda: "OrderEnded" in world.audit.kinds(order.id))
    await narrow_office.until_idle(order)
    await _continue_as_new(narrow_office, order)

    given = await _carried(narrow_office, order)
    world.slack.answer()
    ended = await narrow_office.end(order)

    owed = ["order_delivered", "order_paid", "outcome"]  # that it was shipped is news no more
    assert sorted(notice.kind.value for notice in given.notices) == owed
    assert ended.status is OrderStatus.COMPLETED
    assert sorted(kind for kind, _ in world.notices.summary()) == owed
    assert world.cards.versions[-1] == ended.card_version
    assert world.steps.done == ["reserve", "receive", "ship", "deliver"]
