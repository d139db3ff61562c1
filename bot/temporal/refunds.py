"""Starting refunds of payments that belong to no payable order."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from bot.temporal.calls import WAIT, TemporalUnavailableError
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput
from workflows.rules.shared.ids import refund_id


class Refunds:
    """Starts at most one refund per payment."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def start_refund(self, payment: IncomingPayment) -> None:
        """Start a payment's refund, unless it was already started. Safe to repeat.

        Raises TemporalUnavailableError if Temporal does not answer.
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
