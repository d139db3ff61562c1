"""The saga as a model: whatever fails, started steps are compensated in reverse order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import ANA, BORIS, NOON, actor, level, policy, usd
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.orders import saga, verbs
from workflows.rules.orders.order import (
    ENDED,
    Cancellation,
    Order,
    OrderChange,
    OrderLine,
    OrderState,
    OrderStatus,
    PaymentConfirmation,
    PaymentMode,
    Resumption,
    StepName,
)
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.errors import RuleError
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.saga import StepStatus

OPERATOR = Actor(person="", origin=Origin.CLI, operator="gus@host")


@dataclass(frozen=True, kw_only=True)
class Failures:
    """The failures of a run. `took_effect` are failing steps that took effect although they failed."""

    mode: PaymentMode
    fails: frozenset[StepName]
    took_effect: frozenset[StepName]
    stuck: dict[StepName, int]
    cancel_at: int
    pay_at: int


lucks = st.builds(
    Failures,
    mode=st.sampled_from(PaymentMode),
    fails=st.frozensets(st.sampled_from(StepName), max_size=2),
    took_effect=st.frozensets(st.sampled_from(StepName)),
    stuck=st.dictionaries(st.sampled_from(list(saga.COMPENSATIONS)), st.integers(1, 3)),
    cancel_at=st.integers(0, 20),
    pay_at=st.integers(0, 8),
)


@dataclass
class World:
    """The external effects and the order as the rules know it. It plays the part of the workflow."""

    failures: Failures
    state: OrderState
    now: datetime = NOON
    facts: list[AuditEvent] = field(default_factory=list)
    standing: list[StepName] = field(default_factory=list)
    undone: list[StepName] = field(default_factory=list)
    cancelled: bool = False
    turns: int = 0

    def take(self, change: OrderChange) -> None:
        self.state = change.state
        self.facts += change.facts

    def play(self) -> None:
        stuck = dict(self.failures.stuck)
        while self.state.status not in ENDED:
            self.turns += 1
            self.now += timedelta(minutes=1)
            assert self.turns < 60, "it never ends"
            self._others()
            match self.state.status:
                case OrderStatus.COMPENSATING:
                    self._back(stuck)
                case OrderStatus.NEEDS_ATTENTION:
                    self.take(verbs.resume(self.state, Resumption(actor=OPERATOR), self.now))
                case OrderStatus.AWAITING_PAYMENT:
                    self._await()
                case _:
                    self._forward()

    def _others(self) -> None:
        if self.turns == self.failures.pay_at:
            total = self.state.order.total
            payment = PaymentConfirmation(
                event_id="evt-1", amount=total.amount, currency="USD", paid_at=self.now
            )
            self.take(verbs.confirm_payment(self.state, payment, self.now))
        if self.turns == self.failures.cancel_at:
            cancellation = Cancellation(actor=actor(ANA))
            try:
                verbs.check_cancel(self.state, cancellation, self.now)
            except RuleError:
                return
            self.cancelled = True
            self.take(verbs.cancel(self.state, cancellation, self.now))

    def _forward(self) -> None:
        if self.state.cancelled is not None:
            self.take(saga.turn_back(self.state))
            return
        name = saga.next_step(self.state)
        self.take(saga.step_started(self.state, name, self.now))
        registered = name in self.state.owed
        assert registered == (name in saga.COMPENSATIONS), "begun without its compensation"
        if self.state.status is not OrderStatus.AWAITING_PAYMENT:
            self._act(name)

    def _await(self) -> None:
        assert self.state.payment_due is not None
        if self.state.payment is not None:
            self.standing.append(StepName.PAY)
            self.take(saga.step_completed(self.state, StepName.PAY, "evt-1", self.now))
        elif self.state.cancelled is not None:
            self.take(saga.turn_back(self.state))
        elif self.turns > 10:
            self.now = self.state.payment_due
            self.take(saga.payment_window_ended(self.state, self.now))

    def _act(self, name: StepName) -> None:
        fails = name in self.failures.fails
        if not fails or name in self.failures.took_effect:
            self.standing.append(name)
        if fails:
            self.take(saga.step_failed(self.state, name, recorded_failure("broken"), self.now))
        else:
            self.take(saga.step_completed(self.state, name, f"{name}-1", self.now))

    def _back(self, stuck: dict[StepName, int]) -> None:
        owed = saga.steps_to_compensate(self.state)
        if not owed:
            self.take(saga.compensated(self.state, self.now))
            return
        name = owed[0]
        if stuck.get(name, 0) > 0:
            stuck[name] -= 1
            self.take(
                saga.compensation_failed(self.state, name, recorded_failure("shut"), self.now)
            )
            return
        self.undone.append(name)
        undone = {name, StepName.DELIVER} if name is StepName.SHIP else {name}
        self.standing = [effect for effect in self.standing if effect not in undone]
        self.take(saga.step_compensated(self.state, name, self.now))


def _played(failures: Failures) -> World:
    order = Order(
        order_id="ORD-1",
        customer="Ada",
        lines=(OrderLine(sku="DESK-1", quantity=1, unit_price=usd("10.00")),),
        card_expiry="12/30",
        payment=failures.mode,
    )
    started = saga.receive(order, actor(ANA), policy(level(BORIS)), NOON, needs_approval=False)
    world = World(failures=failures, state=started.state, facts=list(started.facts))
    world.play()
    return world


@QUICK_PROPERTY
@given(lucks)
def test_an_order_is_completed_or_fully_compensated_and_its_status_matches(
    failures: Failures,
) -> None:
    world = _played(failures)

    state = world.state
    if state.status is OrderStatus.COMPLETED:
        assert world.standing == list(StepName)
        assert world.undone == []
        assert not world.cancelled
    else:
        assert world.standing == []
        expected = OrderStatus.CANCELLED if world.cancelled else state.ending
        assert state.status is expected
    assert state.owed == ()
    assert state.stuck is None


@QUICK_PROPERTY
@given(lucks)
def test_started_steps_are_compensated_once_in_reverse_order(failures: Failures) -> None:
    world = _played(failures)

    registered = [
        StepName(fact.data["step"])
        for fact in world.facts
        if fact.kind == "StepStarted" and fact.data["compensation"]
    ]
    compensated = [fact.data["step"] for fact in world.facts if fact.kind == "StepCompensated"]
    expected = [] if world.state.status is OrderStatus.COMPLETED else registered[::-1]
    assert world.undone == expected
    assert compensated == [name.value for name in expected]
    assert [fact.sequence for fact in world.facts] == list(range(1, len(world.facts) + 1))


@QUICK_PROPERTY
@given(lucks)
def test_no_step_is_left_running_or_started_twice(failures: Failures) -> None:
    world = _played(failures)

    started = [fact.data["step"] for fact in world.facts if fact.kind == "StepStarted"]
    assert len(started) == len(set(started))
    assert StepStatus.RUNNING not in {step.status for step in world.state.steps}
