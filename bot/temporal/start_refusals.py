"""Starts that the audit trail refused, as Temporal's history has them."""

from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError

from workflows.payloads import data_converter
from workflows.ports.approvals import START_REFUSED


async def refusal_in(history: WorkflowHistory) -> str:
    """Return the code of why this workflow must not start; empty if it was not refused."""
    for event in history.events:
        if not event.HasField("activity_task_failed_event_attributes"):
            continue
        failed = event.activity_task_failed_event_attributes.failure
        error = await data_converter.decode_failure(failed)
        if isinstance(error, ApplicationError) and error.type == START_REFUSED:
            return str(error.details[0])
    return ""
