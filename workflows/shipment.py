"""The shipment: what one warehouse sends of an order that lies in several, each a child of the order."""

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.options import COMPENSATION, STEP
from workflows.ports.orders import ShippingPort, StepQuestion, StepReference
from workflows.rules.messages import ShipmentInput
from workflows.rules.orders.parcel import ParcelNews
from workflows.rules.shared.ids import parcel_key
from workflows.step_error import why

PARCEL_MOVED = "parcel_moved"
"""The order's signal. By name: the order is above this file and imports it."""


@workflow.defn
class ShipmentWorkflow:
    """One parcel: shipped and delivered, or called back by itself where it fails.

    It writes nothing down: the order does, of which it is a part.
    """

    @workflow.run
    async def run(self, asked: ShipmentInput) -> ParcelNews:
        """Return how the parcel ended. A failure is an answer, no error: the order goes on with it."""
        question = StepQuestion(
            key=parcel_key(asked.order.order_id, asked.warehouse), order=asked.order
        )
        news = ParcelNews(warehouse=asked.warehouse)
        try:
            shipped: StepReference = await workflow.execute_activity_method(
                ShippingPort.ship, question, summary="ship", **STEP
            )
            news = replace(
                news, tracking=shipped.reference, estimated_delivery=shipped.estimated_delivery
            )
            await self._tell(asked, news)
            delivered: StepReference = await workflow.execute_activity_method(
                ShippingPort.deliver, question, summary="deliver", **STEP
            )
        except ActivityError as error:
            failed = replace(news, error=why(error))
            return replace(failed, recalled=await self._recall(question))
        return replace(news, delivery=delivered.reference)

    async def _tell(self, asked: ShipmentInput, news: ParcelNews) -> None:
        order = workflow.get_external_workflow_handle(asked.order.order_id)
        try:
            await order.signal(PARCEL_MOVED, news)
        except ApplicationError:  # an operator terminated it: the parcel is on its way all the same
            workflow.logger.warning("there is no order to tell of the parcel")

    async def _recall(self, question: StepQuestion) -> bool:
        """Return whether the parcel was called back; where not, the order has somebody help."""
        try:
            await workflow.execute_activity_method(
                ShippingPort.recall, question, summary="undo ship", **COMPENSATION
            )
        except ActivityError as error:
            workflow.logger.error("recall of %s not done: %s", question.key, error.cause)
            return False
        return True
