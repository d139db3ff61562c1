"""Reads a workflow's history: its events, their times, and whether the workflow is idle."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

TIME_SKIPPING = {
    "WORKFLOW_EXECUTION_OPTIONS_UPDATED",
    "WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED",
}
"""The events that fast_forward itself writes."""

ACTIVITY_ENDS = {
    "ACTIVITY_TASK_COMPLETED",
    "ACTIVITY_TASK_FAILED",
    "ACTIVITY_TASK_TIMED_OUT",
    "ACTIVITY_TASK_CANCELED",
}
QUIET = TIME_SKIPPING | {
    "ACTIVITY_TASK_SCHEDULED",
    "MARKER_RECORDED",
    "TIMER_CANCELED",
    "TIMER_STARTED",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
}
"""The events that a workflow task writes. Any other event after the last task causes the next."""


def kind(event: HistoryEvent) -> str:
    """Return the event's type without its prefix."""
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")


def at(event: HistoryEvent) -> datetime:
    """Return the event's instant, on the workflow's own clock."""
    return event.event_time.ToDatetime(UTC)


def kinds(events: Sequence[HistoryEvent]) -> list[str]:
    """Return the event types, without those that fast_forward wrote."""
    return [kind(event) for event in events if kind(event) not in TIME_SKIPPING]


def when(events: Sequence[HistoryEvent], wanted: str) -> list[datetime]:
    """Return the instants of all events of one type."""
    return [at(event) for event in events if kind(event) == wanted]


def most_armed(events: Sequence[HistoryEvent]) -> int:
    """Return the largest number of timers that were armed at the same time."""
    armed = most = 0
    for event in events:
        armed += kind(event) == "TIMER_STARTED"
        armed -= kind(event) in {"TIMER_FIRED", "TIMER_CANCELED"}
        most = max(most, armed)
    return most


def scheduled_at(events: Sequence[HistoryEvent], activity: str) -> list[datetime]:
    """Return the instants at which an activity was scheduled."""
    return [at(event) for event in scheduled(events, activity)]


def scheduled(events: Sequence[HistoryEvent], activity: str) -> list[HistoryEvent]:
    """Return the ACTIVITY_TASK_SCHEDULED events of one activity."""
    return [
        event
        for event in events
        if kind(event) == "ACTIVITY_TASK_SCHEDULED"
        and event.activity_task_scheduled_event_attributes.activity_type.name == activity
    ]


def ended_activity(event: HistoryEvent) -> int:
    """Return the id of the event that scheduled this event's activity, or 0."""
    name = kind(event).lower() + "_event_attributes"
    attributes = getattr(event, name, None)
    return int(getattr(attributes, "scheduled_event_id", 0))


async def until_history(
    handle: WorkflowHandle[Any, Any], holds: Callable[[Sequence[HistoryEvent]], bool]
) -> Sequence[HistoryEvent]:
    """Wait until the history of the latest run satisfies `holds`, and return it.

    The condition is checked after each page: a page ends between two batches of events. Each run
    has one stream: reading the whole history at each event was a third of all calls of the tests.
    """
    while True:
        events: dict[int, HistoryEvent] = {}
        pages = handle.fetch_history_events(wait_new_event=True)
        while pages.current_page is None or pages.next_page_token:
            try:
                await pages.fetch_next_page()
            except RPCError as error:
                # The token of a long poll is void if the run's history was rewritten in between.
                if error.status is not RPCStatusCode.INVALID_ARGUMENT or not events:
                    raise
                break
            # A running task may be shown before it is stored, and its event ids may be reused.
            events |= {event.event_id: event for event in pages.current_page or ()}
            if events and holds(history := list(events.values())):
                return history


def is_idle(events: Sequence[HistoryEvent], *, but: str = "") -> bool:
    """Whether no workflow task is due and no activity, except `but`, is under way."""
    if kind(events[-1]) == "WORKFLOW_EXECUTION_COMPLETED":
        return True
    last = next((kind(event) for event in reversed(events) if kind(event) not in QUIET), "")
    begun = {e.event_id for e in events if kind(e) == "ACTIVITY_TASK_SCHEDULED"}
    ended = {ended_activity(e) for e in events if kind(e) in ACTIVITY_ENDS}
    allowed = {event.event_id for event in scheduled(events, but)}
    if _due_timers(events):
        return False
    return last == "WORKFLOW_TASK_COMPLETED" and begun <= ended | allowed


def _due_timers(events: Sequence[HistoryEvent]) -> set[str]:
    """Return the armed timers whose time has come: after a fast-forward they fire a little later."""
    armed: dict[str, datetime] = {}
    for event in events:
        if kind(event) == "TIMER_STARTED":
            started = event.timer_started_event_attributes
            armed[started.timer_id] = at(event) + started.start_to_fire_timeout.ToTimedelta()
        elif kind(event) == "TIMER_FIRED":
            armed.pop(event.timer_fired_event_attributes.timer_id, None)
        elif kind(event) == "TIMER_CANCELED":
            armed.pop(event.timer_canceled_event_attributes.timer_id, None)
    return {name for name, due in armed.items() if due <= at(events[-1])}
