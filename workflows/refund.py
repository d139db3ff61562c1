"""The refund: money that came in for an order that wants none goes back, however long it takes."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import COMPENSATION
from workflows.ports.orders import StepReference
from workflows.ports.payments import RefundPort
from workflows.rules.orders.incoming_payment import RefundInput

AGAIN = timedelta(hours=1)
"""When a refund that was refused for good is tried again: somebody has to mend something first."""


@workflow.defn
class RefundWorkflow:
    """One payment that goes back, once: its workflow id is made of the gateway's event id."""

    @workflow.run
    async def run(self, asked: RefundInput) -> StepReference:
        """Return the refund's reference, as soon as the money is back."""
        while True:
            try:
                return await workflow.execute_activity_method(
                    RefundPort.give_back, asked.payment, summary="refund", **COMPENSATION
                )
            except ActivityError as error:
                event_id = asked.payment.event_id
                workflow.logger.error("refund of %s refused: %s", event_id, error.cause)
            await workflow.sleep(AGAIN)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(asked)
