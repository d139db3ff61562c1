"""The sweep: payments that came in are handed to their orders or given back. Run by a Schedule."""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from workflows.options import PATIENT
from workflows.order import OrderWorkflow
from workflows.ports.payments import IncomingPaymentPort, SweepQuestion, Swept
from workflows.refund import RefundWorkflow
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput, confirmation
from workflows.rules.shared.ids import refund_id

PAGES = 20
"""Pages of one run: with more, its history would be too long. It starts afresh behind them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepInput:
    """Sweep payments that came in at least `older_than` ago.

    One that no order has taken after `give_back_after` is given back.
    """

    older_than: timedelta = timedelta(minutes=1)
    give_back_after: timedelta = timedelta(hours=24)
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepReport:
    """What a sweep did. `left` payments wait on: no order, or another amount."""

    handed_over: int = 0
    given_back: int = 0
    left: int = 0


@workflow.defn
class SweepWorkflow:
    """One pass over the payments for which something is still to be done."""

    @workflow.run
    async def run(self, asked: SweepInput) -> SweepReport:
        """Look at every payment that waits, once."""
        now, report, after = workflow.now(), SweepReport(), asked.after
        for _ in range(PAGES):
            question = SweepQuestion(
                received_before=now - asked.older_than,
                give_back_before=now - asked.give_back_after,
                after=after,
            )
            page: Swept = await workflow.execute_activity_method(
                IncomingPaymentPort.sweep, question, **PATIENT
            )
            told = [await self._hand_over(payment) for payment in page.wanted]
            back = [await self._give_back(payment) for payment in page.not_wanted]
            report = SweepReport(
                handed_over=report.handed_over + sum(told),
                given_back=report.given_back + sum(back),
                left=report.left + page.left,
            )
            after = page.after
            if not after:
                break
        if after:
            workflow.continue_as_new(replace(asked, after=after))
        return report

    async def _hand_over(self, payment: IncomingPayment) -> bool:
        """Tell an order of its payment; False where it has ended (the next sweep gives it back)."""
        order = workflow.get_external_workflow_handle_for(OrderWorkflow.run, payment.order_id)
        try:
            await order.signal(OrderWorkflow.confirm_payment, confirmation(payment))
        except ApplicationError:  # ExternalWorkflowExecutionNotFound
            return False
        return True

    async def _give_back(self, payment: IncomingPayment) -> bool:
        """Start a payment's refund; False where it goes on already, or is over."""
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
