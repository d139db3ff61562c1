"""The real worker, except that steps of some orders stall, so that it can be killed right there.

The order's customer says where: "stalls after reserve", "stalls before charge", "stalls after
charge". Only tests run this program; the product has no such hook.
"""

import asyncio
import runpy
from unittest.mock import patch

from temporalio import activity

from activities import orders
from tests.journeys.programs import ROOT
from workflows.ports import StepQuestion, StepReference


async def _stall(question: StepQuestion, where: str) -> None:
    if question.order.customer == f"stalls {where}":
        await asyncio.Event().wait()


class StallingInventory(orders.InventoryActivities):
    """Reserves, and then says nothing."""

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        reference = await super().reserve(question)
        await _stall(question, "after reserve")
        return reference


class StallingPayment(orders.PaymentActivities):
    """Charges not at all, or charges and then says nothing."""

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        await _stall(question, "before charge")
        reference = await super().charge(question)
        await _stall(question, "after charge")
        return reference


if __name__ == "__main__":
    with (
        patch.object(orders, "InventoryActivities", StallingInventory),
        patch.object(orders, "PaymentActivities", StallingPayment),
    ):
        runpy.run_path(str(ROOT / "worker.py"), run_name="__main__")
