"""Pins the deadlines of an approval's next level as instants."""

from temporalio import workflow

from workflows.local_activities import run_local_first
from workflows.ports.approvals import CalendarPort, DeadlineQuestion
from workflows.rules.approvals import levels
from workflows.rules.approvals.clock import Tick
from workflows.rules.approvals.request import ApprovalState


async def next_level_clock(state: ApprovalState) -> tuple[Tick, ...]:
    """Return the ticks of the next level's clock, which starts now; empty without deadlines."""
    windows = levels.next_windows(state)
    if not windows:
        return ()
    question = DeadlineQuestion(
        start=workflow.now(), windows=tuple(window.after for window in windows)
    )
    deadlines = await run_local_first(CalendarPort.deadlines, question)
    return tuple(
        Tick(at=at, kind=window.kind, step=window.step)
        for at, window in zip(deadlines.at, windows, strict=True)
    )
