"""Restart-proof: whatever is killed, every request ends as its decision says."""

from tests.chaos.conftest import RunTrial
from tests.chaos.restarts import TRIAL


async def test_killed_at_random_points_every_request_ends_as_its_decision_says(
    run_trial: RunTrial,
) -> None:
    tally = await run_trial(TRIAL)

    assert tally.kills >= TRIAL.short.kills
    assert tally.presses >= TRIAL.short.requests
