"""Order of truth: whatever a card shows is already durable.

This fails if the bot shows a decision, a comment or a withdrawal before the workflow has accepted the
update.
"""

from tests.chaos.conftest import RunTrial
from tests.chaos.truth import ACTIONS, EVERYTHING, TRIAL


async def test_everything_a_message_reported_before_the_kill_is_a_fact(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == TRIAL.short.kills * len(EVERYTHING)
    assert report.presses == len(ACTIONS)
