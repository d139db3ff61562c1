"""OrderWorkflow up to the outcome of its approval, and the handover of the card."""

from datetime import timedelta

import pytest

from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import (
    ANA,
    CLOSE,
    EXPIRE,
    FINANCE,
    SALES,
    Harness,
)
from tests.workflows.history import scheduled_at, when
from workflows.order import OrderWorkflow
from workflows.rules.approvals.request import Status, Verdict, Withdrawal
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.rules.shared.card import MAX_PUBLISH_DELAY, SETTLE_TIME


async def test_an_order_under_the_limit_needs_no_approval(
    harness: Harness, ports: FakePorts
) -> None:
    order = await harness.start_order("999.99")

    snapshot = await order.result()

    assert snapshot.status is OrderStatus.COMPLETED
    assert snapshot.approval is None
    assert ports.cards.attempts == []


async def test_an_order_at_the_limit_needs_no_approval(harness: Harness) -> None:
    order = await harness.start_order("1000.00")

    snapshot = await order.result()

    assert snapshot.status is OrderStatus.COMPLETED


async def test_an_order_over_the_limit_waits_for_an_approval(
    harness: Harness, ports: FakePorts
) -> None:
    order, _ = await harness.order_awaiting_approval("1000.01")

    snapshot = await order.query(OrderWorkflow.details)

    assert snapshot.status is OrderStatus.AWAITING_APPROVAL
    assert ports.steps.done == []


async def test_an_approved_order_is_processed(harness: Harness, ports: FakePorts) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED
    assert ports.steps.done == ["reserve", "charge", "ship", "deliver"]
    assert [step.reference for step in snapshot.steps] == [
        "reserve-1",
        "charge-1",
        "ship-1",
        "deliver-1",
    ]


async def test_an_order_may_need_two_levels(harness: Harness) -> None:
    order, approval = await harness.order_awaiting_approval("1500.00", SALES, FINANCE)
    await harness.decide(approval, "UBORIS")
    await harness.until_idle(approval)

    await harness.decide(approval, "UDORA", level=2)
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.COMPLETED


async def test_a_rejected_order_ends_without_running_a_step(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS", Verdict.REJECT, reason="too dear")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.REJECTED
    assert snapshot.approval is not None
    assert snapshot.approval.closing_reason == "too dear"
    assert ports.steps.done == []


async def test_an_order_without_a_decision_expires(harness: Harness) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.fast_forward(approval, EXPIRE + CLOSE)
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.EXPIRED


async def test_withdrawing_the_approval_cancels_the_order(harness: Harness) -> None:
    order, approval = await harness.order_awaiting_approval()

    await approval.signal("withdraw", Withdrawal(actor=ANA))
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.CANCELLED


async def test_an_order_whose_approval_was_terminated_fails_closed(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()

    await approval.terminate("an operator's mistake")
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.FAILED
    assert ports.steps.done == []
    assert ports.audit.kinds(order.id) == ["OrderReceived", "OrderEnded"]


async def test_an_approval_outlives_a_terminated_order(harness: Harness, ports: FakePorts) -> None:
    order, approval = await harness.order_awaiting_approval()
    await order.terminate("an operator's mistake")

    answer = await harness.decide(approval, "UBORIS")
    await approval.result()

    assert answer.status is Status.APPROVED
    assert ports.audit.kinds(approval.id)[-1] == "RequestApproved"


async def test_the_order_takes_over_the_card(harness: Harness, ports: FakePorts) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    await harness.run_to_end(order)

    childs = [card for card in ports.cards.published if card.face.kind == "approval"]
    orders = [card for card in ports.cards.published if card.face.kind == "order"]
    assert len(childs) == 1
    assert {copy.ts for card in orders for copy in card.copies} == {"1.0"}
    assert {card.copies[0].key for card in orders} == {childs[0].copies[0].key}
    assert ports.cards.versions == sorted(set(ports.cards.versions))
    assert ports.audit.owners[approval.id] == order.id


async def test_the_approval_ends_without_a_last_publish(harness: Harness, ports: FakePorts) -> None:
    order, approval = await harness.order_awaiting_approval()
    await harness.decide(approval, "UBORIS")

    outcome = await approval.result()
    await harness.run_to_end(order)

    shown = [card.face for card in ports.cards.attempts if card.face.kind == "approval"]
    assert [snapshot.status for snapshot in shown if not isinstance(snapshot, OrderSnapshot)] == [
        Status.PENDING
    ]
    assert outcome.face.status is Status.APPROVED


async def test_the_order_does_not_publish_before_the_last_click_has_settled(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.click_decide(approval, "UBORIS")
    await ports.until(lambda: ports.steps.done == ["reserve", "charge", "ship", "deliver"])
    await harness.run_to_end(order)

    (clicked,) = when(await harness.history(approval), "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = scheduled_at(await harness.history(order), "publish")
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE
    assert len(published) == 1


async def test_the_requester_is_notified_of_the_outcome_once(
    harness: Harness, ports: FakePorts
) -> None:
    order, approval = await harness.order_awaiting_approval()

    await harness.decide(approval, "UBORIS")
    await harness.run_to_end(order)

    to_ana = [notice for notice in ports.notices.sent if notice.person]
    assert [(notice.kind.value, notice.person) for notice in to_ana] == [("outcome", "UANA")]
    assert to_ana[0].face.kind == "order"


async def test_republish_works_on_the_order_once_the_approval_has_ended(
    harness: Harness, ports: FakePorts
) -> None:
    ports.steps.held = {"reserve"}
    order, approval = await harness.order_awaiting_approval()
    await harness.decide(approval, "UBORIS")
    await ports.until(lambda: len(ports.cards.published) == 2)

    version = await order.execute_update(OrderWorkflow.republish)
    await ports.until(lambda: len(ports.cards.published) == 3)

    assert ports.cards.versions[1:] == [version, version]
    ports.steps.unblock("reserve")
    await harness.run_to_end(order)


@pytest.mark.parametrize("mode", [SlackMode.REFUSING, SlackMode.FAILING])
async def test_a_failing_slack_delays_no_step(
    harness: Harness, ports: FakePorts, mode: SlackMode
) -> None:
    order, approval = await harness.order_awaiting_approval()
    ports.slack.mode = mode

    await harness.decide(approval, "UBORIS")
    await ports.until(lambda: ports.steps.done == ["reserve", "charge", "ship", "deliver"])
    await ports.until(lambda: "OrderEnded" in ports.audit.kinds(order.id))

    approved = ports.audit.fact(approval.id, "RequestApproved").at
    assert ports.audit.fact(order.id, "OrderEnded").at - approved < 2 * CLOSE
    ports.slack.recover()
    await harness.run_to_end(order)
    assert ports.cards.published[-1].face.kind == "order"


async def test_a_hanging_publish_delays_no_step(
    harness: Harness, ports: FakePorts, short_release: timedelta
) -> None:
    order, approval = await harness.order_awaiting_approval()
    ports.slack.mode = SlackMode.HANGING
    await approval.execute_update("republish")
    await ports.until(lambda: len(ports.cards.attempts) == 2)

    await harness.decide(approval, "UBORIS")
    await ports.until(lambda: ports.steps.done == ["reserve", "charge", "ship", "deliver"])
    await ports.until(lambda: "OrderEnded" in ports.audit.kinds(order.id))

    approved = ports.audit.fact(approval.id, "RequestApproved").at
    delay = ports.audit.fact(order.id, "OrderEnded").at - approved
    assert delay + short_release < timedelta(seconds=4)
    assert len(ports.cards.published) == 1


async def test_the_order_does_not_publish_before_a_hanging_publish_times_out(
    harness: Harness, ports: FakePorts, short_release: timedelta
) -> None:
    order, approval = await harness.order_awaiting_approval()
    ports.slack.mode = SlackMode.HANGING
    await approval.execute_update("republish")
    await ports.until(lambda: len(ports.cards.attempts) == 2)
    began = await harness.workflow_time(approval)

    await harness.decide(approval, "UBORIS")
    outcome = await approval.result()
    ports.slack.recover()
    await harness.run_to_end(order)

    assert outcome.card.not_before is not None
    assert outcome.card.not_before - began > timedelta(seconds=9)
    assert scheduled_at(await harness.history(order), "publish")[0] >= outcome.card.not_before


async def test_a_hanging_first_post_is_taken_over_as_doubtful(
    harness: Harness, ports: FakePorts, short_release: timedelta
) -> None:
    ports.slack.mode = SlackMode.HANGING
    order = await harness.start_order("1500.00")
    await ports.until(lambda: len(ports.cards.attempts) == 1)
    approval = harness.approval_of(order)

    await harness.decide(approval, "UBORIS")
    outcome = await approval.result()
    ports.slack.recover()
    await harness.run_to_end(order)

    (copy,) = outcome.card.copies
    assert copy.doubtful
    assert copy.intended_at == ports.cards.attempts[0].copies[0].intended_at
    later = [card.copies[0] for card in ports.cards.attempts if card.face.kind == "order"]
    assert later[0].doubtful
    assert MAX_PUBLISH_DELAY > SETTLE_TIME
