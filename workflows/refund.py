"""The refund of a payment for which no order was waiting, however long it takes."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import COMPENSATION_RETRIES
from workflows.ports.orders import StepReference
from workflows.ports.payments import RefundPort
from workflows.rules.orders.incoming_payment import RefundInput

RETRY_REFUSED_AFTER = timedelta(hours=1)
"""The pause after a refund was refused permanently: a person has to fix the cause first."""


@workflow.defn
class RefundWorkflow:
    """Refunds one payment, once: the workflow id is derived from the gateway's event id."""

    @workflow.run
    async def run(self, workflow_input: RefundInput) -> StepReference:
        """Return the refund's reference when the money has been returned."""
        while True:
            try:
                return await workflow.execute_activity_method(
                    RefundPort.give_back,
                    workflow_input.payment,
                    summary="refund",
                    **COMPENSATION_RETRIES,
                )
            except ActivityError as error:
                event_id = workflow_input.payment.event_id
                workflow.logger.error("refund of %s refused: %s", event_id, error.cause)
            await workflow.sleep(RETRY_REFUSED_AFTER)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(workflow_input)
