"""Skip time on one workflow's clock, and no further."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

ANY = 0
"""No limit: only the server's limit of skips applies."""


async def skip(
    env: WorkflowEnvironment,
    handle: WorkflowHandle[Any, Any],
    duration: timedelta,
    *,
    timers: int = 1,
) -> None:
    """Advance a workflow's clock by `duration`, or to its timer number `timers` if that is due earlier.

    The limit is needed with a timerProcessorMaxTimeShift of 1 ms: on a busy machine, server 1.32 can skip past
    the end of a fast-forward to the next timer, if that end is close after a timer
    (findings/temporal_fast_forward_runs_past_its_end.sh).
    """
    config = TimeSkippingConfig(enabled=False, max_session_skip_count=timers)
    await TimeSkipper(env.client, config=config).fast_forward(handle, duration)
