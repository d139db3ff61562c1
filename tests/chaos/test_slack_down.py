"""A Slack outage stops nothing else: everything happens in time, and people are notified after it."""

from tests.chaos.conftest import RunTrial
from tests.chaos.slack_down import TRIAL


async def test_due_facts_happen_in_time_during_an_outage_and_are_notified_once(
    run_trial: RunTrial,
) -> None:
    """This fails if facts wait for a running publish and if every missed reminder is sent."""
    report = await run_trial(TRIAL)

    assert report.presses >= 1
    assert report.faults >= TRIAL.short.requests
