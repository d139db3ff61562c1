"""The real worker, except that steps of some orders stall, so that it can be killed at that point.

The order's customer names the point: "stalls before charge", "stalls after charge". If the customer
starts with "undelivered", the delivery fails and every step is compensated. A line on standard output
reports each stalled order. Only tests run this program; the product has no such hook.
"""

import asyncio
import runpy
from typing import Any
from unittest.mock import patch

import temporalio.worker
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
)

from tests.journeys.starter import ROOT
from workflows.ports.orders import ShippingPort, StepQuestion

UNDELIVERED = "undelivered, "


class _Stalling(ActivityInboundInterceptor):
    """Executes a step, and stalls before or after it if the order asks for it."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        step = next(iter(input.args), None)
        if not isinstance(step, StepQuestion):
            return await super().execute_activity(input)
        name = activity.info().activity_type
        await _stall(step, f"stalls before {name}")
        undelivered = step.order.customer.startswith(UNDELIVERED)
        if undelivered and name == ShippingPort.deliver.__name__:
            raise ApplicationError("No one opened the door.", non_retryable=True)
        done = await super().execute_activity(input)
        await _stall(step, f"stalls after {name}")
        return done


async def _stall(step: StepQuestion, where: str) -> None:
    if step.order.customer.removeprefix(UNDELIVERED) == where:
        print(stalled(step.order.order_id), flush=True)  # noqa: T201 - the test reads it
        await asyncio.Event().wait()


def stalled(order_id: str) -> str:
    """Return the line that reports a stalled order."""
    return f"{order_id} stalls"


class _Interceptor(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> _Stalling:  # noqa: A002 - the SDK's name
        return _Stalling(next)


class _StallingWorker(Worker):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, interceptors=[_Interceptor()])


if __name__ == "__main__":
    with patch.object(temporalio.worker, "Worker", _StallingWorker):
        runpy.run_path(str(ROOT / "worker.py"), run_name="__main__")
