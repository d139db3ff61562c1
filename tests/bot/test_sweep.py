"""The sweep: pending payments are delivered to their order or refunded, and none is left behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from activities import incoming_payments
from activities.incoming_payments import EmbeddedBank
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from records.audit import AuditTrail
from records.database import Database
from records.incoming_payments import IncomingPayments, Receipt, judge_snapshot
from records.requests import PublicState
from tests.bot.http_client import AWAITED, HttpClient, http_server
from tests.bot.order_driver import ANA, TIMEOUT, OrderDriver
from tests.records.builders import facts
from workflows.rules.orders.incoming_payment import (
    IncomingPayment,
    PaymentVerdict,
    Progress,
)
from workflows.rules.orders.order import OrderStatus
from workflows.rules.shared.ids import refund_id
from workflows.rules.shared.money import Money
from workflows.sweep import SweepInput, SweepReport, SweepWorkflow

NOW = SweepInput(older_than=timedelta(0))
TOO_LONG = replace(NOW, give_back_after=timedelta(0))


@pytest.fixture
async def http_client(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> AsyncIterator[HttpClient]:
    async with http_server(services, database, temporal.client, queue) as http_client:
        yield http_client


class Sweeper:
    """Records payments as the webhook does, and runs the sweep."""

    def __init__(
        self,
        env: WorkflowEnvironment,
        queue: str,
        http_client: HttpClient,
        order_driver: OrderDriver,
    ) -> None:
        self._env = env
        self._queue = queue
        self._http_client = http_client
        self._order_driver = order_driver
        self.payments: IncomingPayments = http_client.payments

    async def sweep(self, options: SweepInput = NOW) -> SweepReport:
        async with asyncio.timeout(TIMEOUT):
            return await self._env.client.execute_workflow(
                SweepWorkflow.run, options, id=f"sweep-{uuid4()}", task_queue=self._queue
            )

    async def order(self) -> str:
        """Create an order and wait until it awaits payment."""
        created = await self._http_client.call(
            "POST", "/api/v1/orders", AWAITED, Idempotency_Key=new_id("K-")
        )
        order_id = str(created.body["order_id"])
        async with asyncio.timeout(TIMEOUT):
            while await self.status(order_id) != OrderStatus.AWAITING_PAYMENT:
                await self._order_driver.until_idle(order_id)
        return order_id

    async def status(self, order_id: str) -> str | None:
        return await self._order_driver.workflows.order_status(order_id)

    async def expire(self, order_id: str) -> None:
        """Skip time until the order's payment window has passed."""
        await self._order_driver.skip_to_end(order_id)

    async def receive(self, order_id: str, event_id: str = "") -> str:
        payment = IncomingPayment(
            event_id=event_id or f"evt-{uuid4()}",
            order_id=order_id,
            amount=Money(amount=Decimal("500.00"), currency="USD"),
            paid_at=self._http_client.now,
        )
        await self.payments.receive(payment, judge_snapshot, self._http_client.now)
        return payment.event_id

    async def receipt(self, event_id: str) -> Receipt:
        receipt = await self.payments.get(event_id)
        assert receipt is not None
        return receipt

    async def refunded(self, event_id: str) -> None:
        """Wait until a payment's refund has ended."""
        handle = self._env.client.get_workflow_handle(refund_id(event_id))
        async with asyncio.timeout(TIMEOUT):
            await handle.result()
        assert (await self.receipt(event_id)).progress is Progress.REFUNDED


@pytest.fixture
def sweeper(
    temporal: WorkflowEnvironment, queue: str, http_client: HttpClient, order_driver: OrderDriver
) -> Sweeper:
    return Sweeper(temporal, queue, http_client, order_driver)


async def test_a_payment_that_arrived_before_its_order_is_delivered(
    sweeper: Sweeper, order_driver: OrderDriver
) -> None:
    order_id = await sweeper.order()
    early = await sweeper.receive("ORD-00000000")  # a payment whose order is never created
    event_id = await sweeper.receive(order_id)

    report = await sweeper.sweep()
    await order_driver.skip_to_end(order_id)

    assert report == SweepReport(handed_over=1, left=1)
    assert await sweeper.status(order_id) == OrderStatus.COMPLETED
    assert (await sweeper.receipt(event_id)).progress is Progress.CONFIRMED
    assert (await sweeper.receipt(early)).verdict is PaymentVerdict.UNMATCHED
    assert await sweeper.sweep() == SweepReport(left=1)
    assert (await sweeper.receipt(event_id)).progress is Progress.SETTLED


async def test_a_payment_that_no_order_accepts_in_time_is_refunded_once(sweeper: Sweeper) -> None:
    event_id = await sweeper.receive("ORD-00000000")

    report = await sweeper.sweep(TOO_LONG)
    await sweeper.refunded(event_id)

    assert report == SweepReport(given_back=1)
    assert await sweeper.sweep(TOO_LONG) == SweepReport()


async def test_a_delivered_payment_of_an_order_that_ended_unpaid_is_refunded(
    sweeper: Sweeper,
) -> None:
    order_id = await sweeper.order()
    event_id = await sweeper.receive(order_id)
    await sweeper.payments.advance(event_id, Progress.CONFIRMED)  # delivered as the order ended
    await sweeper.expire(order_id)

    report = await sweeper.sweep()
    await sweeper.refunded(event_id)

    assert await sweeper.status(order_id) == OrderStatus.EXPIRED
    assert report == SweepReport(given_back=1)


async def test_a_payment_whose_order_has_ended_is_refunded(sweeper: Sweeper) -> None:
    order_id = await sweeper.order()
    event_id = await sweeper.receive(order_id)
    await sweeper.expire(order_id)

    assert await sweeper.sweep() == SweepReport(given_back=1)
    await sweeper.refunded(event_id)


async def test_a_payment_that_its_order_refunded_is_not_refunded_twice(
    sweeper: Sweeper, database: Database, order_driver: OrderDriver
) -> None:
    order_id = await sweeper.order()
    event_id = await sweeper.receive(order_id)
    await sweeper.sweep()
    await order_driver.skip_to_end(order_id)
    record = await order_driver.requests.get(order_id)
    assert record is not None
    undone = record.face.replace('"status":"completed"', '"status":"failed"')
    undone = undone.replace('"name":"pay","status":"done"', '"name":"pay","status":"compensated"')
    assert undone.count("compensated") == 1
    await _record_snapshot(database, order_id, undone)

    assert await sweeper.sweep() == SweepReport()
    assert (await sweeper.receipt(event_id)).progress is Progress.SETTLED


async def _record_snapshot(database: Database, order_id: str, snapshot: str) -> None:
    """Record this snapshot for the order."""
    number = len(await AuditTrail(database).facts(order_id)) + 1
    state = PublicState(
        request_id=order_id,
        owner_id=order_id,
        kind="order",
        requester=ANA,
        status="failed",
        face=snapshot,
    )
    await AuditTrail(database).append(facts(number, request_id=order_id), state)


async def test_a_refund_that_temporal_lost_is_started_again(sweeper: Sweeper) -> None:
    event_id = await sweeper.receive("ORD-00000000")
    await sweeper.payments.advance(event_id, Progress.REFUND_STARTED)

    assert await sweeper.sweep() == SweepReport(given_back=1)
    await sweeper.refunded(event_id)


async def test_a_snapshot_of_a_newer_version_leaves_the_payment_waiting(
    sweeper: Sweeper, database: Database
) -> None:
    await _record_snapshot(database, "ORD-00000000", '{"kind":"order","new":true}')
    event_id = await sweeper.receive("ORD-00000000")

    assert await sweeper.sweep() == SweepReport(left=1)
    assert (await sweeper.receipt(event_id)).progress is Progress.OPEN


async def test_a_recent_payment_is_left_to_the_webhook(sweeper: Sweeper) -> None:
    await sweeper.receive("ORD-00000000")

    assert await sweeper.sweep(SweepInput(older_than=timedelta(hours=1))) == SweepReport()


async def test_every_page_is_swept_and_each_payment_once(
    sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_payments, "PAGE_SIZE", 2)
    events = [await sweeper.receive("ORD-00000000", f"evt-{number}") for number in range(5)]

    assert await sweeper.sweep() == SweepReport(left=len(events))


async def test_concurrent_sweeps_refund_a_payment_once(
    sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[str] = []
    give_back = EmbeddedBank.give_back

    async def counted(bank: EmbeddedBank, payment: IncomingPayment) -> str:
        given_back.append(payment.event_id)
        return await give_back(bank, payment)

    monkeypatch.setattr(EmbeddedBank, "give_back", counted)
    events = [await sweeper.receive("ORD-00000000") for _ in range(4)]

    reports = await asyncio.gather(*(sweeper.sweep(TOO_LONG) for _ in range(3)))
    for event_id in events:
        await sweeper.refunded(event_id)

    assert sum(report.given_back for report in reports) == len(events)
    assert sorted(given_back) == sorted(events)
    assert await sweeper.sweep(TOO_LONG) == SweepReport()
