"""Restart-proof: whatever is killed, every request ends as its decision says.

Seen failing with facts that were written by a local activity, so before their workflow task was over
(`workflows/card_owner.py`, `_begin_append`).
"""

from tests.chaos.conftest import RunTrial
from tests.chaos.restarts import TRIAL


async def test_killed_at_random_points_every_request_ends_as_its_decision_says(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills >= TRIAL.short.kills
    assert report.presses >= TRIAL.short.requests
