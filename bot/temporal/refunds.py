"""Starts refunds: money that came in for an order that wants none."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from bot.temporal.calls import WAIT, TemporalUnavailableError
from workflows.refund import RefundWorkflow
from workflows.rules.orders.received_payment import ReceivedPayment, RefundInput, refund_id


class Refunds:
    """Starts one refund per payment."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def start_refund(self, payment: ReceivedPayment) -> None:
        """Start a payment's refund, unless it was started before. Safe to repeat.

        Raises TemporalUnavailableError where Temporal cannot be asked.
        """
        try:
            async with asyncio.timeout(WAIT):
                await self._client.start_workflow(
                    RefundWorkflow.run,
                    RefundInput(payment=payment),
                    id=refund_id(payment.event_id),
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=f"{payment.amount} of {payment.order_id}",
                )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, TimeoutError) as error:
            raise TemporalUnavailableError("start_refund") from error
