"""One decision, one effect: a crowd presses everything at once, and everybody is answered."""

from tests.chaos.conftest import RunTrial
from tests.chaos.one_effect import TRIAL


async def test_a_crowd_presses_everything_at_once_and_each_order_has_one_outcome(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.presses > TRIAL.short.requests * TRIAL.short.people / 2
    assert report.faults > report.presses / 10
