"""One card: whatever a post's answer was, exactly one stands in the end."""

from tests.chaos.conftest import RunTrial
from tests.chaos.one_card import TRIAL


async def test_posts_go_wrong_in_every_way_and_one_card_stands(run_trial: RunTrial) -> None:
    tally = await run_trial(TRIAL)

    assert tally.kills == TRIAL.short.kills
    assert tally.faults > 0
    assert tally.presses >= TRIAL.short.requests
