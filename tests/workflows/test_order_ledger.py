"""Money and stock balance after every storm: the real workflow, the real activities, a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.audit import AuditActivities
from activities.orders import InventoryActivities, PaymentActivities, ShippingActivities
from activities.received_payments import (
    EmbeddedBank,
    ReceivedPaymentActivities,
    RefundActivities,
    judge_face,
)
from records.balance import Balance
from records.database import Database
from records.received_payments import ReceivedPayments
from records.reservations import quantities
from records.stock import Product, Stock
from tests.workflows.fakes import FakeAudit, World
from tests.workflows.office import Office, OrderHandle, an_order, office_of, usd
from tests.workflows.storm import STATEMENTS, Attempt, Fate, Storm, statements_counted
from workflows.order import OrderWorkflow
from workflows.ports import AuditBatch, PaymentPort
from workflows.refund import RefundWorkflow
from workflows.rules.order import Order, OrderStatus, PaymentMode
from workflows.rules.received_payment import Progress, ReceivedPayment, refund_id
from workflows.sweep import SweepInput, SweepWorkflow

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRICE, OTHER_PRICE = "900.00", "90.00"
PIECES = 10_000
STEPS = ("reserve", "charge", "receive", "ship", "deliver")
UNDOS = ("release", "refund", "recall")
PAST = SweepInput(older_than=timedelta(0))
LEFT_OVER = SweepInput(older_than=timedelta(0), give_back_after=timedelta(0))

ATTEMPT = st.one_of(
    st.sampled_from([Attempt(fate) for fate in Fate if fate is not Fate.BROKEN_OFF]),
    st.builds(Attempt, st.just(Fate.BROKEN_OFF), st.integers(0, STATEMENTS)),
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens to one order, and which payments come in for it by themselves, and when."""

    mode: PaymentMode
    attempts: dict[str, list[Attempt]]
    cancelled: bool
    paid: list[str]
    paid_too_late: list[str]


AMOUNTS = st.lists(st.sampled_from([PRICE, OTHER_PRICE]), max_size=2)
STORIES = st.builds(
    Story,
    mode=st.sampled_from(PaymentMode),
    attempts=st.fixed_dictionaries(
        {name: st.lists(ATTEMPT, max_size=2) for name in (*STEPS, *UNDOS, "give_back")}
    ),
    cancelled=st.sampled_from([False, False, True]),
    paid=AMOUNTS,
    paid_too_late=AMOUNTS,
)


def story(**attempts: Fate) -> Story:
    """Return the story of an order that is paid for as it should be, with one mishap at a time."""
    awaits = PaymentPort.receive.__name__ in attempts
    return Story(
        mode=PaymentMode.AWAIT if awaits else PaymentMode.CHARGE,
        attempts={name: [Attempt(fate)] for name, fate in attempts.items()},
        cancelled=False,
        paid=[PRICE] if awaits else [],
        paid_too_late=[],
    )


WORST = (Fate.UNHEARD, Fate.GIVEN_UP, Fate.REFUSED_YET_DONE)
AT_EACH_STEP = [story(**{name: fate}) for name in STEPS for fate in WORST]
AT_EACH_UNDO = [story(deliver=Fate.REFUSED, **{name: fate}) for name in UNDOS for fate in WORST]


@dataclass(kw_only=True)
class RecordedAudit(FakeAudit):
    """The fake, and the records too: there a payment's order is looked for."""

    records: AuditActivities

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        await self.records.append(batch)
        await super().append(batch)


class LedgerWorld(World):
    """The fakes, except for everything that moves money and pieces."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.audit = RecordedAudit(bell=self.bell, records=AuditActivities(database))
        self._inventory = InventoryActivities(database)
        self._payment = PaymentActivities(database, NOON.date)
        self._shipping = ShippingActivities(database, lambda: NOON)
        self._received = ReceivedPaymentActivities(database)
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


class Ground:
    """Where stories happen, and the ledger that is looked at afterwards."""

    def __init__(self, office: Office, database: Database, storm: Storm) -> None:
        self.office = office
        self.database = database
        self.storm = storm

    async def play(self, stories: Sequence[Story]) -> list[Order]:
        """Take orders through their stories to their ends, and look after every payment.

        One sweep at a time, as the schedule has it.
        """
        orders = await asyncio.gather(*(self._begin(story) for story in stories))
        told = list(zip(orders, stories, strict=True))
        events = [await self._came_in(order, paid) for order, story in told for paid in story.paid]
        await self._sweep(PAST)
        await asyncio.gather(*(self._end(order) for order in orders))
        events += [
            await self._came_in(order, paid)
            for order, story in told
            for paid in story.paid_too_late
        ]
        await self._sweep(LEFT_OVER)  # what an order has taken is settled, all else goes back
        await asyncio.gather(*(self._looked_after(event_id) for event_id in events))
        return orders

    async def _begin(self, story: Story) -> Order:
        """Order, and return when a payment may come in."""
        order = an_order(PRICE, payment=story.mode)
        for name, attempts in story.attempts.items():
            self.storm.plan(order.order_id, name, attempts)
        # A payment that came in is refused for good only where it was not booked: see the port.
        booking = self.storm.attempts[order.order_id, PaymentPort.receive.__name__]
        while Attempt(Fate.REFUSED_YET_DONE) in booking:
            booking.remove(Attempt(Fate.REFUSED_YET_DONE))
        handle = await self.office.ask(order)
        if story.cancelled:
            with suppress(WorkflowUpdateFailedError):  # it is on its way already
                await self.office.cancel(handle)
        audit = self.office.world.audit
        await self.office.world.until(lambda: "OrderReceived" in audit.kinds(order.order_id))
        return order

    async def _end(self, order: Order) -> None:
        """Let time pass until the order has ended, and help wherever it cannot be undone."""
        handle = self._handle(order)
        ending = asyncio.create_task(self.office.end(handle))
        audit, helps = self.office.world.audit, 0
        while True:
            await self.office.world.until(
                lambda: (
                    ending.done()
                    or "OrderEnded" in audit.kinds(handle.id)
                    or audit.kinds(handle.id).count("CompensationFailed") > helps  # noqa: B023 - asked at once
                )
            )
            if "OrderEnded" in audit.kinds(handle.id) or ending.done():
                break
            helps += 1
            await self.office.resume(handle)
        await ending

    async def _came_in(self, order: Order, amount: str) -> str:
        """Keep a payment as the webhook does, which then goes down; return its event's id."""
        payment = ReceivedPayment(
            event_id=f"evt-{uuid4()}", order_id=order.order_id, amount=usd(amount), paid_at=NOON
        )
        await ReceivedPayments(self.database).receive(payment, judge_face, NOON)
        return payment.event_id

    async def _sweep(self, asked: SweepInput) -> None:
        await self.office.client.execute_workflow(
            SweepWorkflow.run, asked, id=f"sweep-{uuid4()}", task_queue=self.office.queue
        )

    async def _looked_after(self, event_id: str) -> None:
        """Wait until a payment is where it belongs: with its order, or back."""
        refund = self.office.client.get_workflow_handle_for(RefundWorkflow.run, refund_id(event_id))
        receipt = await ReceivedPayments(self.database).get(event_id)
        assert receipt is not None
        if receipt.progress is not Progress.SETTLED:
            await self.office.end(refund)

    def _handle(self, order: Order) -> OrderHandle:
        return self.office.client.get_workflow_handle_for(OrderWorkflow.run, order.order_id)

    async def assert_balanced(self, order: Order) -> None:
        """Check one order's money and pieces by how it ended."""
        face = await self._handle(order).query(OrderWorkflow.details)
        balance = await Balance(self.database).of_order(order.order_id)
        total = order.total.amount
        assert balance.charged in (0, total)
        assert balance.held == {}
        if face.status is OrderStatus.COMPLETED:
            assert balance.paid == total
            assert balance.shipped == quantities(order)
        else:
            assert balance.paid == 0
            assert balance.shipped == {}
        assert balance.kept == (balance.charged if order.payment is PaymentMode.AWAIT else 0)


@pytest.fixture(scope="module")
async def ground(
    temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ground]:
    storm = Storm()
    path = tmp_path_factory.mktemp("ledger") / "records.db"
    async with Database(f"sqlite:///{path}") as database:
        await database.upgrade()
        await Stock(database).seed([Product(sku="DESK-1", name="Desk", on_hand=PIECES)])
        world = LedgerWorld(database)
        with statements_counted():
            async with office_of(temporal, world, interceptors=[storm]) as office:
                yield Ground(office=office, database=database, storm=storm)


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # no two storms are alike: a smaller one shows nothing
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@example(stories=AT_EACH_STEP[:8])
@example(stories=AT_EACH_STEP[8:])
@example(stories=AT_EACH_UNDO)
@given(stories=st.lists(STORIES, min_size=8, max_size=8))
async def test_money_and_stock_balance_after_any_storm(
    ground: Ground, stories: list[Story]
) -> None:
    """One charge and one refund at most, nothing kept of an order that failed, no piece lost."""
    orders = await ground.play(stories)
    await ground.storm.pass_by()

    for order in orders:
        await ground.assert_balanced(order)
    (desks,) = await Balance(ground.database).of_stock()
    assert desks.balanced
    assert (desks.stocked, desks.reserved) == (PIECES, 0)
