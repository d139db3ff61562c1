"""Why a step failed, as far as people may read it: a step's own word, nothing internal."""

from typing import Any

from temporalio.exceptions import ActivityError, ApplicationError

from workflows.ports import SPOKEN
from workflows.rules.hr_face import HrProblem

NOT_IN_TIME = "not_in_time"
"""A step that kept failing, or did not answer."""


def sentence(error: ActivityError) -> str:
    """Return what went wrong in words."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and (cause.non_retryable or cause.type in SPOKEN):
        return cause.message
    return "the step could not be done in time"


def problem(error: ActivityError) -> HrProblem:
    """Return what went wrong as a code with its data, for a sentence in the reader's language."""
    cause = error.cause
    if not (isinstance(cause, ApplicationError) and cause.non_retryable and cause.type):
        return HrProblem(code=NOT_IN_TIME)
    data: dict[str, Any] = cause.details[0] if cause.details else {}
    return HrProblem(code=cause.type, data={key: str(value) for key, value in data.items()})
