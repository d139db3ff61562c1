"""Workflow bug recovery: whatever raises for a while, nobody has to ask again.

Seen failing without the rule that an update which fails by no rule of ours is unconfirmed and asked
for again (`bot/temporal/client.py`), and with a worker to which every exception is a failure of the
workflow (`workflow_failure_exception_types`).
"""

from tests.chaos.bugs import TRIAL
from tests.chaos.conftest import RunTrial


async def test_what_is_pressed_while_workflows_raise_counts_once_they_are_mended(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == 2 * TRIAL.short.kills
    assert report.presses == TRIAL.short.requests
