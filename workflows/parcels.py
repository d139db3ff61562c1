"""The shipments of an order in parcels: one child workflow for each warehouse."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from workflows.rules.messages import ShipmentInput
from workflows.rules.orders.order import Order, OrderState
from workflows.rules.orders.parcel import Parcel, ParcelUpdate
from workflows.rules.orders.parcel_progress import part_of
from workflows.rules.shared.ids import shipment_id
from workflows.shipment import ShipmentWorkflow


def start_shipments(state: OrderState) -> dict[str, asyncio.Task[ParcelUpdate]]:
    """Start a shipment for each parcel and return the tasks that wait for them, by warehouse."""
    return {
        parcel.warehouse: asyncio.create_task(_shipment(state.order, parcel))
        for parcel in state.parcels
    }


async def _shipment(order: Order, parcel: Parcel) -> ParcelUpdate:
    """Run one shipment to its end and return how the parcel ended."""
    try:
        return await workflow.execute_child_workflow(
            ShipmentWorkflow.run,
            ShipmentInput(order=part_of(order, parcel), warehouse=parcel.warehouse),
            id=shipment_id(order.order_id, parcel.warehouse),
            # The parcel stays on its way if an operator terminates its order: nothing recalls it.
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
    except (ChildWorkflowError, WorkflowAlreadyStartedError):
        # An operator intervened: how far the parcel has come is unknown, so it counts as failed.
        error = "An operator ended or started the shipment."
        return ParcelUpdate(warehouse=parcel.warehouse, error=error)
