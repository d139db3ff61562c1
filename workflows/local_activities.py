"""Runs a short, repeatable activity locally first, and as a regular activity if that fails."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.options import LOCAL_ONCE, RETRY_FOREVER

Param = TypeVar("Param")
Result = TypeVar("Result")


async def run_local_first(
    method: Callable[[Any, Param], Awaitable[Result]], param: Param
) -> Result:
    """Run a port's method and return its result. The method must be safe to repeat.

    The local attempt costs one event and no round trip. If it fails or takes longer than two
    seconds, the method runs as a regular activity, which is retried until it succeeds.
    """
    try:
        return await workflow.execute_local_activity_method(method, param, **LOCAL_ONCE)
    except FailureError as error:  # a local activity's failure is not wrapped in ActivityError
        if is_cancelled_exception(error):
            raise
        return await workflow.execute_activity_method(method, param, **RETRY_FOREVER)
