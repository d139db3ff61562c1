"""The cost of a workflow: history events, and billable actions as Temporal Cloud counts them."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.history.v1 import HistoryEvent

from tests.workflows.history import TIME_SKIPPING, ended_activity, kind, scheduled

LOCAL_ACTIVITY = "core_local_activity"

ACTIONS = {
    "WORKFLOW_EXECUTION_STARTED": 1,
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": 1,
    "WORKFLOW_EXECUTION_SIGNALED": 1,
    "TIMER_STARTED": 1,
    "ACTIVITY_TASK_STARTED": 1,
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": 2,
}
"""The actions of one event of each type. Only the last attempt of an activity has a started event;
`_retries` adds the earlier attempts. All local activities of a workflow task cost one action."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    events: int
    actions: int


def cost(events: Sequence[HistoryEvent], *, without: str = "") -> Cost:
    """Count a history without the activity `without` and the events that only it caused."""
    counted = _without(events, without)
    actions = sum(ACTIONS.get(kind(event), 0) + _retries(event) for event in counted)
    return Cost(events=len(counted), actions=actions + _tasks_with_local_activities(counted))


def _retries(event: HistoryEvent) -> int:
    if kind(event) != "ACTIVITY_TASK_STARTED":
        return 0
    return event.activity_task_started_event_attributes.attempt - 1


def _tasks_with_local_activities(events: Sequence[HistoryEvent]) -> int:
    return len(
        {
            event.marker_recorded_event_attributes.workflow_task_completed_event_id
            for event in events
            if kind(event) == "MARKER_RECORDED"
            and event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY
        }
    )


def _without(events: Sequence[HistoryEvent], activity: str) -> list[HistoryEvent]:
    """Drop the events of fast_forward, of an activity, and of a task that only handled its end."""
    dropped = {event.event_id for event in scheduled(events, activity)}
    kept: list[HistoryEvent] = []
    after_end = False
    for event in (event for event in events if kind(event) not in TIME_SKIPPING):
        if event.event_id in dropped or ended_activity(event) in dropped:
            after_end = kind(event) == "ACTIVITY_TASK_COMPLETED"
            continue
        kept.append(event)
        if after_end and not kind(event).startswith("WORKFLOW_TASK_"):
            after_end = False
            if [kind(task) for task in kept[-4:-1]] == list(_EMPTY_TASK) and _no_command(event):
                del kept[-4:-1]
    return kept


_EMPTY_TASK = ("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED")


def _no_command(event: HistoryEvent) -> bool:
    """Whether the event came from outside, so that the task before it issued no command."""
    return kind(event) in {"TIMER_FIRED", "ACTIVITY_TASK_STARTED", "ACTIVITY_TASK_COMPLETED"}
