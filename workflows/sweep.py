"""The sweep: delivers received payments to their orders or refunds them. Run by a Schedule."""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from workflows.options import RETRY_FOREVER
from workflows.order import OrderWorkflow
from workflows.ports.payments import IncomingPaymentPort, SweepQuestion, Swept
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput, confirmation
from workflows.rules.shared.ids import refund_id

PAGES = 20
"""The most pages of one run, so that its history stays short. A new run continues after them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepInput:
    """Sweep payments that were received at least `older_than` ago.

    A payment that no order has accepted after `give_back_after` is refunded. `after` is the event
    id at which a new run continues.
    """

    older_than: timedelta = timedelta(minutes=1)
    give_back_after: timedelta = timedelta(hours=24)
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepReport:
    """The counts of a sweep. `left` payments keep waiting: no order, or a different amount."""

    handed_over: int = 0
    given_back: int = 0
    left: int = 0


@workflow.defn
class SweepWorkflow:
    """One pass over the payments that are not settled."""

    @workflow.run
    async def run(self, workflow_input: SweepInput) -> SweepReport:
        """Handle every waiting payment once."""
        now, report, after = workflow.now(), SweepReport(), workflow_input.after
        for _ in range(PAGES):
            question = SweepQuestion(
                received_before=now - workflow_input.older_than,
                give_back_before=now - workflow_input.give_back_after,
                after=after,
            )
            page: Swept = await workflow.execute_activity_method(
                IncomingPaymentPort.sweep, question, **RETRY_FOREVER
            )
            delivered = [await self._deliver(payment) for payment in page.wanted]
            refunded = [await self._refund(payment) for payment in page.not_wanted]
            report = SweepReport(
                handed_over=report.handed_over + sum(delivered),
                given_back=report.given_back + sum(refunded),
                left=report.left + page.left,
            )
            after = page.after
            if not after:
                break
        if after:
            workflow.continue_as_new(replace(workflow_input, after=after))
        return report

    async def _deliver(self, payment: IncomingPayment) -> bool:
        """Signal the payment to its order; False if the order has ended (the next sweep refunds)."""
        order = workflow.get_external_workflow_handle_for(OrderWorkflow.run, payment.order_id)
        try:
            await order.signal(OrderWorkflow.confirm_payment, confirmation(payment))
        except ApplicationError:  # ExternalWorkflowExecutionNotFound
            return False
        return True

    async def _refund(self, payment: IncomingPayment) -> bool:
        """Start the payment's refund; False if it was started before."""
        try:
            await workflow.start_child_workflow(
                RefundWorkflow.run,
                RefundInput(payment=payment),
                id=refund_id(payment.event_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True
