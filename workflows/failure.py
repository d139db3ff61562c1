"""What people read of an activity that has failed for good."""

from temporalio.exceptions import ActivityError, ApplicationError

from workflows.ports import SPOKEN


def sentence(error: ActivityError) -> str:
    """Return what went wrong in words a person may read: a step's own sentence, nothing internal."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and (cause.non_retryable or cause.type in SPOKEN):
        return cause.message
    return "the step could not be done in time"
