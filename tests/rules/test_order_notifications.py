"""Notices in the thread of an order's card, and when they become irrelevant."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import ANA, BORIS, NOON, level, policy, usd
from workflows.rules.notice import NoticeKind, PendingNotice, still_relevant
from workflows.rules.orders import saga, verbs
from workflows.rules.orders.notifications import thread_notices
from workflows.rules.orders.order import (
    Cancellation,
    Order,
    OrderChange,
    OrderLine,
    OrderState,
    PaymentMode,
    StepName,
    order_snapshot,
)
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.failure import recorded_failure

BY_ANA = Actor(person=ANA, origin=Origin.SLACK)
SHIPPED = PendingNotice(key="k", kind=NoticeKind.ORDER_SHIPPED)


def received(payment: PaymentMode = PaymentMode.CHARGE) -> OrderState:
    order = Order(
        order_id="ORD-1",
        customer="Ada",
        lines=(OrderLine(sku="DESK-1", quantity=1, unit_price=usd("10.00")),),
        card_expiry="12/30",
        payment=payment,
    )
    return saga.receive(order, BY_ANA, policy(level(BORIS)), NOON, needs_approval=False).state


def notices(change: OrderChange) -> tuple[NoticeKind, ...]:
    return thread_notices(change.state, change.facts)


def done(state: OrderState, *names: StepName) -> OrderState:
    for name in names:
        state = saga.step_started(state, name, NOON).state
        state = saga.step_completed(state, name, f"{name}-1", NOON).state
    return state


@pytest.mark.parametrize("payment", PaymentMode)
def test_each_notable_step_sends_a_notice_when_it_is_done(payment: PaymentMode) -> None:
    state, seen = received(payment), []
    for name in StepName:
        began = saga.step_started(state, name, NOON)
        ended = saga.step_completed(began.state, name, "REF-1", NOON)
        seen += [(name, kind) for kind in (*notices(began), *notices(ended))]
        state = ended.state

    news = [
        (StepName.PAY, NoticeKind.ORDER_PAID),
        (StepName.SHIP, NoticeKind.ORDER_SHIPPED),
        (StepName.DELIVER, NoticeKind.ORDER_DELIVERED),
    ]
    assert seen == (news if payment is PaymentMode.AWAIT else news[1:])


def test_a_cancellation_sends_a_notice_at_the_end_and_a_failure_sends_none() -> None:
    state = done(received(), StepName.RESERVE)
    cancelled = verbs.cancel(state, Cancellation(actor=BY_ANA), NOON)
    compensating = saga.turn_back(cancelled.state)
    compensated = saga.step_compensated(compensating.state, StepName.RESERVE, NOON)
    began = saga.step_started(state, StepName.PAY, NOON).state
    failed = saga.step_failed(began, StepName.PAY, recorded_failure("declined"), NOON)

    assert [notices(state) for state in (cancelled, compensating, compensated, failed)] == [
        (),
        (),
        (),
        (),
    ]
    assert notices(saga.compensated(compensated.state, NOON)) == (NoticeKind.ORDER_CANCELLED,)
    assert notices(saga.compensated(failed.state, NOON)) == ()


def test_an_order_that_needs_attention_sends_a_notice() -> None:
    state = saga.step_started(done(received(), StepName.RESERVE), StepName.PAY, NOON).state
    failed = saga.step_failed(state, StepName.PAY, recorded_failure("declined"), NOON).state
    stuck = saga.compensation_failed(failed, StepName.PAY, recorded_failure("refused"), NOON)

    assert notices(stuck) == (NoticeKind.ATTENTION,)


def test_a_shipping_notice_is_dropped_after_delivery_or_recall() -> None:
    shipped = done(received(), StepName.RESERVE, StepName.PAY, StepName.SHIP)
    arrived = done(shipped, StepName.DELIVER)
    began = saga.step_started(shipped, StepName.DELIVER, NOON + timedelta(days=2)).state
    compensating = saga.step_failed(
        began, StepName.DELIVER, recorded_failure("nobody was there"), NOON
    ).state

    assert still_relevant(SHIPPED, order_snapshot(shipped, 1)) == SHIPPED
    assert still_relevant(SHIPPED, order_snapshot(began, 1)) == SHIPPED
    assert still_relevant(SHIPPED, order_snapshot(arrived, 1)) is None
    assert still_relevant(SHIPPED, order_snapshot(compensating, 1)) is None
    for kind in (NoticeKind.ORDER_PAID, NoticeKind.ORDER_DELIVERED, NoticeKind.ORDER_CANCELLED):
        lasting = replace(SHIPPED, kind=kind)
        assert still_relevant(lasting, order_snapshot(arrived, 1)) == lasting
