"""The card converges: every copy shows the last state soon after Slack is back."""

from tests.chaos.conftest import RunTrial
from tests.chaos.converges import TRIAL


async def test_refused_swallowed_and_late_writes_do_not_keep_any_copy_from_the_last_state(
    run_trial: RunTrial,
) -> None:
    """Seen failing without a second try of a publish, and without `republish` after a stale press."""
    report = await run_trial(TRIAL)

    assert report.kills >= TRIAL.short.kills
    assert report.presses >= TRIAL.short.requests
    assert report.faults >= TRIAL.short.requests
