"""The verbs of an order: who may use them, when, and what they change."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    GUS,
    NOON,
    actor,
    after,
    kinds,
    level,
    policy,
    table,
    usd,
)
from workflows.rules.orders import saga, verbs
from workflows.rules.orders.order import (
    PAYMENT_WINDOW,
    Cancellation,
    Order,
    OrderLine,
    OrderState,
    OrderStatus,
    PaymentConfirmation,
    PaymentMode,
    Resumption,
    StepName,
)
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.errors import (
    AdminsUnknownError,
    AlreadyCancelledError,
    AlreadyShippedError,
    BeingUndoneError,
    NotAnAdminError,
    NothingToResumeError,
    NotYourOrderError,
    OrderClosedError,
    ReasonTooLongError,
    RuleError,
)
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.saga import StepStatus

RESERVE, PAY, SHIP, DELIVER = StepName
OPERATOR = Actor(person="", origin=Origin.API, operator="shop")
REQUESTER = actor(ANA)
BY_ANA = Cancellation(actor=REQUESTER, reason="no need")


def new(mode: PaymentMode = PaymentMode.CHARGE, *, needs_approval: bool = False) -> OrderState:
    order = Order(
        order_id="ORD-1",
        customer="Ada",
        lines=(OrderLine(sku="DESK-1", quantity=2, unit_price=usd("750.00")),),
        card_expiry="12/30",
        payment=mode,
    )
    return saga.receive(
        order, actor(ANA), policy(level(BORIS)), NOON, needs_approval=needs_approval
    ).state


def done(*names: StepName) -> OrderState:
    state = new()
    for name in names:
        state = saga.step_started(state, name, NOON).state
        state = saga.step_completed(state, name, f"{name}-1", NOON).state
    return state


def running(name: StepName) -> OrderState:
    names = list(StepName)
    return saga.step_started(done(*names[: names.index(name)]), name, NOON).state


def failed(name: StepName) -> OrderState:
    return saga.step_failed(running(name), name, recorded_failure("declined"), NOON).state


def stuck() -> OrderState:
    return saga.compensation_failed(
        failed(PAY), PAY, recorded_failure("the bank is shut"), NOON
    ).state


def awaiting() -> OrderState:
    state = saga.step_started(new(PaymentMode.AWAIT), RESERVE, NOON).state
    state = saga.step_completed(state, RESERVE, "RES-1", NOON).state
    return saga.step_started(state, PAY, NOON).state


def paid(
    amount: str = "1500.00", currency: str = "USD", event: str = "evt-1"
) -> PaymentConfirmation:
    return PaymentConfirmation(
        event_id=event, amount=Decimal(amount), currency=currency, paid_at=NOON
    )


@dataclass(frozen=True, kw_only=True)
class Cancel:
    description: str
    given: OrderState
    by: Actor = REQUESTER
    reason: str = ""
    then: type[RuleError] | None = None


@table(
    Cancel(description="before its approval", given=new(needs_approval=True)),
    Cancel(description="before the first step", given=new()),
    Cancel(description="while it is being reserved", given=running(RESERVE)),
    Cancel(description="while the card is being charged", given=running(PAY)),
    Cancel(description="while it waits for payment", given=awaiting()),
    Cancel(description="once it is paid", given=done(RESERVE, PAY)),
    Cancel(description="by a caller of the API", given=new(), by=OPERATOR),
    Cancel(
        description="by an operator",
        given=new(),
        by=Actor(person=GUS, origin=Origin.CLI, operator="gus@host"),
    ),
    Cancel(description="by a stranger", given=new(), by=actor(BORIS), then=NotYourOrderError),
    Cancel(
        description="by a stranger, after its end",
        given=done(*StepName),
        by=actor(BORIS),
        then=NotYourOrderError,
    ),
    Cancel(description="while it ships", given=running(SHIP), then=AlreadyShippedError),
    Cancel(description="when it has shipped", given=running(DELIVER), then=AlreadyShippedError),
    Cancel(description="after its end", given=done(*StepName), then=OrderClosedError),
    Cancel(description="while it is being compensated", given=failed(PAY), then=BeingUndoneError),
    Cancel(description="after its shipment failed", given=failed(SHIP), then=BeingUndoneError),
    Cancel(description="while it needs attention", given=stuck(), then=BeingUndoneError),
    Cancel(
        description="twice",
        given=verbs.cancel(new(), BY_ANA, NOON).state,
        then=AlreadyCancelledError,
    ),
    Cancel(
        description="with a reason that is too long",
        given=new(),
        reason="x" * 3001,
        then=ReasonTooLongError,
    ),
)
def test_who_may_cancel_and_when(row: Cancel) -> None:
    wish = Cancellation(actor=row.by, reason=row.reason)

    if row.then is None:
        verbs.check_cancel(row.given, wish, NOON)
        assert row.given.is_cancellable
    else:
        with pytest.raises(row.then):
            verbs.check_cancel(row.given, wish, NOON)


def test_a_cancellation_is_a_fact_with_its_reason_and_changes_no_step() -> None:
    change = verbs.cancel(running(PAY), BY_ANA, after(minutes=1))

    assert kinds(change.facts) == ["OrderCancelled"]
    assert (change.facts[0].actor, change.facts[0].reason) == (actor(ANA), "no need")
    assert change.state.status is OrderStatus.PROCESSING
    assert change.state.step(PAY).status is StepStatus.RUNNING
    assert not change.state.is_cancellable


def test_a_cancelled_order_is_compensated_and_ends_as_cancelled() -> None:
    state = saga.turn_back(verbs.cancel(awaiting(), BY_ANA, NOON).state).state
    undone = saga.steps_to_compensate(state)
    for name in undone:
        state = saga.step_compensated(state, name, NOON).state

    ended = saga.compensated(state, NOON).state

    assert undone == (PAY, RESERVE)
    assert ended.status is OrderStatus.CANCELLED
    assert ended.step(PAY).status is StepStatus.STOPPED


@pytest.mark.parametrize(
    ("by", "operator"),
    [
        (actor(ANA), ""),
        (OPERATOR, "shop"),
        (Actor(person=GUS, origin=Origin.CLI), GUS),
        (Actor(person=GUS, origin=Origin.CLI, operator="gus@host"), "gus@host"),
    ],
)
def test_an_approval_is_withdrawn_in_the_requesters_name(by: Actor, operator: str) -> None:
    cancelled = verbs.cancel(new(needs_approval=True), Cancellation(actor=by, reason="r"), NOON)

    withdrawal = verbs.withdrawal(cancelled.state)

    assert withdrawal is not None
    assert withdrawal.reason == "r"
    assert withdrawal.actor == Actor(person=ANA, origin=Origin.WORKFLOW, operator=operator)
    assert verbs.withdrawal(new()) is None


@dataclass(frozen=True, kw_only=True)
class Resume:
    description: str
    given: OrderState
    by: Actor
    then: type[RuleError] | None = None


KNOWN = replace(stuck(), admins=(GUS,))


@table(
    Resume(description="by an operator", given=stuck(), by=OPERATOR),
    Resume(
        description="by an admin in Slack",
        given=KNOWN,
        by=Actor(person=GUS, origin=Origin.SLACK),
    ),
    Resume(
        description="by another person in Slack",
        given=KNOWN,
        by=Actor(person=ANA, origin=Origin.SLACK),
        then=NotAnAdminError,
    ),
    Resume(
        description="before the admins are known",
        given=stuck(),
        by=Actor(person=GUS, origin=Origin.SLACK),
        then=AdminsUnknownError,
    ),
    Resume(
        description="of an order in progress", given=new(), by=OPERATOR, then=NothingToResumeError
    ),
    Resume(
        description="of an order being compensated",
        given=failed(PAY),
        by=OPERATOR,
        then=NothingToResumeError,
    ),
)
def test_who_may_resume_and_when(row: Resume) -> None:
    if row.then is None:
        verbs.check_resume(row.given, Resumption(actor=row.by), NOON)
    else:
        with pytest.raises(row.then):
            verbs.check_resume(row.given, Resumption(actor=row.by), NOON)


def test_a_resumed_order_keeps_its_owed_compensations() -> None:
    change = verbs.resume(stuck(), Resumption(actor=OPERATOR), NOON)

    assert change.state.status is OrderStatus.COMPENSATING
    assert saga.steps_to_compensate(change.state) == (PAY, RESERVE)
    assert change.state.stuck is None
    assert change.facts[0].data == {"step": "pay"}


@dataclass(frozen=True, kw_only=True)
class Payment:
    description: str
    given: OrderState
    payment: PaymentConfirmation
    then: str = ""


@table(
    Payment(description="the expected payment", given=awaiting(), payment=paid()),
    Payment(description="before it is expected", given=new(PaymentMode.AWAIT), payment=paid()),
    Payment(
        description="while the order waits for its approval",
        given=new(PaymentMode.AWAIT, needs_approval=True),
        payment=paid(),
    ),
    Payment(
        description="a cent less", given=awaiting(), payment=paid("1499.99"), then="other_amount"
    ),
    Payment(
        description="another currency",
        given=awaiting(),
        payment=paid(currency="EUR"),
        then="other_amount",
    ),
    Payment(
        description="for an order that charges a card",
        given=running(PAY),
        payment=paid(),
        then="not_awaited",
    ),
    Payment(
        description="too late",
        given=saga.payment_window_ended(awaiting(), NOON).state,
        payment=paid(),
        then="order_closed",
    ),
    Payment(
        description="a second payment",
        given=verbs.confirm_payment(awaiting(), paid(), NOON).state,
        payment=paid(event="evt-2"),
        then="paid_already",
    ),
)
def test_payments_are_accepted_or_unmatched(row: Payment) -> None:
    change = verbs.confirm_payment(row.given, row.payment, NOON)
    again = verbs.confirm_payment(change.state, row.payment, NOON)

    (fact,) = change.facts
    assert fact.kind == ("PaymentUnmatched" if row.then else "PaymentConfirmed")
    assert fact.rule == row.then
    assert fact.data["event_id"] == row.payment.event_id
    assert change.state.payment == (row.given.payment if row.then else row.payment)
    assert again.facts == ()


def test_the_payment_window_starts_with_the_payment_step_and_ends_the_order() -> None:
    state = awaiting()

    change = saga.payment_window_ended(state, after(minutes=1))

    assert state.payment_due == NOON + PAYMENT_WINDOW
    assert change.state.status is OrderStatus.COMPENSATING
    assert change.state.ending is OrderStatus.EXPIRED
    assert kinds(change.facts) == ["PaymentWindowEnded"]


@pytest.mark.parametrize(
    ("wish", "window"),
    [
        (None, PAYMENT_WINDOW),
        (timedelta(seconds=10), timedelta(seconds=10)),
        (timedelta(days=2), PAYMENT_WINDOW),
    ],
)
def test_a_requested_payment_window_can_only_be_shorter(
    wish: timedelta | None, window: timedelta
) -> None:
    change = saga.receive(
        new().order, actor(ANA), policy(), NOON, needs_approval=False, payment_window=wish
    )

    assert change.state.payment_window == window
