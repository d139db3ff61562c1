"""Why a step's activity failed, as a `Failure` that people may read: nothing internal."""

from temporalio.exceptions import ActivityError, ApplicationError

from workflows.ports.orders import RETRIED_WITH_MESSAGE
from workflows.rules.shared.failure import UNKNOWN, Failure, foreign_failure

NOT_IN_TIME = Failure(code="not_in_time")
"""The step used up its attempts, or it did not answer."""


def failure_of(error: ActivityError) -> Failure:
    """Return the failure of a step.

    The data is the error's first detail that is an object; its `code` entry, or else the error's
    type, is the code. Without such a detail the error's message is for people.
    """
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return NOT_IN_TIME
    if not (cause.non_retryable or cause.type in RETRIED_WITH_MESSAGE):
        return NOT_IN_TIME
    code = cause.type or UNKNOWN
    detail = next((detail for detail in cause.details if isinstance(detail, dict)), None)
    if detail is None:
        return foreign_failure(cause.message, code)
    data = {str(name): str(value) for name, value in detail.items() if name != "code"}
    return Failure(code=str(detail.get("code", code)), data=data)
