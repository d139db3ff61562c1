"""Hostile input: refused or shown harmless, and nothing that was refused is in the audit."""

from tests.chaos.conftest import RunTrial
from tests.chaos.hostile_input import TRIAL


async def test_forged_edited_and_hostile_input_is_refused_or_harmless(run_trial: RunTrial) -> None:
    """Seen failing without each of these.

    The check of signatures (bot/app.py), that of whose buttons stand on the pressed message
    (views/card_click.py), the escaping of what was typed (views/text.py), the answer to a
    form that is not ours (bot/listeners/errors.py).
    """
    report = await run_trial(TRIAL)

    assert report.presses >= 40
    assert report.requests == 3
