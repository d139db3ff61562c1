"""One card: exactly one card remains, whatever the response to its post was."""

from tests.chaos.conftest import RunTrial
from tests.chaos.one_card import TRIAL


async def test_one_card_remains_after_posts_fail_in_every_way(run_trial: RunTrial) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == TRIAL.short.kills
    assert report.faults > 0
    assert report.presses >= TRIAL.short.requests
