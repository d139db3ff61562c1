"""Slack down is not us down: everything happens in time, and people are told when it is back."""

from tests.chaos.conftest import RunTrial
from tests.chaos.slack_down import TRIAL


async def test_what_falls_due_while_slack_is_down_happens_in_time_and_is_told_once(
    run_trial: RunTrial,
) -> None:
    """Seen failing with the audit made to wait for a publish under way, and with every reminder told."""
    report = await run_trial(TRIAL)

    assert report.presses >= 1
    assert report.faults >= TRIAL.short.requests
