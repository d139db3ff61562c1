"""The one timer of a workflow."""

import asyncio
from datetime import datetime

from temporalio import workflow


class Timer:
    """One timer, which rings at or before the instant that is asked for.

    Who hears it looks at the clock. A timer is a billable action, so one that rings early enough
    is left armed: it wakes the loop once for nothing and the next one is armed then. Only an
    earlier instant replaces it, so a burst of clicks costs no timer per click.
    """

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None

    def covers(self, at: datetime | None) -> bool:
        """Whether the ring will come in time for `at`."""
        return at is None or (self._at is not None and self._at <= at)

    def set(self, at: datetime | None) -> None:
        """Make sure of a ring in time for `at`."""
        if at is None or self.covers(at):
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = max((at - workflow.now()).total_seconds(), 0)
        self._at = at
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._at, self._timer = None, None
