"""Order of truth: whatever a card shows is already durable.

Seen failing with a bot that painted a decision, a comment or a withdrawal before the workflow had
accepted the update (`bot/listeners/presses.py`, `Presses.do`).
"""

from tests.chaos.conftest import RunTrial
from tests.chaos.truth import ACTIONS, EVERYTHING, TRIAL


async def test_what_any_message_said_before_everything_was_killed_is_a_fact(
    run_trial: RunTrial,
) -> None:
    report = await run_trial(TRIAL)

    assert report.kills == TRIAL.short.kills * len(EVERYTHING)
    assert report.presses == len(ACTIONS)
