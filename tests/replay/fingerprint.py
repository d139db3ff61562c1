"""The fingerprint of a path: the workflow's commands in order, without times and values."""

import json
from collections.abc import Sequence
from pathlib import Path

from temporalio.api.history.v1 import HistoryEvent

from tests.workflows.history import kind

HERE = Path(__file__).parent
HISTORIES = HERE / "histories"
BASELINE = HERE / "fingerprints.json"
RECORD = "python -m tests.replay.record"

COMMANDS = {
    "ACTIVITY_TASK_SCHEDULED",
    "ACTIVITY_TASK_CANCEL_REQUESTED",
    "MARKER_RECORDED",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "TIMER_STARTED",
    "TIMER_CANCELED",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
    "WORKFLOW_EXECUTION_FAILED",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
}
"""The events that a workflow's commands write."""


def fingerprint(events: Sequence[HistoryEvent]) -> list[str]:
    """Return the workflow's commands in order, each with its type and its subject."""
    return [_command(event) for event in events if kind(event) in COMMANDS]


def _command(event: HistoryEvent) -> str:
    about = ""
    match kind(event):
        case "ACTIVITY_TASK_SCHEDULED":
            about = event.activity_task_scheduled_event_attributes.activity_type.name
        case "MARKER_RECORDED":
            about = _marker(event)
        case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
            child = event.start_child_workflow_execution_initiated_event_attributes
            about = child.workflow_type.name
        case "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
            update = event.workflow_execution_update_accepted_event_attributes
            about = update.accepted_request.input.name
        case _:
            pass
    return f"{kind(event)} {about}".strip()


def _marker(event: HistoryEvent) -> str:
    """Return the name of a local activity, or of another marker such as a patch."""
    attributes = event.marker_recorded_event_attributes
    if attributes.marker_name != "core_local_activity":
        return attributes.marker_name
    data = json.loads(attributes.details["data"].payloads[0].data)
    return f"local {data['activity_type']}"


def baseline() -> dict[str, list[str]]:
    """Return the committed fingerprints by path."""
    written: dict[str, list[str]] = json.loads(BASELINE.read_text())
    return written
