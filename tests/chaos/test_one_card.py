"""One card: whatever a post's answer was, exactly one stands in the end."""

from tests.chaos.conftest import RunTrial
from tests.chaos.one_card import TRIAL


async def test_posts_go_wrong_in_every_way_and_one_card_stands(run_trial: RunTrial) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == TRIAL.short.kills
    assert report.faults > 0
    assert report.presses >= TRIAL.short.requests
