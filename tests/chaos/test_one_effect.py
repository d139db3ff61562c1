"""One decision, one effect: a crowd clicks at once, and everyone gets an answer."""

from tests.chaos.conftest import RunTrial
from tests.chaos.one_effect import TRIAL


async def test_each_order_has_one_outcome_when_a_crowd_clicks_at_once(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.presses > TRIAL.short.requests * TRIAL.short.people / 2
    assert report.faults > report.presses / 10
