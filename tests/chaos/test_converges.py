"""The card converges: every copy shows the last state soon after an outage."""

from tests.chaos.conftest import RunTrial
from tests.chaos.converges import TRIAL


async def test_every_copy_shows_the_last_state_after_refused_lost_and_late_writes(
    run_trial: RunTrial,
) -> None:
    """This fails without a second publish attempt and without `republish` after a click on an old copy."""
    report = await run_trial(TRIAL)

    assert report.kills >= TRIAL.short.kills
    assert report.presses >= TRIAL.short.requests
    assert report.faults >= TRIAL.short.requests
