"""Restart-proof: whatever is killed, every request ends as its decision says.

This fails if facts are written by a local activity, that is before their workflow task has completed.
"""

from tests.chaos.conftest import RunTrial
from tests.chaos.restarts import TRIAL


async def test_every_request_ends_as_decided_after_kills_at_random_points(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills >= TRIAL.short.kills
    assert report.presses >= TRIAL.short.requests
