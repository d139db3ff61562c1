"""Why a step failed, as far as people may read it: a step's own word, nothing internal."""

from typing import Any

from temporalio.exceptions import ActivityError, ApplicationError

from workflows.ports.orders import SPOKEN
from workflows.rules.shared.failure import Failure

NOT_IN_TIME = Failure(code="not_in_time")
"""A step that kept failing, or did not answer."""


def why(error: ActivityError) -> str:
    """Return what went wrong as a code with its data, or in the other side's own sentence."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and (cause.non_retryable or cause.type in SPOKEN):
        told = next((one for one in cause.details if isinstance(one, dict) and "code" in one), None)
        if told is None:
            return cause.message
        data = {str(name): str(value) for name, value in told.items() if name != "code"}
        return str(Failure(code=str(told["code"]), data=data))
    return str(NOT_IN_TIME)


def problem(error: ActivityError) -> Failure:
    """Return what went wrong as a code with its data: the error's type, and its first detail."""
    cause = error.cause
    if not (isinstance(cause, ApplicationError) and cause.non_retryable and cause.type):
        return NOT_IN_TIME
    data: dict[str, Any] = cause.details[0] if cause.details else {}
    return Failure(code=cause.type, data={key: str(value) for key, value in data.items()})
