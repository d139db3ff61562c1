"""The real worker, except that steps of some orders stall, so that it can be killed right there.

The order's customer says where: "stalls before charge", "stalls after charge". What the customer
wants to be "undelivered" cannot be delivered, so that all of it is undone. A line on standard output
tells who stalls. Only tests run this program; the product has no such hook.
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
    """Does a step, and says nothing before or after it."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        question = next(iter(input.args), None)
        if not isinstance(question, StepQuestion):
            return await super().execute_activity(input)
        name = activity.info().activity_type
        await _stall(question, f"stalls before {name}")
        undelivered = question.order.customer.startswith(UNDELIVERED)
        if undelivered and name == ShippingPort.deliver.__name__:
            raise ApplicationError("Nobody opened the door.", non_retryable=True)
        done = await super().execute_activity(input)
        await _stall(question, f"stalls after {name}")
        return done


async def _stall(question: StepQuestion, where: str) -> None:
    if question.order.customer.removeprefix(UNDELIVERED) == where:
        print(stalled(question.order.order_id), flush=True)  # noqa: T201 - the test reads it
        await asyncio.Event().wait()


def stalled(order_id: str) -> str:
    """Return the line that tells of an order that stalls."""
    return f"{order_id} stalls"


class _Interceptor(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> _Stalling:  # noqa: A002 - the SDK's name
        return _Stalling(next)


class _StallingWorker(Worker):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, interceptors=[_Interceptor()])


if __name__ == "__main__":
    with patch.object(temporalio.worker, "Worker", _StallingWorker):
        runpy.run_path(str(ROOT / "worker.py"), run_name="__main__")
