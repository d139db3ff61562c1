"""The quick way to run a short, repeatable activity: locally once, and patiently where that failed."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.options import PATIENT, QUICK

Question = TypeVar("Question")
Answer = TypeVar("Answer")


async def run_local_first(
    method: Callable[[Any, Question], Awaitable[Answer]], question: Question
) -> Answer:
    """Run a port's method and return its answer; it must be safe to repeat.

    The local try costs one event and no round trip. Where it fails within two seconds, the same
    question is asked as a regular activity, retried until it is answered.
    """
    try:
        return await workflow.execute_local_activity_method(method, question, **QUICK)
    except FailureError as error:  # a local activity's failure comes bare, not as ActivityError
        if is_cancelled_exception(error):
            raise
        return await workflow.execute_activity_method(method, question, **PATIENT)
