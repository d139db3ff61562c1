"""The refund on the real server: retried until it succeeds, and done once."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.sandbox import product_runner
from tests.workflows.fake_slack import TIMEOUT
from workflows.ports.orders import StepReference
from workflows.ports.payments import RefundPort
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput
from workflows.rules.shared.ids import refund_id
from workflows.rules.shared.money import Money


@dataclass
class Bank(RefundPort):
    """Fails the planned number of times, permanently and transiently in turn; then it refunds."""

    refusals: int
    attempts: list[IncomingPayment] = field(default_factory=list)

    @activity.defn
    async def give_back(self, payment: IncomingPayment) -> StepReference:
        self.attempts.append(payment)
        if self.refusals:
            self.refusals -= 1
            raise ApplicationError("No.", non_retryable=bool(self.refusals % 2))
        return StepReference(reference="REF-1")


async def test_a_refund_is_retried_until_it_succeeds(
    temporal: WorkflowEnvironment,
) -> None:
    bank, queue, event_id = Bank(refusals=25), str(uuid4()), str(uuid4())
    payment = IncomingPayment(
        event_id=event_id,
        order_id="ORD-1",
        amount=Money(amount=Decimal("20.20"), currency="USD"),
        paid_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    worker = Worker(
        temporal.client,
        task_queue=queue,
        workflows=[RefundWorkflow],
        activities=[bank.give_back],
        workflow_runner=product_runner(),
    )
    async with worker, asyncio.timeout(TIMEOUT):
        handle = await temporal.client.start_workflow(
            RefundWorkflow.run,
            RefundInput(payment=payment),
            id=refund_id(event_id),
            task_queue=queue,
        )
        await temporal.fast_forward(handle)
        done = await handle.result()

    assert done == StepReference(reference="REF-1")
    assert bank.attempts == [payment] * 26
