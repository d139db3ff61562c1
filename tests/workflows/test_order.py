"""OrderWorkflow up to its approval's outcome, and the card that changes hands."""

from datetime import timedelta

import pytest

from tests.workflows.fakes import World
from tests.workflows.history import asked, when
from tests.workflows.office import (
    ANA,
    CLOSE,
    EXPIRE,
    FINANCE,
    SALES,
    Office,
)
from tests.workflows.weather import Weather
from workflows.order import OrderWorkflow
from workflows.rules.approvals.request import Status, Verdict, Withdrawal
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.card import MAX_PUBLISH_DELAY, SETTLE_TIME


async def test_an_order_under_the_limit_needs_nobody(office: Office, world: World) -> None:
    order = await office.order("999.99")

    snapshot = await order.result()

    assert snapshot.status is OrderStatus.COMPLETED
    assert snapshot.approval is None
    assert world.cards.asked == []


async def test_an_order_at_the_limit_needs_nobody(office: Office) -> None:
    order = await office.order("1000.00")

    snapshot = await order.result()

    assert snapshot.status is OrderStatus.COMPLETED


async def test_an_order_over_the_limit_waits_for_a_yes(office: Office, world: World) -> None:
    order, _ = await office.awaiting_order("1000.01")

    snapshot = await order.query(OrderWorkflow.details)

    assert snapshot.status is OrderStatus.AWAITING_APPROVAL
    assert world.steps.done == []


async def test_an_approved_order_is_carried_out(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert world.steps.done == ["reserve", "charge", "ship", "deliver"]
    assert [step.reference for step in snapshot.steps] == [
        "reserve-1",
        "charge-1",
        "ship-1",
        "deliver-1",
    ]


async def test_an_order_may_need_two_levels(office: Office) -> None:
    order, approval = await office.awaiting_order("1500.00", SALES, FINANCE)
    await office.decide(approval, "UBORIS")
    await office.until_idle(approval)

    await office.decide(approval, "UDORA", level=2)
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.COMPLETED


async def test_a_rejected_order_ends_and_touches_nothing(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS", Verdict.REJECT, reason="too dear")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.REJECTED
    assert snapshot.approval is not None
    assert snapshot.approval.closing_reason == "too dear"
    assert world.steps.done == []


async def test_an_order_that_nobody_approves_expires(office: Office) -> None:
    order, approval = await office.awaiting_order()

    await office.pass_time(approval, EXPIRE + CLOSE)
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.EXPIRED


async def test_an_order_whose_approval_is_taken_back_is_cancelled(office: Office) -> None:
    order, approval = await office.awaiting_order()

    await approval.signal("withdraw", Withdrawal(actor=ANA))
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.CANCELLED


async def test_an_order_whose_approval_was_terminated_fails_closed(
    office: Office, world: World
) -> None:
    order, approval = await office.awaiting_order()

    await approval.terminate("an operator's mistake")
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.FAILED
    assert world.steps.done == []
    assert world.audit.kinds(order.id) == ["OrderReceived", "OrderEnded"]


async def test_an_approval_outlives_a_terminated_order(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()
    await order.terminate("an operator's mistake")

    answer = await office.decide(approval, "UBORIS")
    await approval.result()

    assert answer.status is Status.APPROVED
    assert world.audit.kinds(approval.id)[-1] == "RequestApproved"


async def test_the_card_changes_hands(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    await office.end(order)

    childs = [card for card in world.cards.published if card.face.kind == "approval"]
    orders = [card for card in world.cards.published if card.face.kind == "order"]
    assert len(childs) == 1
    assert {copy.ts for card in orders for copy in card.copies} == {"1.0"}
    assert {card.copies[0].key for card in orders} == {childs[0].copies[0].key}
    assert world.cards.versions == sorted(set(world.cards.versions))
    assert world.audit.owners[approval.id] == order.id


async def test_the_approval_ends_without_a_last_publish(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()
    await office.decide(approval, "UBORIS")

    outcome = await approval.result()
    await office.end(order)

    shown = [card.face for card in world.cards.asked if card.face.kind == "approval"]
    assert [snapshot.status for snapshot in shown if not isinstance(snapshot, OrderSnapshot)] == [
        Status.PENDING
    ]
    assert outcome.face.status is Status.APPROVED


async def test_the_order_publishes_nothing_before_the_last_click_has_settled(
    office: Office, world: World
) -> None:
    order, approval = await office.awaiting_order()

    await office.click(approval, "UBORIS")
    await world.until(lambda: world.steps.done == ["reserve", "charge", "ship", "deliver"])
    await office.end(order)

    (clicked,) = when(await office.history(approval), "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = asked(await office.history(order), "publish")
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE
    assert len(published) == 1


async def test_the_requester_hears_the_outcome_once(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()

    await office.decide(approval, "UBORIS")
    await office.end(order)

    to_ana = [notice for notice in world.notices.told if notice.person]
    assert [(notice.kind.value, notice.person) for notice in to_ana] == [("outcome", "UANA")]
    assert to_ana[0].face.kind == "order"


async def test_republish_works_on_the_order_once_the_approval_has_ended(
    office: Office, world: World
) -> None:
    world.steps.held = {"reserve"}
    order, approval = await office.awaiting_order()
    await office.decide(approval, "UBORIS")
    await world.until(lambda: len(world.cards.published) == 2)

    version = await order.execute_update(OrderWorkflow.republish)
    await world.until(lambda: len(world.cards.published) == 3)

    assert world.cards.versions[1:] == [version, version]
    world.steps.let("reserve")
    await office.end(order)


@pytest.mark.parametrize("weather", [Weather.REFUSING, Weather.BREAKING])
async def test_a_failing_slack_delays_no_step(
    office: Office, world: World, weather: Weather
) -> None:
    order, approval = await office.awaiting_order()
    world.slack.weather = weather

    await office.decide(approval, "UBORIS")
    await world.until(lambda: world.steps.done == ["reserve", "charge", "ship", "deliver"])
    await world.until(lambda: "OrderEnded" in world.audit.kinds(order.id))

    approved = world.audit.fact(approval.id, "RequestApproved").at
    assert world.audit.fact(order.id, "OrderEnded").at - approved < 2 * CLOSE
    world.slack.answer()
    await office.end(order)
    assert world.cards.published[-1].face.kind == "order"


async def test_a_hanging_publish_delays_no_step(office: Office, world: World) -> None:
    order, approval = await office.awaiting_order()
    world.slack.weather = Weather.HANGING
    await approval.execute_update("republish")
    await world.until(lambda: len(world.cards.asked) == 2)

    await office.decide(approval, "UBORIS")
    await world.until(lambda: world.steps.done == ["reserve", "charge", "ship", "deliver"])
    await world.until(lambda: "OrderEnded" in world.audit.kinds(order.id))

    approved = world.audit.fact(approval.id, "RequestApproved").at
    assert world.audit.fact(order.id, "OrderEnded").at - approved < timedelta(seconds=4)
    assert len(world.cards.published) == 1


async def test_nobody_publishes_before_a_hanging_publish_of_the_approval_is_over(
    office: Office, world: World
) -> None:
    order, approval = await office.awaiting_order()
    world.slack.weather = Weather.HANGING
    await approval.execute_update("republish")
    await world.until(lambda: len(world.cards.asked) == 2)
    began = await office.clock(approval)

    await office.decide(approval, "UBORIS")
    outcome = await approval.result()
    world.slack.answer()
    await office.end(order)

    assert outcome.card.not_before is not None
    assert outcome.card.not_before - began > timedelta(seconds=9)
    assert asked(await office.history(order), "publish")[0] >= outcome.card.not_before


async def test_a_first_post_that_hangs_is_handed_over_as_doubtful(
    office: Office, world: World
) -> None:
    world.slack.weather = Weather.HANGING
    order = await office.order("1500.00")
    await world.until(lambda: len(world.cards.asked) == 1)
    approval = office.approval_of(order)

    await office.decide(approval, "UBORIS")
    outcome = await approval.result()
    world.slack.answer()
    await office.end(order)

    (copy,) = outcome.card.copies
    assert copy.doubtful
    assert copy.intended_at == world.cards.asked[0].copies[0].intended_at
    later = [card.copies[0] for card in world.cards.asked if card.face.kind == "order"]
    assert later[0].doubtful
    assert MAX_PUBLISH_DELAY > SETTLE_TIME
