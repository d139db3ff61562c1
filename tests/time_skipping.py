"""Skip time on one workflow's clock, and no further."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

ANY = 0
"""No limit of ours: the server's own limit of skips applies."""


async def skip(
    env: WorkflowEnvironment,
    handle: WorkflowHandle[Any, Any],
    duration: timedelta,
    *,
    timers: int = 1,
) -> bool:
    """Advance a workflow's clock by `duration`, past at most `timers` timers, and return whether it still runs.

    The limit is needed with a timerProcessorMaxTimeShift of 1 ms: on a busy machine, server 1.32 can skip past
    the end of a fast-forward to the next timer, if that end is close after a timer
    (findings/temporal_fast_forward_runs_past_its_end.sh).
    """
    config = TimeSkippingConfig(enabled=False, max_session_skip_count=timers)
    return await TimeSkipper(env.client, config=config).fast_forward(handle, duration)
