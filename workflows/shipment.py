"""The shipment of one parcel, for an order with stock in several warehouses: a child of the order."""

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.options import COMPENSATION_RETRIES, STEP_RETRIES
from workflows.ports.orders import ShippingPort, StepQuestion, StepReference
from workflows.rules.messages import ShipmentInput
from workflows.rules.orders.parcel import ParcelUpdate
from workflows.rules.shared.ids import parcel_key
from workflows.step_failure import failure_of

PARCEL_MOVED = "parcel_moved"
"""The order's signal, by its name: the order's module imports this module."""


@workflow.defn
class ShipmentWorkflow:
    """Ships and delivers one parcel, or recalls it after a failure.

    It records no facts: its order does.
    """

    @workflow.run
    async def run(self, workflow_input: ShipmentInput) -> ParcelUpdate:
        """Return the parcel's final news. A failure is a result, not an error: the order handles it."""
        order, warehouse = workflow_input.order, workflow_input.warehouse
        question = StepQuestion(key=parcel_key(order.order_id, warehouse), order=order)
        news = ParcelUpdate(warehouse=warehouse)
        try:
            shipped: StepReference = await workflow.execute_activity_method(
                ShippingPort.ship, question, summary="ship", **STEP_RETRIES
            )
            news = replace(
                news, tracking=shipped.reference, estimated_delivery=shipped.estimated_delivery
            )
            await self._notify_order(order.order_id, news)
            delivered: StepReference = await workflow.execute_activity_method(
                ShippingPort.deliver, question, summary="deliver", **STEP_RETRIES
            )
        except ActivityError as error:
            failed = replace(news, error=str(failure_of(error)))
            return replace(failed, recalled=await self._recall(question))
        return replace(news, delivery=delivered.reference)

    async def _notify_order(self, order_id: str, news: ParcelUpdate) -> None:
        order = workflow.get_external_workflow_handle(order_id)
        try:
            await order.signal(PARCEL_MOVED, news)
        except (
            ApplicationError
        ):  # an operator terminated the order; the parcel is on its way anyway
            workflow.logger.warning("the order of the parcel has ended")

    async def _recall(self, question: StepQuestion) -> bool:
        """Return whether the parcel was recalled; if not, the order asks for help."""
        try:
            await workflow.execute_activity_method(
                ShippingPort.recall, question, summary="undo ship", **COMPENSATION_RETRIES
            )
        except ActivityError as error:
            workflow.logger.error("recall of %s failed: %s", question.key, error.cause)
            return False
        return True
