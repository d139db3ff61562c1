"""Starting refunds of payments that belong to no payable order."""

from bot.temporal.calls import TemporalCalls
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput
from workflows.rules.shared.ids import refund_id


class Refunds(TemporalCalls):
    """Starts at most one refund per payment."""

    async def start_refund(self, payment: IncomingPayment) -> None:
        """Start a payment's refund, unless it was already started. Safe to repeat.

        Raises TemporalUnavailableError if Temporal does not answer in time.
        """
        await self._start(
            RefundWorkflow.run,
            RefundInput(payment=payment),
            refund_id(payment.event_id),
            f"{payment.amount} of {payment.order_id}",
        )
