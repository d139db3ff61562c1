"""The one timer of a workflow."""

import asyncio
from datetime import datetime

from temporalio import workflow


class Timer:
    """One timer, which fires at or before the requested instant.

    The workflow checks the clock when it wakes. A timer is a billable action, so a timer that
    fires early enough stays armed: it wakes the loop once for nothing, and the next one is armed
    then. Only an earlier instant replaces it, so a burst of clicks does not cost a timer each.
    """

    def __init__(self) -> None:
        self._fires_at: datetime | None = None
        self._handle: asyncio.TimerHandle | None = None

    def covers(self, at: datetime | None) -> bool:
        """Whether the timer fires in time for `at`."""
        return at is None or (self._fires_at is not None and self._fires_at <= at)

    def set(self, at: datetime | None) -> None:
        """Make sure that the timer fires in time for `at`."""
        if at is None or self.covers(at):
            return
        if self._handle is not None:
            self._handle.cancel()
        seconds = max((at - workflow.now()).total_seconds(), 0)
        self._fires_at = at
        self._handle = asyncio.get_running_loop().call_later(seconds, self._fire)

    def _fire(self) -> None:
        self._fires_at, self._handle = None, None
