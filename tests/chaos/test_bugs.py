"""Workflow bug recovery: after a bug is fixed, no one has to click again.

This fails if an update that no rule has refused is not treated as unconfirmed and retried
(`bot/temporal/client.py`), and if the worker fails a workflow on every exception
(`workflow_failure_exception_types`).
"""

from tests.chaos.bugs import TRIAL
from tests.chaos.conftest import RunTrial


async def test_clicks_during_a_workflow_bug_count_once_it_is_fixed(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == 2 * TRIAL.short.kills
    assert report.presses == TRIAL.short.requests
