"""Money and stock balance after any faults, with real workflows, activities and database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.audit import AuditActivities
from activities.incoming_payments import (
    EmbeddedBank,
    IncomingPaymentActivities,
    RefundActivities,
)
from activities.orders import InventoryActivities, PaymentActivities, ShippingActivities
from records.database import Database
from records.incoming_payments import IncomingPayments, judge_snapshot
from records.reservations import quantities
from records.stock import Product, Stock
from tests.any_policy import AnyPolicy
from tests.records.balance import Balance
from tests.workflows.fake_ports import FakeAudit, FakePorts
from tests.workflows.fault_injection import (
    STATEMENTS,
    Attempt,
    Fault,
    FaultInjector,
    statements_counted,
)
from tests.workflows.harness import Harness, OrderHandle, an_order, run_harness, usd
from workflows.order import OrderWorkflow
from workflows.ports.approvals import AuditBatch
from workflows.ports.orders import PaymentPort
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, Progress
from workflows.rules.orders.order import Order, OrderLine, OrderStatus, PaymentMode
from workflows.rules.orders.parcel import ParcelStatus
from workflows.rules.shared.ids import refund_id, shipment_id
from workflows.sweep import SweepInput, SweepWorkflow

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRICE, OTHER_PRICE, DESK_PRICE = "900.00", "90.00", "700.00"
OTHER_DESK, LAMP = (
    OrderLine(sku=sku, quantity=2, unit_price=usd("100.00")) for sku in ("DESK-1", "LAMP-1")
)
STOCK = 10_000
STEPS = ("reserve", "charge", "receive", "ship", "deliver")
COMPENSATIONS = ("release", "refund", "recall")
RECENT = SweepInput(older_than=timedelta(0))
LEFT_OVER = SweepInput(older_than=timedelta(0), give_back_after=timedelta(0))

ATTEMPT = st.one_of(
    st.sampled_from([Attempt(fault) for fault in Fault if fault is not Fault.INTERRUPTED]),
    st.builds(Attempt, st.just(Fault.INTERRUPTED), st.integers(0, STATEMENTS)),
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The faults of one order, and the payments that are received for it, and when.

    `parcels`: its items are in two warehouses. The faults of a step then hit the parcel that
    reaches the step first.
    """

    parcels: bool = False
    mode: PaymentMode
    attempts: dict[str, list[Attempt]]
    cancelled: bool
    paid: list[str]
    paid_too_late: list[str]

    @property
    def is_paid_in_time(self) -> bool:
        """Whether the payment arrives while the order awaits it: nothing fails before."""
        undisturbed = not (self.cancelled or self.attempts.get("reserve"))
        return self.mode is PaymentMode.AWAIT and bool(self.paid) and undisturbed


AMOUNTS = st.lists(st.sampled_from([PRICE, OTHER_PRICE]), max_size=2)
SCENARIOS = st.builds(
    Scenario,
    parcels=st.booleans(),
    mode=st.sampled_from(PaymentMode),
    attempts=st.fixed_dictionaries(
        {name: st.lists(ATTEMPT, max_size=2) for name in (*STEPS, *COMPENSATIONS, "give_back")}
    ),
    cancelled=st.sampled_from([False, False, True]),
    paid=AMOUNTS,
    paid_too_late=AMOUNTS,
)


def scenario(**attempts: Fault) -> Scenario:
    """Return the scenario of an order that is paid as expected, with one fault in each activity."""
    awaits = PaymentPort.receive.__name__ in attempts
    return Scenario(
        mode=PaymentMode.AWAIT if awaits else PaymentMode.CHARGE,
        attempts={name: [Attempt(fault)] for name, fault in attempts.items()},
        cancelled=False,
        paid=[PRICE] if awaits else [],
        paid_too_late=[],
    )


WORST = (Fault.RESULT_LOST, Fault.REFUSED_AND_RUN_LATE, Fault.REFUSED_AND_DONE)
FAULT_IN_EACH_STEP = [scenario(**{name: fault}) for name in STEPS for fault in WORST]
FAULT_IN_EACH_COMPENSATION = [
    scenario(deliver=Fault.REFUSED, **{name: fault}) for name in COMPENSATIONS for fault in WORST
]
FAULT_IN_A_PARCEL = [
    *(
        replace(scenario(**{name: fault}), parcels=True)
        for name in ("ship", "deliver")
        for fault in WORST
    ),
    *(
        replace(case, parcels=True)
        for case in FAULT_IN_EACH_COMPENSATION
        if "recall" in case.attempts
    ),
]


@dataclass(kw_only=True)
class RecordedAudit(FakeAudit):
    """The fake; for `paid_for` orders the real records too, where payments look up their order."""

    records: AuditActivities
    paid_for: set[str] = field(default_factory=set)

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        if batch.request_id in self.paid_for:
            await self.records.append(batch)
        await super().append(batch)


class LedgerPorts(FakePorts):
    """Fake ports, except for those that move money and stock, which are real."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.audit: RecordedAudit = RecordedAudit(
            changes=self.changes, records=AuditActivities(database, AnyPolicy(), lambda: NOON)
        )
        self._inventory = InventoryActivities(database)
        self._payment = PaymentActivities(database, NOON.date)
        self._shipping = ShippingActivities(database, lambda: NOON)
        self._received = IncomingPaymentActivities(database)
        self._refunds = RefundActivities(database, EmbeddedBank())

    def activities(self) -> list[Callable[..., object]]:
        return [
            self.audit.append,
            self.calendar.deadlines,
            self.directory.approvers,
            self.cards.publish,
            self.notices.tell,
            self.mail.send,
            self._inventory.reserve,
            self._inventory.release,
            self._payment.charge,
            self._payment.receive,
            self._payment.refund,
            self._shipping.ship,
            self._shipping.deliver,
            self._shipping.recall,
            self._received.sweep,
            self._refunds.give_back,
        ]


class LedgerTest:
    """Runs scenarios and checks the ledger afterwards."""

    def __init__(
        self, harness: Harness, audit: RecordedAudit, database: Database, faults: FaultInjector
    ) -> None:
        self.harness = harness
        self.audit = audit
        self.database = database
        self.faults = faults

    async def run(self, scenarios: Sequence[Scenario]) -> list[Order]:
        """Run the orders of the scenarios to their ends and settle every payment.

        One sweep at a time, as the schedule has it.
        """
        orders = await asyncio.gather(*(self._submit(scenario) for scenario in scenarios))
        submitted = list(zip(orders, scenarios, strict=True))
        events = [
            await self._receive_payment(order, paid)
            for order, scenario in submitted
            for paid in scenario.paid
        ]
        await self._sweep(RECENT)
        await asyncio.gather(*(self._end(order) for order in orders))
        events += [
            await self._receive_payment(order, paid)
            for order, scenario in submitted
            for paid in scenario.paid_too_late
        ]
        await self._sweep(
            LEFT_OVER
        )  # payments that an order has accepted are settled, all others are refunded
        await asyncio.gather(*(self._settle(event_id) for event_id in events))
        return orders

    async def _submit(self, scenario: Scenario) -> Order:
        """Submit the order, and return when a payment may arrive."""
        lines = (LAMP,) if scenario.parcels else ()
        order = an_order(DESK_PRICE, payment=scenario.mode, and_lines=lines or (OTHER_DESK,))
        if scenario.paid or scenario.paid_too_late:
            self.audit.paid_for.add(order.order_id)
        for name, attempts in scenario.attempts.items():
            self.faults.plan(order.order_id, name, attempts)
        handle = await self.harness.submit_order(order)
        if scenario.cancelled:
            with suppress(WorkflowUpdateFailedError):  # it has shipped already
                await self.harness.cancel(handle)
        due = "PaymentAwaited" if scenario.is_paid_in_time else "OrderReceived"
        await self.harness.ports.until(lambda: due in self.audit.kinds(order.order_id))
        return order

    async def _end(self, order: Order) -> None:
        """Advance the clock until the order has ended; resume it whenever it is stuck."""
        handle = self._handle(order)
        ending = asyncio.gather(self.harness.run_to_end(handle), self._advance_shipments(order))
        audit, resumed = self.audit, 0
        while True:
            await self.harness.ports.until(
                lambda: (
                    ending.done()
                    or "OrderEnded" in audit.kinds(handle.id)
                    or audit.kinds(handle.id).count("CompensationFailed") > resumed  # noqa: B023 - called at once
                )
            )
            if "OrderEnded" in audit.kinds(handle.id) or ending.done():
                break
            resumed += 1
            await self.harness.resume(handle)
        await ending

    async def _advance_shipments(self, order: Order) -> None:
        """Advance the clocks of the order's shipments, which are independent."""
        stored = await Stock(self.database).stored(order)
        if len(stored) == 1:
            return
        kinds = self.audit.kinds
        await self.harness.ports.until(
            lambda: "OrderEnded" in kinds(order.order_id) or self._is_shipping(order)
        )
        for part in stored:
            shipment = self.harness.client.get_workflow_handle(
                shipment_id(order.order_id, part.warehouse)
            )
            with suppress(RPCError):  # it has ended, or never started
                await self.harness.env.fast_forward(shipment)

    def _is_shipping(self, order: Order) -> bool:
        facts = self.audit.of(order.order_id)
        return any(fact.kind == "StepStarted" and fact.data["step"] == "ship" for fact in facts)

    async def _receive_payment(self, order: Order, amount: str) -> str:
        """Store a payment as the webhook does before it crashes; return its event id."""
        payment = IncomingPayment(
            event_id=f"evt-{uuid4()}", order_id=order.order_id, amount=usd(amount), paid_at=NOON
        )
        await IncomingPayments(self.database).receive(payment, judge_snapshot, NOON)
        return payment.event_id

    async def _sweep(self, workflow_input: SweepInput) -> None:
        await self.harness.client.execute_workflow(
            SweepWorkflow.run, workflow_input, id=f"sweep-{uuid4()}", task_queue=self.harness.queue
        )

    async def _settle(self, event_id: str) -> None:
        """Wait until a payment is settled: booked for its order, or refunded."""
        refund = self.harness.client.get_workflow_handle_for(
            RefundWorkflow.run, refund_id(event_id)
        )
        receipt = await IncomingPayments(self.database).get(event_id)
        assert receipt is not None
        if receipt.progress is not Progress.SETTLED:
            await self.harness.run_to_end(refund)

    def _handle(self, order: Order) -> OrderHandle:
        return self.harness.client.get_workflow_handle_for(OrderWorkflow.run, order.order_id)

    async def assert_balanced(self, order: Order) -> None:
        """Check one order's money and stock against its final status."""
        snapshot = await self._handle(order).query(OrderWorkflow.details)
        balance = await Balance(self.database).of_order(order.order_id)
        total = order.total.amount
        assert balance.charged in (0, total)
        assert balance.held == {}
        if snapshot.status is OrderStatus.COMPLETED:
            assert balance.paid == total
            assert balance.shipped == quantities(order)
            assert {parcel.status for parcel in snapshot.parcels} <= {ParcelStatus.DELIVERED}
        else:
            assert balance.paid == 0
            assert balance.shipped == {}
            sent = {ParcelStatus.SHIPPED, ParcelStatus.DELIVERED}
            assert not sent & {parcel.status for parcel in snapshot.parcels}
            assert not any(parcel.owed for parcel in snapshot.parcels)
        assert balance.kept == (balance.charged if order.payment is PaymentMode.AWAIT else 0)


@pytest.fixture(scope="module")
async def ledger(
    temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LedgerTest]:
    faults = FaultInjector()
    path = tmp_path_factory.mktemp("ledger") / "records.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        await Stock(database).seed(
            [
                Product(sku="DESK-1", name="Desk", on_hand=STOCK, warehouse="NORTH"),
                Product(sku="LAMP-1", name="Lamp", on_hand=STOCK, warehouse="SOUTH"),
            ]
        )
        ports = LedgerPorts(database)
        with statements_counted():
            async with run_harness(temporal, ports, interceptors=[faults]) as harness:
                yield LedgerTest(
                    harness=harness, audit=ports.audit, database=database, faults=faults
                )


@settings(
    max_examples=2,  # the first is always the simplest scenario
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking is useless: no two runs are alike
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@example(scenarios=FAULT_IN_EACH_STEP[:8])
@example(scenarios=FAULT_IN_EACH_STEP[8:])
@example(scenarios=FAULT_IN_EACH_COMPENSATION)
@example(scenarios=FAULT_IN_A_PARCEL)
@given(scenarios=st.lists(SCENARIOS, min_size=4, max_size=4))
async def test_money_and_stock_balance_after_any_faults(
    ledger: LedgerTest, scenarios: list[Scenario]
) -> None:
    """At most one charge and one refund; a failed order keeps nothing; no item is lost."""
    orders = await ledger.run(scenarios)
    await ledger.faults.run_late_attempts()

    for order in orders:
        await ledger.assert_balanced(order)
    for product in await Balance(ledger.database).of_stock():
        assert product.balanced
        assert (product.stocked, product.reserved) == (STOCK, 0)


async def test_a_payment_booked_by_a_failed_step_is_refunded_once(
    ledger: LedgerTest,
) -> None:
    """The order's compensation refunds it; the sweep trusts the ledger, not the failed step."""
    (order,) = await ledger.run([scenario(receive=Fault.REFUSED_AND_DONE)])

    balance = await Balance(ledger.database).of_order(order.order_id)
    total = order.total.amount
    assert (balance.charged, balance.refunded) == (total, total)
    assert (balance.received, balance.returned) == (total, Decimal(0))
