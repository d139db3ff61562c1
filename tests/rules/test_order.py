"""The order: totals, each step, each failure and its compensation, each outcome of its approval."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from tests.rules.verbs import CLOSED, in_status
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.orders import order as rules
from workflows.rules.orders import saga, verbs
from workflows.rules.orders.order import (
    ENDED,
    Cancellation,
    Order,
    OrderChange,
    OrderLine,
    OrderState,
    OrderStatus,
    Step,
    StepName,
)
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import content_evidence
from workflows.rules.shared.failure import read_failure, recorded_failure
from workflows.rules.shared.money import Money
from workflows.rules.shared.saga import StepStatus

RESERVE, PAY, SHIP, DELIVER = StepName


def order(*lines: tuple[str, int, str]) -> Order:
    """Return an order of (product, quantity, unit price) lines."""
    return Order(
        order_id="ORD-1",
        customer="Ada",
        lines=tuple(
            OrderLine(sku=sku, quantity=quantity, unit_price=usd(price))
            for sku, quantity, price in lines or [("DESK-1", 1, "1500.00")]
        ),
        card_expiry="12/30",
        note="by Friday",
    )


def received(*, needs_approval: bool = False) -> OrderChange:
    return saga.receive(
        order(), actor(ANA), policy(level(BORIS)), NOON, needs_approval=needs_approval
    )


def done(*names: StepName) -> OrderState:
    """Return an order whose first steps are done."""
    state = received().state
    for name in names:
        state = saga.step_started(state, name, NOON).state
        state = saga.step_completed(state, name, f"{name}-1", NOON).state
    return state


def failed(name: StepName) -> OrderState:
    """Return an order whose step of that name has failed."""
    names = list(StepName)
    state = done(*names[: names.index(name)])
    state = saga.step_started(state, name, NOON).state
    return saga.step_failed(state, name, recorded_failure("the card has expired"), NOON).state


def statuses(state: OrderState) -> list[str]:
    return [step.status.value for step in state.steps]


# Totals


@dataclass(frozen=True, kw_only=True)
class Total:
    description: str
    given: Order
    then: str


@table(
    Total(description="one item", given=order(("A", 1, "1500.00")), then="1500.00"),
    Total(description="three items", given=order(("A", 3, "0.10")), then="0.30"),
    Total(
        description="two lines",
        given=order(("A", 2, "499.99"), ("B", 1, "0.03")),
        then="1000.01",
    ),
    Total(
        description="the same product twice",
        given=order(("A", 1, "1.00"), ("A", 1, "2.00")),
        then="3.00",
    ),
    Total(
        description="the largest line, to the cent",
        given=order(("A", 9999, "9999999999999.99")),
        then="99989999999999900.01",
    ),
)
def test_the_total_of_an_order(row: Total) -> None:
    total = row.given.total

    assert total == usd(row.then)


@QUICK_PROPERTY
@given(
    st.lists(
        st.tuples(
            st.integers(min_value=1, max_value=9_999), st.integers(min_value=1, max_value=10**13)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_total_is_the_sum_of_its_lines(lines: list[tuple[int, int]]) -> None:
    drawn = order(*(("A", quantity, str(Decimal(cents) / 100)) for quantity, cents in lines))

    total = drawn.total

    assert total.amount * 100 == sum(quantity * cents for quantity, cents in lines)


def test_an_order_of_two_currencies_has_no_total() -> None:
    euro = OrderLine(sku="B", quantity=1, unit_price=Money(amount=Decimal("1.00"), currency="EUR"))
    mixed = replace(order(), lines=(*order().lines, euro))

    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        _ = mixed.total


def test_the_content_has_each_line_with_its_total_and_the_note() -> None:
    read = rules.content(order(("DESK-1", 2, "750.00"), ("LAMP-2", 1, "9.50")))

    assert read.title == "ORD-1 · Ada"
    assert read.text == "by Friday"
    assert [(field.label, field.value) for field in read.fields] == [
        ("DESK-1", "2 x 750.00 USD = 1,500.00 USD"),
        ("LAMP-2", "1 x 9.50 USD = 9.50 USD"),
    ]
    assert read.amount == usd("1509.50")


# Receiving, and the approval


@pytest.mark.parametrize(
    ("needs_approval", "status"),
    [(True, OrderStatus.AWAITING_APPROVAL), (False, OrderStatus.PROCESSING)],
)
def test_an_order_waits_for_an_approval_only_if_it_needs_one(
    needs_approval: bool,  # noqa: FBT001 - a column of the table
    status: OrderStatus,
) -> None:
    change = received(needs_approval=needs_approval)

    assert change.state.status is status
    assert statuses(change.state) == ["waiting"] * 4
    assert kinds(change.facts) == ["OrderReceived"]
    assert change.facts[0].actor == actor(ANA)
    assert change.facts[0].data == {
        "total": "1,500.00 USD",
        "needs_approval": str(needs_approval).lower(),
        **content_evidence(rules.content(order())),
    }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    description: str
    given: Status
    then: OrderStatus
    facts: list[str]
    by: Actor


@table(
    Outcome(
        description="an approved order continues",
        given=Status.APPROVED,
        then=OrderStatus.PROCESSING,
        facts=["ApprovalEnded"],
        by=actor(BORIS),
    ),
    Outcome(
        description="a rejected order ends",
        given=Status.REJECTED,
        then=OrderStatus.REJECTED,
        facts=["ApprovalEnded", "OrderEnded"],
        by=actor(BORIS),
    ),
    Outcome(
        description="an expired order ends",
        given=Status.EXPIRED,
        then=OrderStatus.EXPIRED,
        facts=["ApprovalEnded", "OrderEnded"],
        by=CLOCK,
    ),
    Outcome(
        description="a withdrawn order is cancelled",
        given=Status.WITHDRAWN,
        then=OrderStatus.CANCELLED,
        facts=["ApprovalEnded", "OrderEnded"],
        by=actor(ANA),
    ),
    Outcome(
        description="an order whose approval was closed by an admin is cancelled",
        given=Status.ADMIN_CLOSED,
        then=OrderStatus.CANCELLED,
        facts=["ApprovalEnded", "OrderEnded"],
        by=actor(GUS),
    ),
)
def test_the_effect_of_the_approvals_outcome(row: Outcome) -> None:
    approval = approval_snapshot(in_status(row.given), 7)

    change = saga.approval_ended(received(needs_approval=True).state, approval, after(minutes=1))

    assert change.state.status is row.then
    assert change.state.approval == approval
    assert change.state.ended_at == (after(minutes=1) if row.then in ENDED else None)
    assert statuses(change.state) == ["waiting"] * 4
    assert kinds(change.facts) == row.facts
    assert change.facts[0].actor == row.by
    assert change.facts[0].rule == approval.closing_rule
    assert change.facts[0].data == {"outcome": row.given}


ONCE_CANCELLED = {
    Status.APPROVED: OrderStatus.CANCELLED,
    Status.EXPIRED: OrderStatus.CANCELLED,
    Status.WITHDRAWN: OrderStatus.CANCELLED,
    Status.ADMIN_CLOSED: OrderStatus.CANCELLED,
    Status.REJECTED: OrderStatus.REJECTED,
}


@pytest.mark.parametrize("outcome", CLOSED)
def test_a_cancelled_order_ends_as_cancelled_unless_its_approval_was_rejected(
    outcome: Status,
) -> None:
    cancellation = Cancellation(actor=actor(ANA))
    cancelled = verbs.cancel(received(needs_approval=True).state, cancellation, NOON).state

    change = saga.approval_ended(
        cancelled, approval_snapshot(in_status(outcome), 7), after(minutes=1)
    )

    assert change.state.status is ONCE_CANCELLED[outcome]
    assert kinds(change.facts) == ["ApprovalEnded", "OrderEnded"]


@pytest.mark.parametrize("end", CLOSED)
def test_an_order_continues_or_ends_after_every_outcome_of_its_approval(end: Status) -> None:
    approval = approval_snapshot(in_status(end), 7)

    status = saga.approval_ended(received(needs_approval=True).state, approval, NOON).state.status

    assert status in {*ENDED, OrderStatus.PROCESSING}


def test_an_order_whose_approval_was_terminated_fails_closed() -> None:
    change = saga.approval_lost(received(needs_approval=True).state, NOON)

    assert change.state.status is OrderStatus.FAILED
    cause = read_failure(change.state.failure)
    assert cause is not None
    assert cause.code == "approval_lost"
    assert change.state.ended_at == NOON
    assert kinds(change.facts) == ["OrderEnded"]


# Steps


@pytest.mark.parametrize("name", StepName)
def test_a_started_step_is_running_and_the_others_do_not_change(name: StepName) -> None:
    change = saga.step_started(received().state, name, NOON)

    assert [step.name for step in change.state.steps if step.status is StepStatus.RUNNING] == [name]
    assert change.state.status is OrderStatus.PROCESSING
    assert kinds(change.facts) == ["StepStarted"]
    assert change.facts[0].actor == CLOCK
    assert change.facts[0].data == {
        "step": name.value,
        "reference": "",
        "error": "",
        "compensation": saga.COMPENSATIONS.get(name, ""),
    }


@pytest.mark.parametrize("name", [RESERVE, PAY, SHIP])
def test_a_completed_step_keeps_its_reference_and_the_order_continues(name: StepName) -> None:
    change = saga.step_completed(received().state, name, "REF-1", NOON)

    assert change.state.step(name) == Step(name=name, status=StepStatus.DONE, reference="REF-1")
    assert change.state.status is OrderStatus.PROCESSING
    assert change.state.ended_at is None
    assert kinds(change.facts) == ["StepCompleted"]
    assert change.facts[0].data["reference"] == "REF-1"


def test_the_last_step_completes_the_order() -> None:
    change = saga.step_completed(done(RESERVE, PAY, SHIP), DELIVER, "DLV-1", after(minutes=1))

    assert change.state.status is OrderStatus.COMPLETED
    assert change.state.ended_at == after(minutes=1)
    assert statuses(change.state) == ["done"] * 4
    assert kinds(change.facts) == ["StepCompleted", "OrderEnded"]
    assert change.facts[1].data == {"status": "completed"}


def test_the_steps_are_reserve_pay_ship_and_deliver_in_this_order() -> None:
    names = [step.name for step in received().state.steps]

    assert names == [RESERVE, PAY, SHIP, DELIVER]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A step that fails, the compensations that follow, and the step statuses before and after."""

    description: str
    given: StepName
    undone: tuple[StepName, ...]
    before: list[str]
    then: list[str]


FAILURES = (
    Failure(
        description="reserving fails: only the reservation is compensated",
        given=RESERVE,
        undone=(RESERVE,),
        before=["failed", "waiting", "waiting", "waiting"],
        then=["failed", "waiting", "waiting", "waiting"],
    ),
    Failure(
        description="paying fails: the payment, then the reservation",
        given=PAY,
        undone=(PAY, RESERVE),
        before=["done", "failed", "waiting", "waiting"],
        then=["compensated", "failed", "waiting", "waiting"],
    ),
    Failure(
        description="shipping fails: the shipment, the payment, then the reservation",
        given=SHIP,
        undone=(SHIP, PAY, RESERVE),
        before=["done", "done", "failed", "waiting"],
        then=["compensated", "compensated", "failed", "waiting"],
    ),
    Failure(
        description="delivering fails: the shipment, the payment, then the reservation",
        given=DELIVER,
        undone=(SHIP, PAY, RESERVE),
        before=["done", "done", "done", "failed"],
        then=["compensated", "compensated", "compensated", "failed"],
    ),
)


@table(*FAILURES)
def test_a_failed_step_starts_compensation(row: Failure) -> None:
    state = failed(row.given)

    assert state.status is OrderStatus.COMPENSATING
    assert state.failure == "the card has expired"
    assert state.step(row.given).error == "the card has expired"
    assert state.ended_at is None
    assert statuses(state) == row.before


@table(*FAILURES)
def test_steps_are_compensated_in_reverse_order(row: Failure) -> None:
    names = saga.steps_to_compensate(failed(row.given))

    assert names == row.undone


@table(*FAILURES)
def test_a_compensated_order_ends_as_failed_with_the_cause(row: Failure) -> None:
    state = failed(row.given)

    for name in saga.steps_to_compensate(state):
        state = saga.step_compensated(state, name, NOON).state
    change = saga.compensated(state, after(minutes=2))

    assert statuses(change.state) == row.then
    assert change.state.status is OrderStatus.FAILED
    assert change.state.failure == "the card has expired"
    assert change.state.step(row.given).error == "the card has expired"
    assert change.state.ended_at == after(minutes=2)
    assert kinds(change.facts) == ["OrderEnded"]


def test_a_compensated_step_keeps_its_reference() -> None:
    change = saga.step_compensated(failed(PAY), RESERVE, NOON)

    assert change.state.step(RESERVE).reference == "reserve-1"
    assert change.state.step(RESERVE).status is StepStatus.COMPENSATED
    assert kinds(change.facts) == ["StepCompensated"]


@pytest.mark.parametrize("names", [(), (RESERVE,), (RESERVE, PAY)])
def test_a_step_that_has_not_started_is_never_compensated(names: tuple[StepName, ...]) -> None:
    undone = saga.steps_to_compensate(done(*names))

    assert undone == names[::-1]


def test_sequences_are_continuous_over_the_whole_order() -> None:
    facts: list[AuditEvent] = []

    def take(change: OrderChange) -> OrderState:
        facts.extend(change.facts)
        return change.state

    state = take(received(needs_approval=True))
    state = take(saga.approval_ended(state, approval_snapshot(in_status(Status.APPROVED), 1), NOON))
    state = take(saga.step_started(state, RESERVE, NOON))
    state = take(saga.step_completed(state, RESERVE, "RES-1", NOON))
    state = take(saga.step_started(state, PAY, NOON))
    state = take(saga.step_failed(state, PAY, recorded_failure("declined"), NOON))
    for name in saga.steps_to_compensate(state):
        state = take(saga.step_compensated(state, name, NOON))
    state = take(saga.compensated(state, NOON))

    assert [fact.sequence for fact in facts] == list(range(1, 10))
    assert {fact.request_id for fact in facts} == {"ORD-1"}
    assert kinds(facts) == [
        "OrderReceived",
        "ApprovalEnded",
        "StepStarted",
        "StepCompleted",
        "StepStarted",
        "StepFailed",
        "StepCompensated",
        "StepCompensated",
        "OrderEnded",
    ]


def test_the_snapshot_of_an_order_is_its_state_at_a_version() -> None:
    state = failed(PAY)

    snapshot = rules.order_snapshot(state, 9)

    assert snapshot.card_version == 9
    assert snapshot.order == state.order
    assert snapshot.requester == actor(ANA)
    assert (snapshot.title, snapshot.channel, snapshot.language) == (
        "Customer order",
        "#approvals",
        "en",
    )
    assert snapshot.status is OrderStatus.COMPENSATING
    assert snapshot.steps == state.steps
    assert snapshot.failure == "the card has expired"
    assert snapshot.approval is None
    assert (snapshot.received_at, snapshot.ended_at) == (NOON, None)
